#include "net/http_answer.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

// Beyond the year 5000, or 3000 years: nonsense, and the products stay small.
#define SECONDS_MOST INT64_C(100000000000)
enum { DETAIL_MOST = 160 };

void
http_answer_reset(struct http_answer *answer)
{
    answer->status = 0;
    answer->is_whole = false;
    answer->is_page = false;
    answer->is_coded = false;
    answer->reset = USEC_NONE;
    answer->wait = USEC_NONE;
    answer->again = USEC_NONE;
    answer->date = USEC_NONE;
    answer->body_len = 0;
}

static long
parse_status(struct slice line)
{
    const char *space = memchr(line.ptr, ' ', line.len);
    size_t left = space != NULL ? line.len - (size_t)(space - line.ptr) : 0;
    long status = 0;
    for (size_t i = 1; i <= 3 && i < left; i++) {
        if (space[i] < '0' || space[i] > '9') {
            return 0;
        }
        status = 10 * status + (space[i] - '0');
    }
    return status;
}

// Whole seconds in usec, rounded up; USEC_NONE if the value of the header is no number.
static usec
parse_seconds(struct slice value)
{
    size_t i = 0;
    while (i < value.len && value.ptr[i] == ' ') {
        i++;
    }
    int64_t seconds = 0;
    size_t first = i;
    for (; i < value.len && value.ptr[i] >= '0' && value.ptr[i] <= '9'; i++) {
        seconds = 10 * seconds + (value.ptr[i] - '0');
        seconds = seconds < SECONDS_MOST ? seconds : SECONDS_MOST;
    }
    if (i == first) {
        return USEC_NONE;
    }
    bool has_part = false; // "0.35" is not to come back at once
    for (size_t k = i + 1; i < value.len && value.ptr[i] == '.' && k < value.len; k++) {
        has_part = has_part || (value.ptr[k] >= '1' && value.ptr[k] <= '9');
    }
    return (seconds + has_part) * USEC_PER_S;
}

static struct slice
trim(struct slice value)
{
    return slice_trim(value, SLICE_LIT(" \t\r\n"));
}

// As X has it, in seconds, or as Mastodon does, in RFC 3339.
static usec
parse_moment(struct slice value)
{
    usec moment;
    return usec_parse_rfc3339(trim(value), &moment) == STATUS_OK ? moment
                                                                 : parse_seconds(value);
}

static usec
parse_date(struct slice value)
{
    usec moment;
    return usec_parse_http_date(trim(value), &moment) == STATUS_OK ? moment : USEC_NONE;
}

static bool
is_header(struct slice line, struct slice name, struct slice *ret_value)
{
    if (!slice_starts_nocase(line, name)) {
        return false;
    }
    *ret_value = (struct slice){line.ptr + name.len, line.len - name.len};
    return true;
}

void
http_answer_header(struct http_answer *answer, struct slice line)
{
    struct slice value;
    if (slice_starts(line, SLICE_LIT("HTTP/"))) {
        http_answer_reset(answer);
        answer->status = parse_status(line);
    } else if (line.len > 0 && (line.ptr[0] == '\r' || line.ptr[0] == '\n')) {
        answer->is_whole = answer->status >= 200;
    } else if (is_header(line, SLICE_LIT("x-rate-limit-reset:"), &value) ||
               is_header(line, SLICE_LIT("x-ratelimit-reset:"), &value) ||
               is_header(line, SLICE_LIT("ratelimit-reset:"), &value)) {
        answer->reset = parse_moment(value);
    } else if (is_header(line, SLICE_LIT("retry-after:"), &value)) {
        answer->wait = parse_seconds(value);
        answer->again = parse_date(value);
    } else if (is_header(line, SLICE_LIT("date:"), &value)) {
        answer->date = parse_date(value);
    } else if (is_header(line, SLICE_LIT("content-type:"), &value)) {
        answer->is_page = slice_starts_nocase(trim(value), SLICE_LIT("text/html"));
    } else if (is_header(line, SLICE_LIT("content-encoding:"), &value)) {
        struct slice coding = trim(value);
        answer->is_coded =
            coding.len != 0 && !slice_starts_nocase(coding, SLICE_LIT("identity"));
    }
}

void
http_answer_body(struct http_answer *answer, struct slice bytes)
{
    size_t room = sizeof(answer->body) - answer->body_len;
    size_t size = bytes.len < room ? bytes.len : room;
    if (size > 0) {
        memcpy(answer->body + answer->body_len, bytes.ptr, size);
        answer->body_len += size;
    }
}

struct slice
http_answer_body_of(const struct http_answer *answer)
{
    return (struct slice){answer->body, answer->body_len};
}

usec
http_answer_not_before(const struct http_answer *answer, usec wall)
{
    usec wait = answer->wait != USEC_NONE ? wall + answer->wait : USEC_NONE;
    if (answer->again != USEC_NONE) {
        usec behind = answer->date != USEC_NONE ? wall - answer->date : 0;
        wait = answer->again + behind;
    }
    return wait > answer->reset ? wait : answer->reset;
}

// The text behind `"key":"` in the body; a plain search is enough for a person to read.
static struct slice
find_text(struct slice body, struct slice key)
{
    for (size_t i = 0; i + key.len <= body.len; i++) {
        if (memcmp(body.ptr + i, key.ptr, key.len) != 0) {
            continue;
        }
        size_t at = i + key.len;
        while (at < body.len && (body.ptr[at] == ' ' || body.ptr[at] == ':')) {
            at++;
        }
        if (at >= body.len || body.ptr[at] != '"') {
            return SLICE_NONE;
        }
        size_t end = ++at;
        while (end < body.len && body.ptr[end] != '"' && end - at < DETAIL_MOST) {
            end++;
        }
        return (struct slice){body.ptr + at, end - at};
    }
    return SLICE_NONE;
}

const char *
http_answer_text(const struct http_answer *answer, char text[HTTP_ANSWER_TEXT_MAX])
{
    struct slice body = http_answer_body_of(answer);
    struct slice detail = find_text(body, SLICE_LIT("\"detail\""));
    if (slice_is_none(detail)) {
        detail = find_text(body, SLICE_LIT("\"title\""));
    }
    const char *hint = "";
    if (answer->status >= 300 && answer->status < 400) {
        hint = ", a redirection, which is not followed";
    } else if (answer->status == 401) {
        hint = ", the token is missing or not valid";
    }
    snprintf(text, HTTP_ANSWER_TEXT_MAX, "the server answered %ld%s%s%.*s",
             answer->status, hint, slice_is_none(detail) ? "" : ": ",
             SLICE_ARG(detail));
    return text;
}
