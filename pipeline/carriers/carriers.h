// The ledger of carriers: per person, through how many of their reshares how many
// people came, and how early they are. It outlives the windows.
//
// Everything but counts and times fades with the half-life by event time
// (pipeline/carriers/decay.h). A person enters with an act, or with a child of one if
// the person had left. At capacity the person leaves whose people + acts / 8 is
// smallest; among equals the longest idle. What is taken back of a person who has left
// and come again changes nothing if it is older than the present entry. A person of
// whom everything is taken back leaves. A sum of which everything is taken back is
// exactly 0: events are counted beside it.
//
// A row refers to the user, who is held, so that the name is known. It takes 60 bytes,
// 24 more after a closed cascade of ten people, 32 more once others came through it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slab.h"
#include "base/slice.h"
#include "base/usec.h"
#include "pipeline/carriers/carrier.h"
#include "pipeline/carriers/decay.h"

struct snapshot;

#define CARRIER_NONE UINT32_MAX

enum { CARRIERS_TRIES_MIN = 5 }; // of those on the board of early people

// The boards that have no window.
enum carriers_board {
    CARRIERS_PEOPLE,
    CARRIERS_EARLY,
    CARRIERS_ESTIMATED,
    CARRIERS_BOARDS,
};

// Where the row of a user is kept (row + 1; 0: none), how a user is held, and what is
// called when a row got another user, changed (boards: bit per board on which its score
// may have changed) or is about to become free.
struct carriers_owners {
    void *context;
    uint32_t *(*place)(void *context, uint32_t user);
    void (*hold)(void *context, uint32_t user);
    void (*release)(void *context, uint32_t user);
    void (*moved)(void *context, uint32_t from, uint32_t into);
    void (*touched)(void *context, uint32_t row, uint32_t boards);
    void (*left)(void *context, uint32_t row);
};

struct carriers {
    struct carrier *rows;
    uint32_t *heap; // of rows, the one that leaves next first; kept once it was needed
    uint32_t *places;  // of the rows in the heap
    uint32_t capacity; // 0: there is no ledger
    uint32_t users, high, count;
    uint32_t free; // index + 1
    bool is_heaped;
    struct decay decay;
    usec as_of;    // the time whose values order the boards (carriers_score)
    double factor; // of that time
    bool is_stale; // the scores should be computed again in any case
    struct slab *texts;
    struct carriers_owners owners;
    uint64_t evicted, refused;
};

struct carriers_needs {
    uint32_t capacity; // 0: none of the functions does anything
    uint32_t users;    // indexes of users are below this
    usec half_life;
    struct slab *texts; // kept
    struct carriers_owners owners;
};
// False when the system refuses the memory.
bool carriers_init(struct carriers *carriers, const struct carriers_needs *needs);
void carriers_fini(struct carriers *carriers);

// The row of a user, or CARRIER_NONE.
uint32_t carriers_find(const struct carriers *carriers, uint32_t user);

// An act at that time.
void carriers_act(struct carriers *carriers, uint32_t user, usec time);
// It is taken back. first_child: the time of its first child; USEC_NONE: it has none.
// Its children still count as people.
void carriers_act_undone(struct carriers *carriers, uint32_t user, usec time,
                         usec first_child);

// A child of one of the user's acts came, or is taken back.
struct carriers_child {
    uint32_t user;
    usec time;
    uint32_t children; // of the act, with this one, or without it if it is taken back
    struct slice root; // id of the act's root
    usec first_gone;   // time of the child that is no longer the act's first
    usec first_new;    // of the one that now is; USEC_NONE: no change, or none is
};
void carriers_child(struct carriers *carriers, const struct carriers_child *child);
void carriers_child_undone(struct carriers *carriers,
                           const struct carriers_child *child);

// A cascade closed at that time in which the person was at the quantile `part` (above 0
// to 1). Changes nothing if the person is not in the ledger; so does the next.
void carriers_settle(struct carriers *carriers, uint32_t user, usec time, double part);
// A cascade without observed parents closed: `people` are expected through the person.
void carriers_estimate(struct carriers *carriers, uint32_t user, usec time,
                       double people);

// The entry leaves, if there is one.
void carriers_forget(struct carriers *carriers, uint32_t user);
// What is known of `from` belongs to `into`.
void carriers_merge(struct carriers *carriers, uint32_t from, uint32_t into);

// The clock was set from `old` back to `clock`: what was counted keeps its value.
void carriers_rewind(struct carriers *carriers, usec old, usec clock);

// The values as of a time.
struct carriers_view {
    double acts, people, carried_acts;
    double tries, early, head, estimated;
    uint32_t best;
    struct slice best_post;
    int64_t first_ms, last_ms;
};
struct carriers_view carriers_view(const struct carriers *carriers, uint32_t index,
                                   usec time);
// 1 is chance, 2 is clearly early.
double carriers_head_start(const struct carriers_view *view);

// The rank of a row on a board: people, head_start or estimated, in units of 1e-9, as
// of `as_of`; 0: not on it. As long as `as_of` is the same, it changes only when the
// row does.
uint64_t carriers_score(const struct carriers *carriers, enum carriers_board board,
                        uint32_t index);
// True if the scores should be computed again because they are as old as `most`, a day,
// or the hundredth part of a half-life, whichever is shortest.
bool carriers_is_due(const struct carriers *carriers, usec clock, usec most);
// Scores are as of that time from now on.
void carriers_renew(struct carriers *carriers, usec clock);

// Saves the contents, or loads them into freshly initialised ones of the same sizes.
void carriers_move(struct carriers *carriers, struct snapshot *snapshot);

static inline struct carrier *
carriers_at(const struct carriers *carriers, uint32_t row)
{
    return &carriers->rows[row];
}
