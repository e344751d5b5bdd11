#include "base/backoff.h"

usec
backoff_next(struct backoff *backoff)
{
    usec wait = backoff->next != 0 ? backoff->next : backoff->first;
    if (wait > backoff->most) {
        wait = backoff->most;
    }
    backoff->next = wait > backoff->most / 2 ? backoff->most : 2 * wait;
    return wait;
}

void
backoff_reset(struct backoff *backoff)
{
    backoff->next = 0;
}
