// Carries out what mastodon_fill.h decides: asks the timeline of a stream's own server
// or of api_url, with the stream's token and certificates, one page at a time and each
// with a deadline and a ceiling, and hands the posts on as if the stream had sent them.
//
// Callbacks come from the event loop, never from within a call made here.
#pragma once

#include <stdbool.h>

#include "base/status.h"

struct mastodon_rest;
struct source_cursor;
struct source_message;
struct source_metrics;
struct source_setup;

struct mastodon_rest_setup {
    const struct source_setup *source; // kept, as all pointers here
    struct source_metrics *metrics;
    // True: taken. False: no room; it is offered again after mastodon_rest_resume.
    bool (*on_post)(void *context, const struct source_message *message);
    // The stream may flow: the fill is over, or (why is NULL) it has to wait for long.
    // why: a word for the ledger, empty if everything came; borrowed.
    void (*on_flow)(void *context, const char *why);
    void *context;
};

// *ret_rest is NULL if the source's URL is no stream of Mastodon's with a timeline.
// Goes on from the source's cursor where it is of this server.
enum status mastodon_rest_create(const struct mastodon_rest_setup *setup,
                                 struct mastodon_rest **ret_rest,
                                 struct error *error) MUST_USE;
// Accepts NULL. Before the client goes.
void mastodon_rest_destroy(struct mastodon_rest **rest);

// All accept a NULL rest, which fills nothing; else as mastodon_fill.h has them.
void mastodon_rest_suspend(struct mastodon_rest *rest);
bool mastodon_rest_begin(struct mastodon_rest *rest);
void mastodon_rest_resume(struct mastodon_rest *rest);
const char *mastodon_rest_hindrance(const struct mastodon_rest *rest);
bool mastodon_rest_is_under_way(const struct mastodon_rest *rest);
bool mastodon_rest_may_pass(struct mastodon_rest *rest,
                            const struct source_message *message);
void mastodon_rest_saw(struct mastodon_rest *rest,
                       const struct source_message *message);
// False as long as there is none. Value 0: nothing can be filled, for ids are no
// numbers; a later life need not see one to know.
bool mastodon_rest_cursor(const struct mastodon_rest *rest,
                          struct source_cursor *ret_cursor);
