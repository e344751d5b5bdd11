// Whether a silent stream is well: from signs of life and a learned rate, not from one
// fixed timeout.
//
// Two rules, of which a source may use either or both:
//   - silence: so long without a byte means stalled. For networks that promise a
//     heartbeat. A message or keep-alive that takes over WHOLE_FACTOR times as long to
//     become whole means it too: bytes that drip are no life.
//   - rate: the gap between messages is learned, as a mean in which a gap counts by its
//     length, so that bursts do not hide the pauses between them. Over RATE_FACTOR of
//     these without a message (e^-24 for independent messages), but at least
//     LIVENESS_FLOOR, means stalled, whatever signs of life come: a ping that is
//     answered does not say that there is nothing to tell. A stall teaches too, so that
//     a stream which has become slower is not left for ever.
// What was learned outlives the connection, so that a host which accepts and then says
// nothing is left after LIVENESS_FLOOR where the stream is known to be busy.
//
// Pure: time comes in, the next deadline goes out.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/usec.h"

#define LIVENESS_FLOOR (5 * USEC_PER_S)
enum { LIVENESS_RATE_FACTOR = 12, LIVENESS_WHOLE_FACTOR = 3 };

// 0 turns a rule off.
struct liveness_rule {
    usec idle;     // without a message: idle rather than live; LIVENESS_FLOOR if 0
    usec silence;  // without a byte: stalled
    bool has_rate; // whether the rate decides
    usec gap;      // expected between messages before one was learned; 0: not known
};

// How long a network that streams over HTTP may be silent. Where the format is "auto"
// the URL tells which network it is. Borrows both.
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
    usec learned; // how much time went into it
};

void liveness_init(struct liveness *liveness, const struct liveness_rule *rule);
// A connection is open, from now on it should say something.
void liveness_begin(struct liveness *liveness, usec now);
// It is closed, or held by ourselves: silence means nothing. liveness_begin ends that.
void liveness_end(struct liveness *liveness);

void liveness_byte(struct liveness *liveness, usec now);
// A keep-alive, or the answer to a ping. Is a byte too.
void liveness_sign(struct liveness *liveness, usec now);
// Is a sign and a byte too.
void liveness_message(struct liveness *liveness, usec now);

// How it stands at `now`. *ret_next: when to ask again if nothing comes; USEC_NONE: no
// need. STALLED by the rate is learned from, so ask again only after liveness_begin.
enum liveness_state liveness_check(struct liveness *liveness, usec now, usec *ret_next);
