#include "daemon/gaps.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void
gaps_init(struct gaps *gaps)
{
    memset(gaps, 0, sizeof(*gaps));
    gaps->missing_until = USEC_NONE;
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

void
gaps_note(struct gaps *gaps, const struct source_gap *gap)
{
    if (!gaps_is_open(gaps)) {
        gaps->count++;
    }
    struct gap *row = last(gaps);
    *row = (struct gap){
        .from = gap->from, .to = gap->to, .is_recovered = gap->is_recovered};
    const char *reason = gap->reason != NULL ? gap->reason : "unknown";
    for (size_t i = 0; i + 1 < GAPS_REASON_MAX && reason[i] != '\0'; i++) {
        char c = reason[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        row->reason[i] = (char)(is_plain ? c : '_');
    }
    bool is_lost = gap->to != USEC_NONE && !gap->is_recovered;
    if (is_lost && gap->to > gaps->missing_until) {
        gaps->missing_until = gap->to;
    }
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
    size_t count = gaps->count < GAPS_MAX ? (size_t)gaps->count : GAPS_MAX;
    for (size_t i = 0; i < count; i++) {
        uint64_t number = gaps->count - count + i + 1;
        const struct gap *gap = &gaps->items[(number - 1) % GAPS_MAX];
        char from[USEC_TEXT_MAX + 2];
        char to[USEC_TEXT_MAX + 2];
        snprintf(ret_texts->names[i], sizeof(ret_texts->names[i]), "%" PRIu64, number);
        snprintf(ret_texts->values[i], GAPS_TEXT_MAX,
                 "{\"from\":%s,\"to\":%s,\"reason\":\"%s\",\"recovered\":%s}",
                 time_text(gap->from, from), time_text(gap->to, to), gap->reason,
                 gap->is_recovered ? "true" : "false");
        ret_texts->fields[i] = (struct change_field){slice_of(ret_texts->names[i]),
                                                     slice_of(ret_texts->values[i])};
    }
    return count;
}
