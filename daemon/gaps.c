#include "daemon/gaps.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void
gaps_init(struct gaps *gaps)
{
    memset(gaps, 0, sizeof(*gaps));
    gaps->missing_until = USEC_NONE;
    for (size_t i = 0; i < GAPS_MAX; i++) {
        gaps->items[i].from = USEC_NONE;
    }
}

static struct gap *
last(struct gaps *gaps)
{
    return &gaps->items[(gaps->count - 1) % GAPS_MAX];
}

bool
gaps_is_open(const struct gaps *gaps)
{
    return gaps->count != 0 &&
           gaps->items[(gaps->count - 1) % GAPS_MAX].to == USEC_NONE;
}

usec
gaps_open_since(const struct gaps *gaps)
{
    return gaps_is_open(gaps) ? gaps->items[(gaps->count - 1) % GAPS_MAX].from
                              : USEC_NONE;
}

bool
gaps_newest(const struct gaps *gaps, usec since, usec *ret_from, usec *ret_to)
{
    uint64_t kept = gaps->count < GAPS_MAX ? gaps->count : GAPS_MAX;
    for (uint64_t back = 1; back <= kept; back++) {
        const struct gap *gap = &gaps->items[(gaps->count - back) % GAPS_MAX];
        bool is_late = gap->to == USEC_NONE || gap->to > since;
        if (gap->from != USEC_NONE && !gap->is_recovered && is_late) {
            *ret_from = gap->from;
            *ret_to = gap->to;
            return true;
        }
    }
    return false;
}

static void
miss(struct gaps *gaps, const struct gap *gap)
{
    bool is_lost = gap->to != USEC_NONE && !gap->is_recovered;
    if (is_lost && gap->to > gaps->missing_until) {
        gaps->missing_until = gap->to;
    }
}

static bool
parse_time(const char *text, usec *ret_time)
{
    return usec_parse_rfc3339(slice_of(text), ret_time) == STATUS_OK;
}

void
gaps_restore(struct gaps *gaps, struct slice number, const char *text)
{
    struct gap gap = {.to = USEC_NONE};
    char from[USEC_TEXT_MAX];
    char to[USEC_TEXT_MAX];
    char recovered[6];
    uint64_t at = 0;
    for (size_t i = 0; i < number.len && at < UINT32_MAX; i++) {
        bool is_digit = number.ptr[i] >= '0' && number.ptr[i] <= '9';
        at = is_digit ? at * 10 + (uint64_t)(number.ptr[i] - '0') : UINT32_MAX;
    }
    bool is_over = sscanf(text,
                          "{\"from\":\"%31[^\"]\",\"to\":\"%31[^\"]\",\"reason\":"
                          "\"%31[a-z0-9_]\",\"recovered\":%5[a-z]}",
                          from, to, gap.reason, recovered) == 4;
    bool is_open = !is_over && sscanf(text,
                                      "{\"from\":\"%31[^\"]\",\"to\":null,\"reason\":"
                                      "\"%31[a-z0-9_]\"",
                                      from, gap.reason) == 2;
    if (at == 0 || at >= UINT32_MAX || !(is_over || is_open) ||
        !parse_time(from, &gap.from) || (is_over && !parse_time(to, &gap.to))) {
        return;
    }
    gap.is_recovered = is_over && strcmp(recovered, "true") == 0;
    struct gap *row = &gaps->items[(at - 1) % GAPS_MAX];
    if (at + GAPS_MAX <= gaps->count) {
        return;
    }
    *row = gap;
    gaps->count = at > gaps->count ? at : gaps->count;
    miss(gaps, row);
}

void
gaps_settle(struct gaps *gaps, usec now)
{
    if (gaps_is_open(gaps)) {
        struct gap *row = last(gaps);
        row->to = now > row->from ? now : row->from;
        miss(gaps, row);
    }
}

void
gaps_rewind(struct gaps *gaps, usec now)
{
    for (size_t i = 0; i < GAPS_MAX; i++) {
        struct gap *row = &gaps->items[i];
        row->from = row->from < now ? row->from : now;
        row->to = row->to < now ? row->to : now;
    }
    gaps->missing_until = gaps->missing_until < now ? gaps->missing_until : now;
}

void
gaps_note(struct gaps *gaps, const struct source_gap *gap)
{
    usec from = gap->from;
    if (!gaps_is_open(gaps)) {
        gaps->count++;
    } else if (last(gaps)->from < from) {
        from = last(gaps)->from;
    }
    struct gap *row = last(gaps);
    *row = (struct gap){.from = from, .to = gap->to, .is_recovered = gap->is_recovered};
    if (gap->to != USEC_NONE && gap->to < from) {
        row->to = from; // the wall clock was set back during the gap
    }
    const char *reason = gap->reason != NULL ? gap->reason : "unknown";
    for (size_t i = 0; i + 1 < GAPS_REASON_MAX && reason[i] != '\0'; i++) {
        char c = reason[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        row->reason[i] = (char)(is_plain ? c : '_');
    }
    miss(gaps, row);
}

static const char *
time_text(usec time, char text[USEC_TEXT_MAX + 2])
{
    if (time == USEC_NONE) {
        return "null";
    }
    char plain[USEC_TEXT_MAX];
    snprintf(text, USEC_TEXT_MAX + 2, "\"%s\"", usec_format_rfc3339(time, plain));
    return text;
}

size_t
gaps_fields(const struct gaps *gaps, struct gaps_texts *ret_texts)
{
    size_t known = gaps->count < GAPS_MAX ? (size_t)gaps->count : GAPS_MAX;
    size_t i = 0;
    for (size_t k = 0; k < known; k++) {
        uint64_t number = gaps->count - known + k + 1;
        const struct gap *gap = &gaps->items[(number - 1) % GAPS_MAX];
        if (gap->from == USEC_NONE) {
            continue;
        }
        char from[USEC_TEXT_MAX + 2];
        char to[USEC_TEXT_MAX + 2];
        snprintf(ret_texts->names[i], sizeof(ret_texts->names[i]), "%" PRIu64, number);
        snprintf(ret_texts->values[i], GAPS_TEXT_MAX,
                 "{\"from\":%s,\"to\":%s,\"reason\":\"%s\",\"recovered\":%s}",
                 time_text(gap->from, from), time_text(gap->to, to), gap->reason,
                 gap->is_recovered ? "true" : "false");
        ret_texts->fields[i] = (struct change_field){slice_of(ret_texts->names[i]),
                                                     slice_of(ret_texts->values[i])};
        i++;
    }
    return i;
}
