// What the Redis sink is doing: one exchange with Redis, or waiting.
//
//   STOPPED ─▶ DOWN ─▶ GREET ─▶ CLAIM ─▶ GREET ─▶ [RECALL] ─▶ [OUTBOX] ─▶ [PLACE]
//               ▲        ▲                                       ▼
//               │        └─ PAUSE ◀─ refused      [SCAN ◀─▶ VERIFY ─▶ PURGE]
//               │                                                ▼
//               └─ connection lost  [COPY] ◀─ FLUSH ◀─▶ IDLE ─▶ OUTBOX
//                                     └─▶ CHECK
//                                     redis_sink_finish: └─▶ CONFIRM
//
// A new webhook leads from IDLE to OUTBOX. redis_machine.c alone changes the phase. A
// handler does its work and returns the next phase; entering a phase sends its
// commands.
#pragma once

struct redis_sink;

enum redis_phase {
    REDIS_PHASE_STOPPED, // not started, or over (FENCED, FATAL)
    REDIS_PHASE_DOWN,    // the connection is being made
    REDIS_PHASE_GREET,   // reading who owns the prefix, and about the server
    REDIS_PHASE_CLAIM,   // raising the epoch
    REDIS_PHASE_RECALL,  // reading what an earlier process left of the sources
    REDIS_PHASE_OUTBOX,  // reading what webhooks have not acknowledged
    REDIS_PHASE_PLACE,   // reading the last id of the stream of entries
    REDIS_PHASE_SCAN,    // looking for keys of an earlier process
    REDIS_PHASE_VERIFY,  // reading whether they are ours
    REDIS_PHASE_PURGE,   // removing those that are
    REDIS_PHASE_IDLE,    // all is written; `pace` fires when it is time to look again
    REDIS_PHASE_FLUSH,   // a transaction is at Redis
    REDIS_PHASE_COPY,    // has a replica the entries?
    REDIS_PHASE_CHECK,   // reading whether Redis still holds what was written
    REDIS_PHASE_CONFIRM, // all is written: is the server still the master?
    REDIS_PHASE_PAUSE,   // Redis refused; `pace` fires when it is time to greet again
    REDIS_PHASE_COUNT,
    REDIS_PHASE_STAY = REDIS_PHASE_COUNT, // returned by a handler: no transition
};

// A handler: returns the next phase. DOWN and STOPPED come from redis_tools_drop and
// redis_tools_stop. A phase that is returned by its own handler is entered again.
typedef enum redis_phase (*redis_phase_fn)(struct redis_sink *sink);
