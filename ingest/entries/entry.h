// An entry: up to ENTRY_POSTS_MAX posts as bytes, with the time at which each arrived.
//
// One process reads sources and writes entries; another one reads the entries and
// counts the posts. The clock of the counting is the time in the entries, so that the
// result depends on the entries alone. An entry without posts shows that time passed.
//
//     version 1 | wall 8 | lag 8 | campaigns 8 | flags 1 | posts: wall 8, post
//
// Numbers of a fixed size have their lowest byte first; others, lengths among them,
// have seven bits a byte. A text is its length + 1 and its bytes; 0: it is absent.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"
#include "base/usec.h"
#include "pipeline/post.h"

enum {
    ENTRY_VERSION = 1,
    ENTRY_HEAD_BYTES = 26,
    ENTRY_POSTS_MAX = 100,
    ENTRY_BYTES_MAX = 1 << 20,
};

struct entry_head {
    usec wall;          // when it was ended; no post in it arrived later
    usec lag;           // of the slowest source
    bool is_complete;   // no source may have missed anything for the longest window
    uint64_t campaigns; // a hash of the campaigns to which the posts were compared
};

struct entry_content {
    struct entry_head head;
    const struct post *posts;
    const usec *walls; // when each of them arrived
    size_t count;
};

// ── writing ────────────────────────────────────────────────────────────────

// Makes room for the head of an entry in an empty buffer.
void entry_begin(struct buffer *entry);
// Appends a post. Borrows it. Does not fit: the buffer is marked as failed.
void entry_add(struct buffer *entry, const struct post *post, usec wall);
// Writes the head. The buffer must not be marked as failed.
void entry_end(struct buffer *entry, const struct entry_head *head);

// ── reading ────────────────────────────────────────────────────────────────

struct entry_reader {
    struct arena arena;
};

void entry_reader_init(struct entry_reader *reader);
void entry_reader_fini(struct entry_reader *reader);

bool entry_is_of_another_version(struct slice bytes);

// Only the head.
enum status entry_read_head(struct slice bytes, struct entry_head *ret_head) MUST_USE;

// Any bytes may be given: STATUS_PARSE if they are no entry, STATUS_RANGE if they are
// of another version or contain what no decoder makes (post.h), STATUS_NOMEM. The posts
// point into bytes and into the reader, until its next call. order: the number of the
// order of the campaigns (post.h), if they are those of the entry; 0: they are not, and
// no post is in a campaign.
enum status entry_read(struct entry_reader *reader, struct slice bytes, uint32_t order,
                       struct entry_content *ret_entry) MUST_USE;
