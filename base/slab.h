// A slab: many small byte strings in one reserved region, identified by 32-bit
// references.
//
// The region is reserved at creation and touched only as far as it is used: `limit`
// bounds the resident size, malloc is never called. Sizes are rounded up to a class: 8
// bytes apart up to 128, then four classes an octave. Freed pieces are cleared, so that
// no snapshot contains what was removed, and reused within their class. Pieces above
// SLAB_CLASS_MAX, 4 KiB apart, are allocated from the other end. Freed ones become
// runs, which are joined, and cut again for new pieces, first fit, so that growing sets
// waste little. A reference is a piece's offset in units of 8 bytes; 0 means "none".
// The pointer of a piece stays valid until it is freed.
//
//     0            sizeof(struct slab)        top       floor            limit
//     | struct slab | piece | freed | piece |           | large | run | large |
#pragma once

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/slice.h"

struct snapshot;

enum { SLAB_TEXT_LONG = 0xFF };
enum {
    SLAB_NONE = 0,
    SLAB_PIECE_MAX = 1 << 24,
    SLAB_CLASS_MAX = 1 << 16,
    SLAB_UNIT = 8,
    SLAB_CLASSES = 52,
};

// At the start of its own region, so that references are offsets from it and none is 0.
struct slab {
    alignas(SLAB_UNIT) size_t limit;
    size_t top;   // the free part begins here …
    size_t floor; // … and ends here
    size_t used;
    uint32_t freed[SLAB_CLASSES]; // first freed piece of a class; it contains the next
    uint32_t runs;                // highest run; it contains the next lower one
};

// limit: bytes, 4 KiB to 32 GiB, this header included. NULL when it is outside of these
// limits or the system refuses the region.
struct slab *slab_create(size_t limit);
void slab_destroy(struct slab **slab);

// A piece of `size` bytes (1 to SLAB_PIECE_MAX), contents undefined; SLAB_NONE when the
// slab is full or the size is outside of these limits.
uint32_t slab_alloc(struct slab *slab, size_t size);
// size: as passed to slab_alloc. SLAB_NONE is accepted.
void slab_free(struct slab *slab, uint32_t ref, size_t size);

// The size of the class of `size` (1 to SLAB_PIECE_MAX): growth up to it needs no new
// piece.
size_t slab_class_size(size_t size);

// To how many rows of `row_size` bytes a piece with room for `room` of them should
// grow: by a sixth, and as many as its class has room for. Most pieces are small, and
// larger steps would leave more of them empty. Never more than fit into SLAB_PIECE_MAX.
uint32_t slab_grown_room(uint32_t room, size_t row_size);

// Saves the contents, or loads them into an empty slab of the same limit.
void slab_move(struct slab *slab, struct snapshot *snapshot);

// The piece, aligned to 8 bytes. ref must not be SLAB_NONE.
static inline void *
slab_at(const struct slab *slab, uint32_t ref)
{
    return (char *)(uintptr_t)slab + (size_t)ref * SLAB_UNIT;
}

// Byte strings after their length: one byte, or four bytes after a byte of 0xFF. An
// empty or absent text is SLAB_NONE. slab_text_put copies at most SLAB_PIECE_MAX - 5
// bytes; SLAB_NONE when the slab is full.
uint32_t slab_text_put(struct slab *slab, struct slice text);
void slab_text_free(struct slab *slab, uint32_t ref);

// Points into the slab until the text is freed; SLICE_NONE for SLAB_NONE.
static inline struct slice
slab_text(const struct slab *slab, uint32_t ref)
{
    if (ref == SLAB_NONE) {
        return SLICE_NONE;
    }
    const unsigned char *piece = slab_at(slab, ref);
    if (*piece != SLAB_TEXT_LONG) {
        return (struct slice){(const char *)piece + 1, *piece};
    }
    uint32_t len;
    memcpy(&len, piece + 1, sizeof(len));
    return (struct slice){(const char *)piece + 1 + sizeof(len), len};
}

// Bytes that are free for pieces of any size: never allocated, or freed as whole runs.
static inline size_t
slab_room(const struct slab *slab)
{
    return slab->floor - slab->top;
}

// Allocated bytes, rounded up to their class.
static inline size_t
slab_used(const struct slab *slab)
{
    return slab->used;
}
