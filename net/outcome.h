// Why a connection, or an attempt to connect, ended.
#pragma once

#include <stdbool.h>

#include "base/status.h"
#include "base/usec.h"
#include "net/reconnect.h"

struct outcome {
    enum reconnect_class class;
    long status;        // of a refusal's answer, else 0
    usec not_before;    // of the wall clock, requested by a refusal; USEC_NONE: none
    bool is_breach;     // the server broke the protocol
    bool is_stalled;    // nothing was received any more
    const char *reason; // a metric word: "connect", "http_503", "closed_1006" …
    struct error error; // one line for a person
};
