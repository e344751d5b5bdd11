// Detects a stalled stream from its signs of life and a learned rate, instead of one
// fixed timeout.
//
// There are two rules; a source may use either or both:
//   - silence: a time without a byte means stalled. For networks that promise a
//     heartbeat. A message or keep-alive that takes longer than WHOLE_FACTOR times that
//     to become complete means stalled, too: single bytes are not a sign of life.
//   - rate: the gap between messages is learned, as a mean weighted by the length of
//     the gaps, so that bursts do not hide the pauses between them. A time of more than
//     RATE_FACTOR mean gaps without a message (e^-24 for independent messages), but at
//     least LIVENESS_FLOOR, means stalled, even with other signs of life: an answered
//     ping does not prove that there are no messages. A stall is learned from, too, so
//     that a stream which has become slower is not closed repeatedly.
//
// What was learned is kept for the next connection, so that a host which accepts but
// sends nothing is left after LIVENESS_FLOOR if the stream is known to be busy.
//
// Pure: the time is an argument, the next deadline is a result.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/usec.h"

#define LIVENESS_FLOOR (5 * USEC_PER_S)
enum { LIVENESS_RATE_FACTOR = 12, LIVENESS_WHOLE_FACTOR = 3 };

// 0 turns a rule off.
struct liveness_rule {
    usec idle;     // without a message: idle, not live; LIVENESS_FLOOR if 0
    usec silence;  // without a byte: stalled
    bool has_rate; // the rule about the rate is used
    usec gap;      // expected between messages before one was learned; 0: not known
};

// The rule for a network that streams over HTTP. If the format is "auto" the URL
// determines the network. Borrows both.
const struct liveness_rule *liveness_http_rule(const char *format, const char *url);

enum liveness_state { LIVENESS_LIVE, LIVENESS_IDLE, LIVENESS_STALLED };

struct liveness {
    struct liveness_rule rule;
    bool is_open;
    bool has_message; // on this connection
    usec last_byte;
    usec last_whole; // keep-alive or message
    usec last_message;
    usec gap;     // the learned mean, see above
    usec learned; // how much time it is based on
};

void liveness_init(struct liveness *liveness, const struct liveness_rule *rule);
// A connection is open; from now on bytes are expected.
void liveness_begin(struct liveness *liveness, usec now);
// It is closed, or paused by this program: silence is expected until liveness_begin.
void liveness_end(struct liveness *liveness);

void liveness_byte(struct liveness *liveness, usec now);
// A keep-alive, or the answer to a ping; includes liveness_byte.
void liveness_sign(struct liveness *liveness, usec now);
// Includes liveness_sign.
void liveness_message(struct liveness *liveness, usec now);

// The state at `now`. *ret_next: when to call again if nothing comes; USEC_NONE: not
// needed. STALLED by the rate changes the learned rate, so call again only after
// liveness_begin.
enum liveness_state liveness_check(struct liveness *liveness, usec now, usec *ret_next);
