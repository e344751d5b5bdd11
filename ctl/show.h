// Shows one user, carrier or cascade in full: `cascadectl user`, `cascadectl carrier`,
// `cascadectl cascade`.
#pragma once

#include <stdbool.h>

#include "base/status.h"
#include "ctl/client.h"

// STATUS_RANGE: Redis has nothing of that name.
//
// who: a user id, "@handle" (looked up in the networks whose streams are read, and if
// none has it in all others) or "@net:handle". Every user found is shown. As JSON each
// is one object in one line.
enum status show_user(struct client *client, const char *who, bool is_json,
                      struct error *error) MUST_USE;
enum status show_carrier(struct client *client, const char *who, bool is_json,
                         struct error *error) MUST_USE;
enum status show_cascade(struct client *client, const char *id, bool is_json,
                         struct error *error) MUST_USE;
