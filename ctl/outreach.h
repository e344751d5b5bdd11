// `cascadectl outreach`: the people to talk to in a campaign, with reasons, and the
// marks of those who were talked to.
//
// A mark is a field of campaign:<name>:done, user id to ms. Only this program writes
// that hash; the daemon copies marks to campaign:<name>:outreach:<user id>. A mark
// remains when the person leaves the list.
#pragma once

#include <stddef.h>

#include "base/status.h"
#include "ctl/client.h"

enum outreach_form { OUTREACH_TABLE, OUTREACH_CSV, OUTREACH_JSON };

// Prints the first `rows` people of the list; 0: all. An empty list is no error.
// STATUS_RANGE: there is no such campaign in Redis.
enum status outreach_show(struct client *client, const char *campaign, size_t rows,
                          enum outreach_form form, struct error *error) MUST_USE;

// Marks a person of the list, or takes the mark back, and prints whom. who: a user id,
// "@handle" or "@net:handle". STATUS_RANGE: no such campaign or person, or more than
// one.
enum status outreach_mark(struct client *client, const char *campaign, const char *who,
                          struct error *error) MUST_USE;
enum status outreach_unmark(struct client *client, const char *campaign,
                            const char *who, struct error *error) MUST_USE;
