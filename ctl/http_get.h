// One GET of the daemon's HTTP interface, blocking, without TLS.
#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "base/usec.h"

// url: "http://127.0.0.1:7787", without a path. Appends the body and sets the code. The
// path is percent-encoded already. `span` limits all of it. STATUS_IO with the reason,
// without the address; STATUS_FULL: the body is longer than the buffer's limit.
enum status http_get(const char *url, const char *path, usec span, struct buffer *body,
                     int *ret_code, struct error *error) MUST_USE;
