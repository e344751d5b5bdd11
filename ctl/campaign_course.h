// What only the running daemon knows of a campaign: the window before each window, who
// is new among its carriers, and how it grew.
//
// All text in it is untrusted and must be printed through cell_put.
#pragma once

#include <jansson.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"
#include "ctl/screen.h"
#include "ctl/service.h"

struct campaign_course {
    json_t *figures; // answers of the daemon; NULL: it does not answer
    json_t *course;
    json_t *carried;
    char window[64]; // of `carried`
    struct error why;
};

// Asks the daemon. Call campaign_course_fini afterwards, also without an answer.
void campaign_course_pull(struct service *service, struct slice campaign,
                          const char *window, struct campaign_course *ret_course);
void campaign_course_fini(struct campaign_course *course);

// The figure of the window before as text; "-": it is not known. Returns text.
enum { CAMPAIGN_COURSE_FIGURE_MAX = 48 };
const char *campaign_course_before(const struct campaign_course *course,
                                   const char *metric, struct slice window,
                                   char text[CAMPAIGN_COURSE_FIGURE_MAX]);

// Appends the new carriers and the last seven days of the growth; or why they are not
// known, in one line.
void campaign_course_put(struct buffer *out, const struct screen *screen,
                         const struct campaign_course *course);
// Appends the members `before`, `course` and `new_carriers`; or `course_error`.
void campaign_course_put_json(struct buffer *json,
                              const struct campaign_course *course);
