#include "pipeline/records/handle_form.h"

#include <assert.h>
#include <string.h>

enum { ARENA_MAX = 16 * HANDLE_FORM_MAX };

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

size_t
handle_form_put(struct handle_form *form, struct slice handle, char *text)
{
    unsigned char all = 0;
    assert(handle.len <= HANDLE_FORM_MAX);
    for (size_t i = 0; i < handle.len; i++) {
        char c = handle.ptr[i];
        text[i] = slice_lower(c);
        all |= (unsigned char)c;
    }
    if (all < 0x80 || form->fold == NULL) {
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
