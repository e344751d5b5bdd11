// What the files of the HTTP interface for reading share.
#pragma once

#include "base/buffer.h"
#include "pipeline/views.h"
#include "pipeline/views_campaign.h"
#include "pipeline/views_course.h"
#include "pipeline/views_tree.h"
#include "sinks/api/api.h"
#include "sinks/api/api_alerts.h"
#include "sinks/api/api_cache.h"
#include "sinks/api/api_marks.h"
#include "sinks/api/api_ranks.h"
#include "sinks/http/http_reply.h"
#include "sinks/http/http_request.h"

struct api {
    struct api_setup setup;
    uint64_t number;
    usec numbered;               // monotonic, when it advanced last
    usec as_of;                  // wall clock of the flush that updated the boards
    usec rated;                  // monotonic, when the rate was computed last
    uint64_t posts;              // at that time
    double rate;                 // posts per second
    usec spending;               // monotonic: the second for which `spent` counts
    usec spent;                  // on costly answers
    struct views_entry *entries; // space for a board
    struct views_tree *tree;     // space for a tree
    struct views_course course;  // and for the course of a campaign
    struct api_ranks ranks;
    struct api_ranks campaign_ranks; // of the campaigns of that order, one by one
    uint32_t campaigns_order;
    usec campaigns_noted;     // monotonic, when they were noted last
    uint32_t campaign_noting; // the next one whose ranks are noted
    struct api_marks marks;
    struct api_alerts alerts;
    struct api_cache cache;
};

// A question: the API, the request and its answer. A question that is not answered is
// refused with api_refuse.
struct api_call {
    struct api *api;
    const struct http_request *request;
    struct buffer *body;
    struct http_reply *reply;
};

void api_refuse(const struct api_call *call, enum http_code code, const char *name,
                const char *message);
void api_unknown(const struct api_call *call, const char *message); // 404

// The parameter `limit`. False: it was refused.
bool api_limit(const struct api_call *call, size_t *ret_limit);

// False: there is no time left for a costly answer, and it was refused. Else
// api_end_costly follows.
bool api_begin_costly(const struct api_call *call, usec *ret_started);
void api_end_costly(const struct api_call *call, usec started);

// The campaign of the first word of the path. False: there is none, and that was said.
bool api_find_campaign(const struct api_call *call, uint32_t *ret_campaign);

// State and clock, as most answers contain them.
struct api_now {
    struct api_state state;
    struct changes_meta meta;
    usec wall;
    bool is_complete;
};
struct api_now api_now(struct api *api);

void api_write_status(const struct api_call *call);
void api_write_top(const struct api_call *call);
void api_write_user(const struct api_call *call);
void api_write_tree(const struct api_call *call);
void api_write_cascade(const struct api_call *call);
void api_write_alerts(const struct api_call *call);
void api_write_campaigns(const struct api_call *call);
void api_write_campaign(const struct api_call *call);
void api_write_course(const struct api_call *call);
void api_write_campaign_top(const struct api_call *call);
void api_write_outreach(const struct api_call *call);

// The member `growth`, in at most `most` points.
enum { API_POINTS_MAX = 300 };
void api_put_growth(struct buffer *text, const struct pipeline *pipeline,
                    uint32_t cascade, size_t most);
// score / unit as a number, without trailing zeros.
void api_put_score(struct buffer *text, uint64_t score, uint64_t unit);
// The members as_of_ms and complete of a list.
void api_put_as_of(const struct api_call *call, const struct api_now *now);
// Members of a hash of a person, a carrier or a campaign.
void api_put_fields(struct buffer *text, const struct change *change);
