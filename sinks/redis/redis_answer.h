// Evaluates Redis' replies to one exchange. Pure: items in, a result out.
//
// There are five exchanges:
//   GREET  INFO · WATCH <prefix>epoch · GET <prefix>epoch · GET <prefix>owner
//   BATCH  MULTI · n × QUEUED · EXEC · WATCH <prefix>epoch · GET <prefix>epoch
//   RECALL n × HGETALL: fields and values alternate; or a list of strings
//   SCAN   one array: the next cursor, and an array of keys
//   PROBE  n × any reply of a read; an error is a reply like others
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "sinks/redis/redis_error_kind.h"
#include "sinks/redis/redis_reader.h"

enum redis_exchange {
    REDIS_EXCHANGE_GREET,
    REDIS_EXCHANGE_BATCH,
    REDIS_EXCHANGE_RECALL,
    REDIS_EXCHANGE_SCAN,
    REDIS_EXCHANGE_PROBE,
};

enum {
    REDIS_ANSWER_TEXT_MAX = 256,
    REDIS_ANSWER_NAME_MAX = 64,
    REDIS_ANSWER_REPAIRS_MAX = 64,
    REDIS_ANSWER_KEYS_MAX = 1 << 16, // of one SCAN
    REDIS_GREET_REPLIES = 4,
};

struct redis_answer {
    enum redis_exchange exchange;
    size_t commands;       // BATCH: between MULTI and EXEC; RECALL, PROBE: all
    size_t reply;          // index of the next reply
    bool is_last_optional; // RECALL: an error as the last reply is none

    // The first error; EXECABORT only if there is no other.
    enum redis_error_kind kind;
    char text[REDIS_ANSWER_TEXT_MAX]; // that reply, printable; GREET: perhaps INFO's,
                                      // without a word
    bool is_odd;                      // a reply has no form that Redis would send

    // BATCH
    bool is_fenced;       // EXEC answered nil: the epoch was touched
    bool is_executed;     // EXEC answered with the commands' replies
    int64_t last_integer; // among these replies
    size_t repair_count; // commands that found a key of the wrong type (the first ones)
    size_t repairs[REDIS_ANSWER_REPAIRS_MAX];

    // GREET, BATCH: the epoch as read last; 0 when there is none or it is no number.
    uint64_t epoch;
    bool is_epoch_bad; // the value is not a number

    // GREET
    char run_id[REDIS_ANSWER_NAME_MAX]; // empty: not known
    char owner[REDIS_ANSWER_NAME_MAX];  // empty: none
    char policy[REDIS_ANSWER_NAME_MAX]; // maxmemory-policy
    bool is_evicting;                   // it deletes keys when memory is full
    bool is_info_refused;

    // SCAN
    char cursor[REDIS_ANSWER_NAME_MAX];
};

// commands: of a BATCH, RECALL or PROBE, else 0.
void redis_answer_begin(struct redis_answer *answer, enum redis_exchange exchange,
                        size_t commands);

// Whether, by what INFO answered, keys are deleted when memory is full; and its
// maxmemory-policy.
bool redis_answer_is_evicting(struct slice info, char policy[REDIS_ANSWER_NAME_MAX]);

// How many replies the exchange has.
size_t redis_answer_replies(const struct redis_answer *answer);

// Takes an item of the next reply. Returns its text when the item is a key of a SCAN or
// a field or value of a RECALL, else none.
struct slice redis_answer_item(struct redis_answer *answer,
                               const struct redis_item *item);

// True if the item is an element of the array that a script of an executed transaction
// returned.
bool redis_answer_is_element(const struct redis_answer *answer,
                             const struct redis_item *item);

// The reply whose items were taken is complete.
void redis_answer_reply(struct redis_answer *answer);
