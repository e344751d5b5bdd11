// What cascaded publishes in Redis about all boards, read in two round trips.
//
// A snapshot contains replies, not copies: all text in it is untrusted and must be
// printed through cell_put. Members of equal score are in Redis' order.
#pragma once

#include <stddef.h>

#include "base/status.h"
#include "ctl/client.h"

enum { BOARD_ROWS_MAX = 100, BOARD_WINDOW_MAX = 16 };

// BOARD_X(symbol, name in Redis, title)
// clang-format off
#define BOARD_LIST(X)                                                                  \
    X(BOARD_CARRIED,    "carried",    "Carried")                                       \
    X(BOARD_TRANSLATED, "translated", "Translated")                                    \
    X(BOARD_RETWEETS,   "retweets",   "Retweets")                                      \
    X(BOARD_INFLUENCE,  "influence",  "Influence")                                     \
    X(BOARD_MENTIONS,   "mentions",   "Mentions")                                      \
    X(BOARD_REACH,      "reach",      "Reach")                                         \
    X(BOARD_QUOTES,     "quotes",     "Quotes")                                        \
    X(BOARD_REPLIES,    "replies",    "Replies")                                       \
    X(BOARD_POSTS,      "posts",      "Posts")                                         \
    X(BOARD_HASHTAGS,   "hashtags",   "Hashtags")                                      \
    X(BOARD_CASCADES,   "cascades",   "Cascades")
// clang-format on

#define BOARD_SYMBOL(symbol, name, title) symbol,
enum board_index { BOARD_LIST(BOARD_SYMBOL) BOARD_COUNT };
#undef BOARD_SYMBOL

extern const char *const board_names[BOARD_COUNT];
extern const char *const board_titles[BOARD_COUNT];

struct board {
    redisReply *entries;                 // member, score, member, score …
    size_t count;                        // of entries, rows
    redisReply *details[BOARD_ROWS_MAX]; // per row, see board_handle and board_text
};

struct board_meta {
    struct slice clock_ms, posts, lag_ms, complete; // none: cascaded has written
                                                    // nothing yet
    redisReply *reply;                              // what they point into
};

struct board_snapshot {
    struct board_meta meta;
    struct board boards[BOARD_COUNT];
};

struct board_request {
    struct slice scope; // before the names of the boards: "campaign:cup:"; empty: none
    const char *window;
    size_t rows; // the first so many, at most BOARD_ROWS_MAX
};

// Reads the rows of every board. Call board_drop afterwards, also after a failure.
// STATUS_IO, STATUS_PARSE: see client_answer.
enum status board_pull(struct client *client, struct board_request request,
                       struct board_snapshot *ret_snapshot,
                       struct error *error) MUST_USE;
void board_drop(struct board_snapshot *snapshot);

struct slice board_member(const struct board *board, size_t row);
struct slice board_score(const struct board *board, size_t row);
// The handle of the row's user, or of the cascade's author; none: not known.
struct slice board_handle(const struct board *board, size_t row);
// The text of the row's cascade; none: not known, or no cascade.
struct slice board_text(const struct board *board, size_t row);
