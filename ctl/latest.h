// The newest alert as one line: author, rule and reason.
//
// The text is untrusted: it is printed through cell_put.
#pragma once

#include <jansson.h>

#include "base/buffer.h"
#include "base/status.h"
#include "ctl/client.h"

// Appends "10:59:52 viral @ann: size 10 >= 10: tea for all" with the time of the posts;
// nothing if there is no alert or the stream is not cascaded's. STATUS_IO: see
// client_answer. Borrows everything.
enum status latest_pull(struct client *client, struct buffer *line,
                        struct error *error) MUST_USE;

// Appends an alert that was read already; nothing if it is none.
void latest_put(struct buffer *line, const json_t *alert);
