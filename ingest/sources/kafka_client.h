// One connection to a Kafka cluster, by librdkafka: a consumer of all partitions of one
// topic, on the event loop.
//
// The library has threads of its own, which connect, decrypt and read ahead; what they
// pass on waits in a queue of at most KAFKA_CLIENT_AHEAD bytes, and one answer of as
// many bytes from each broker, until kafka_client_next takes it. Nothing here blocks.
// The consumer is the only member of a group with a name of its own, so it is always
// assigned all partitions; the group stores nothing.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"
#include "base/usec.h"
#include "ingest/sources/kafka_offsets.h"
#include "net/outcome.h"

struct event_base;
struct kafka_client;
struct source_options;
struct url;

enum { KAFKA_CLIENT_AHEAD = 16 << 20 };

struct kafka_client_setup {
    struct event_base *base;
    const struct source_options *options;
    const struct url *url;
    // Where to begin. A partition without an offset is new in the topic if is_resumed,
    // and begins with its oldest message; else it begins with what comes from now on.
    const struct kafka_offsets *offsets;
    bool is_resumed;
    uint64_t group;                  // a random number: the name of the group
    void (*on_ready)(void *context); // there is something for kafka_client_next
    void *context;
};

enum kafka_event_kind {
    KAFKA_NOTHING,  // until on_ready
    KAFKA_ASSIGNED, // all partitions, of which there are `count`
    KAFKA_MESSAGE,
    KAFKA_END,         // nothing is behind `offset` in the partition now
    KAFKA_OFFSET_GONE, // the partition no longer has the message to begin with
    KAFKA_FAILED,      // close the client; see outcome
};

struct kafka_event {
    enum kafka_event_kind kind;
    int count;
    int partition;
    int64_t offset;
    usec time;         // of the message; USEC_NONE: not known
    struct slice data; // none if the message has no value; followed by LINES_PADDING
                       // readable bytes; valid until the next call
    bool is_too_long;  // over LINES_MAX bytes: there is no data
};

// Keeps everything in setup. A failure is one of the options or of memory.
enum status kafka_client_open(const struct kafka_client_setup *setup,
                              struct kafka_client **ret_client,
                              struct error *error) MUST_USE;
// At once: the library's threads end on their own. Accepts NULL. From on_ready only as
// the last thing.
void kafka_client_close(struct kafka_client **client);
// Waits until the threads of all closed clients have ended, but at most a second. For
// the end of the process.
void kafka_client_settle(void);

// Takes what comes next. *ret_outcome is set with KAFKA_FAILED.
struct kafka_event kafka_client_next(struct kafka_client *client,
                                     struct outcome *ret_outcome);
// All partitions are read from setup->offsets again.
void kafka_client_assign_again(struct kafka_client *client);
// Calls on_ready in the next round of the loop.
void kafka_client_continue(struct kafka_client *client);
// What went wrong last on the way to the brokers; empty: nothing.
const char *kafka_client_trouble(const struct kafka_client *client);
