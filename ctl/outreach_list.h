// The outreach list of a campaign as it is in Redis, with marks and names.
//
// Contains replies, not copies: all text in it is untrusted and must be printed through
// cell_put.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"
#include "ctl/client.h"

struct outreach_person {
    struct slice id;
    struct slice score; // none: marked, but not on the list
    struct slice done;  // ms of the mark; none: not marked
    redisReply *hash;   // campaign:<name>:outreach:<id>
    redisReply *user;   // handle, name
};

struct outreach_list {
    redisReply *board;
    redisReply *marks;
    struct outreach_person *people; // in the order of the list
    size_t count;
};

// Reads the first `rows` people; 0: all, and then those who are marked but not on the
// list. Call outreach_list_fini afterwards, also after a failure.
enum status outreach_list_pull(struct client *client, struct slice campaign,
                               size_t rows, struct outreach_list *ret_list,
                               struct error *error) MUST_USE;
void outreach_list_fini(struct outreach_list *list);

// The handle, as far as it is known; also that in an id such as "x:@ann".
struct slice outreach_list_handle(const struct outreach_person *person);
// Appends "@ann", or the id of a person without a known handle.
void outreach_list_put_who(struct buffer *out, const struct outreach_person *person);

// Appends the JSON object of a person.
void outreach_list_put_json(struct buffer *json, size_t rank,
                            const struct outreach_person *person);

// The person: an id, "@handle" or "@net:handle". STATUS_RANGE: no one, or more than
// one; error contains what may be meant.
enum status outreach_list_find(const struct outreach_list *list, const char *who,
                               const struct outreach_person **ret_person,
                               struct error *error) MUST_USE;
