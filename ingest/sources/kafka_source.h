// The transport of Kafka: all partitions of one topic, one post or page of posts a
// message.
//
// Its cursor is the offset of the next message in each partition, kept with the
// counters, so that a source resumes exactly where they end. A source without a cursor
// begins with what comes from then on. Kafka still has what was missed between two
// connections: the gap ends, recovered, when each partition was read to its end or up
// to the time of the connection. If Kafka has deleted messages before they were
// read, the source resumes with the oldest that is left, and the gap stays recorded.
#pragma once

#include "base/status.h"

struct source;
struct source_setup;

// On failure *ret_source is untouched.
enum status kafka_source_create(const struct source_setup *setup,
                                struct source **ret_source,
                                struct error *error) MUST_USE;
