// What a server answers before, or instead of, a stream: status, the headers about the
// time of the next attempt, and the beginning of an error's body. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "base/usec.h"

enum { HTTP_ANSWER_BODY_MAX = 1 << 16, HTTP_ANSWER_TEXT_MAX = 256 };

struct http_answer {
    long status;     // 0: none yet
    bool is_whole;   // all headers have arrived, and it is not an interim (1xx) answer
    bool is_page;    // it is HTML
    bool is_coded;   // it is compressed
    usec reset;      // [x-]rate[-]limit-reset: a wall time; USEC_NONE: absent
    usec wait;       // retry-after as a span; USEC_NONE: absent
    usec again;      // retry-after as a date, by the clock of the server; USEC_NONE
    usec date;       // the clock of the server; USEC_NONE: absent
    size_t body_len; // what exceeds the room is dropped
    char body[HTTP_ANSWER_BODY_MAX];
};

void http_answer_reset(struct http_answer *answer);
// One line of the head with its line end; a status line begins a new answer.
void http_answer_header(struct http_answer *answer, struct slice line);
void http_answer_body(struct http_answer *answer, struct slice bytes);

struct slice http_answer_body_of(const struct http_answer *answer);

// The earliest wall time of the next request that the server allows; USEC_NONE: not
// given. A date is taken relative to the server's own clock, if that is given, so that
// a difference between the clocks does not matter. Callers limit it.
usec http_answer_not_before(const struct http_answer *answer, usec wall);

// The answer for messages: status, and "detail" or "title" of the body. Returns text.
const char *http_answer_text(const struct http_answer *answer,
                             char text[HTTP_ANSWER_TEXT_MAX]);
