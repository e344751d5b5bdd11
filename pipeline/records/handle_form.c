#include "pipeline/records/handle_form.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

enum { ARENA_MAX = 16 * HANDLE_FORM_MAX };

#define EACH_BYTE UINT64_C(0x0101010101010101)

void
handle_form_init(struct handle_form *form)
{
    form->fold = NULL;
    arena_init(&form->arena, ARENA_MAX);
}

void
handle_form_fini(struct handle_form *form)
{
    arena_fini(&form->arena);
}

// Eight bytes with their ASCII letters in lower case. A letter in upper case is the
// only byte of ASCII that the first sum carries into its top bit and the second does
// not.
static uint64_t
lower_word(uint64_t bytes)
{
    uint64_t low = bytes & 0x7f * EACH_BYTE;
    uint64_t from_a = low + (0x80 - 'A') * EACH_BYTE;
    uint64_t behind_z = low + (0x7f - 'Z') * EACH_BYTE;
    uint64_t is_upper = (from_a & ~behind_z & ~bytes) & 0x80 * EACH_BYTE;
    return bytes | is_upper >> 2;
}

size_t
handle_form_put(struct handle_form *form, struct slice handle, char *text)
{
    uint64_t all = 0;
    size_t at = 0;
    assert(handle.len <= HANDLE_FORM_MAX);
    for (; at + sizeof(uint64_t) <= handle.len; at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, handle.ptr + at, sizeof(word));
        all |= word;
        word = lower_word(word);
        memcpy(text + at, &word, sizeof(word));
    }
    for (; at < handle.len; at++) {
        char c = handle.ptr[at];
        text[at] = slice_lower(c);
        all |= (unsigned char)c;
    }
    if ((all & 0x80 * EACH_BYTE) == 0 || form->fold == NULL) {
        return handle.len;
    }
    arena_reset(&form->arena);
    struct slice folded = form->fold(&form->arena, handle);
    if (slice_is_none(folded) || folded.len > HANDLE_FORM_MAX) {
        return handle.len;
    }
    memcpy(text, folded.ptr, folded.len);
    return folded.len;
}

bool
handle_form_same(struct handle_form *form, struct slice a, struct slice b)
{
    char left[HANDLE_FORM_MAX];
    char right[HANDLE_FORM_MAX];
    if (slice_equal(a, b)) {
        return true; // almost always
    }
    size_t left_len = handle_form_put(form, a, left);
    size_t right_len = handle_form_put(form, b, right);
    return left_len == right_len && memcmp(left, right, left_len) == 0;
}
