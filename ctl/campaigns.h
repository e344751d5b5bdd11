// The campaigns that have keys in Redis, and the names of these keys.
#pragma once

#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"
#include "ctl/client.h"

// Appends "campaign:cup:outreach" for "outreach", "campaign:cup" for "".
void campaigns_put_key(struct buffer *key, struct slice campaign, const char *what);

// The names, sorted, each followed by NUL. Searches all keys of Redis.
enum status campaigns_list(struct client *client, struct buffer *ret_names,
                           struct error *error) MUST_USE;
// The name after this one; NULL: the first. NULL behind the last.
const char *campaigns_next(const struct buffer *names, const char *name);

// STATUS_OK if there are keys of the campaign. STATUS_RANGE: none; error contains the
// most similar name.
enum status campaigns_check(struct client *client, struct slice campaign,
                            struct error *error) MUST_USE;
