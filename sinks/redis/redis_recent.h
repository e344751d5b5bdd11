// The alerts that Redis acknowledged last, for a Redis that turns out not to have them.
//
// After a failover the new master lacks what was not replicated, and a restarted Redis
// lacks what was not saved. Together with all keys the alerts of the last day, at most
// REDIS_RECENT_MAX, are then claimed again. Those whose claim exists change nothing;
// the others are appended to the stream, with their former id if possible, unless it
// still has them (that needs the right +xrange). They are not
// published again, and are not put into an outbox.
#pragma once

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "base/usec.h"

struct redis_sink;

// For scripts: calls a command, and once more without the key if that has another type.
// Then `replaced` is 2.
#define REDIS_RECENT_LUA                                                               \
    "local replaced=0\n"                                                               \
    "local function call(name,key,...)\n"                                              \
    "  local r=redis.pcall(name,key,...)\n"                                            \
    "  if type(r)=='table' and r.err and string.find(r.err,'WRONGTYPE',1,true) then\n" \
    "    redis.call('unlink',key)\n"                                                   \
    "    replaced=2\n"                                                                 \
    "    r=redis.pcall(name,key,...)\n"                                                \
    "  end\n"                                                                          \
    "  return r\n"                                                                     \
    "end\n"

enum {
    REDIS_RECENT_MAX = 1000,
    REDIS_RECENT_BYTES = 1 << 21, // when there are more the older half is dropped
    REDIS_ENTRY_MAX = 48,         // id of an entry of the stream
    REDIS_KEEP_MAX = 24,
};

struct redis_recent_alert {
    struct slice name; // what the claim is named after
    struct slice id;   // for webhooks
    struct slice entry;
    struct slice json;
};

struct redis_recent {
    struct buffer text; // the parts of each alert, the oldest first
    struct buffer rows; // sizes and times of them
    bool is_due;        // Redis may lack some
    bool is_sent;       // the transaction at Redis contains them
};

void redis_recent_init(struct redis_recent *recent);
void redis_recent_fini(struct redis_recent *recent);

// How many entries the stream keeps, as a text.
struct slice redis_recent_keep(const struct redis_sink *sink,
                               char text[REDIS_KEEP_MAX]);

// Copies. now: monotonic.
void redis_recent_add(struct redis_recent *recent,
                      const struct redis_recent_alert *alert, usec now);

bool redis_recent_is_empty(const struct redis_recent *recent);

// Adds what is due to the current batch; until it is written or lost.
void redis_recent_send(struct redis_sink *sink, unsigned which);
void redis_recent_written(struct redis_recent *recent);
void redis_recent_lost(struct redis_recent *recent);
