// The newest alert as one line: who, of which rule, and why.
//
// Text from strangers: it goes through cell_put on its way out.
#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "ctl/client.h"

// Appends "10:59:52 viral @ann: size 10 >= 10: tea for all", the time of the posts, or
// nothing if there is no alert or it is none of cascaded's. STATUS_IO: see
// client_answer. Borrows everything.
enum status latest_pull(struct client *client, struct buffer *line,
                        struct error *error) MUST_USE;
