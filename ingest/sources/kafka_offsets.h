// Where to read on in each partition of a Kafka topic, and its text in a cursor:
// "0:4711,1:92", partition and offset of the next message, in ascending order.
//
// Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"
#include "ingest/sources/source.h"

enum { KAFKA_PARTITIONS_MAX = 128 };

struct kafka_offsets {
    int64_t next[KAFKA_PARTITIONS_MAX]; // -1: not known
};

void kafka_offsets_init(struct kafka_offsets *offsets);
// STATUS_PARSE: the text is not as above; then *ret_offsets is untouched. An empty one
// has no partition.
enum status kafka_offsets_parse(struct slice text,
                                struct kafka_offsets *ret_offsets) MUST_USE;
// Into a buffer of the size of a cursor's. All partitions fit.
void kafka_offsets_format(const struct kafka_offsets *offsets,
                          char text[SOURCE_CURSOR_OFFSETS_MAX]);
// The sum of the known ones. It grows with each message.
uint64_t kafka_offsets_sum(const struct kafka_offsets *offsets);
