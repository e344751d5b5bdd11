#include "ingest/sources/kafka_offsets.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/decimal.h"

// "127:9223372036854775807,"
enum { ENTRY_MAX = 24 };
static_assert(KAFKA_PARTITIONS_MAX * ENTRY_MAX <= SOURCE_CURSOR_OFFSETS_MAX,
              "all partitions fit into a cursor");

void
kafka_offsets_init(struct kafka_offsets *offsets)
{
    for (size_t i = 0; i < KAFKA_PARTITIONS_MAX; i++) {
        offsets->next[i] = -1;
    }
}

// The next number, up to the byte `end` or, if there is none, the end of the text.
static bool
take_number(struct slice *rest, char end, uint64_t max, uint64_t *ret_number)
{
    size_t len = 0;
    while (len < rest->len && rest->ptr[len] != end) {
        len++;
    }
    uint64_t number;
    if (!decimal_parse_whole((struct slice){rest->ptr, len}, &number) || number > max) {
        return false;
    }
    size_t used = len < rest->len ? len + 1 : len;
    *rest = (struct slice){rest->ptr + used, rest->len - used};
    *ret_number = number;
    return true;
}

enum status
kafka_offsets_parse(struct slice text, struct kafka_offsets *ret_offsets)
{
    struct kafka_offsets offsets;
    int64_t last = -1;
    kafka_offsets_init(&offsets);
    while (text.len > 0) {
        uint64_t partition;
        uint64_t offset;
        if (!take_number(&text, ':', KAFKA_PARTITIONS_MAX - 1, &partition) ||
            (int64_t)partition <= last ||
            !take_number(&text, ',', INT64_MAX, &offset)) {
            return STATUS_PARSE;
        }
        offsets.next[partition] = (int64_t)offset;
        last = (int64_t)partition;
    }
    *ret_offsets = offsets;
    return STATUS_OK;
}

void
kafka_offsets_format(const struct kafka_offsets *offsets,
                     char text[SOURCE_CURSOR_OFFSETS_MAX])
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < KAFKA_PARTITIONS_MAX; i++) {
        if (offsets->next[i] >= 0) {
            used += (size_t)snprintf(text + used, SOURCE_CURSOR_OFFSETS_MAX - used,
                                     "%s%zu:%" PRId64, used == 0 ? "" : ",", i,
                                     offsets->next[i]);
        }
    }
}

uint64_t
kafka_offsets_sum(const struct kafka_offsets *offsets)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < KAFKA_PARTITIONS_MAX; i++) {
        sum += offsets->next[i] > 0 ? (uint64_t)offsets->next[i] : 0;
    }
    return sum;
}
