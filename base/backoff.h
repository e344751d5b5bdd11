// How long to wait before the next attempt: doubles from `first` to `most`.
//
// Pure: the caller keeps the time. backoff_next returns first, 2*first, 4*first … most,
// most … until backoff_reset.
#pragma once

#include "base/usec.h"

struct backoff {
    usec first;
    usec most;
    usec next; // 0 = start from `first`
};

usec backoff_next(struct backoff *backoff);
void backoff_reset(struct backoff *backoff);
