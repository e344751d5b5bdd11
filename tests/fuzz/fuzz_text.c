// Text and HTML: what is found lies in the text, in order; what is made of it stays in
// bounds.
#include "ingest/text/html.h"
#include "ingest/text/text.h"

#include <stdint.h>
#include <stdlib.h>

enum { FINDS_MAX = 64, NAME_MAX_LEN = 20, ARENA_LIMIT = 1 << 24 };

static void
require(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

static void
check_finds(struct slice text, bool is_mention)
{
    struct text_entity finds[FINDS_MAX];
    size_t count = is_mention ? text_mentions(text, finds, FINDS_MAX)
                              : text_hashtags(text, finds, FINDS_MAX);
    size_t end = 0;
    for (size_t i = 0; i < count && i < FINDS_MAX; i++) {
        const struct text_entity *found = &finds[i];
        require(found->start >= end && found->end <= text.len);
        require(found->name.ptr + found->name.len == text.ptr + found->end);
        size_t sign = found->end - found->start - found->name.len;
        require(found->name.len > 0 && (sign == 1 || sign == 3));
        require(!is_mention || found->name.len <= NAME_MAX_LEN);
        end = found->end;
    }
    require(count ==
            (is_mention ? text_mentions(text, NULL, 0) : text_hashtags(text, NULL, 0)));
}

static void
check_made(struct arena *arena, struct slice text)
{
    struct slice lower = text_lower(arena, text);
    require(lower.len <= text.len + text.len / 2);
    struct slice again = text_lower(arena, lower);
    require(slice_equal(again, lower));
    require(text_unescape(arena, text).len <= text.len);
    require(html_text(arena, text).len <= text.len);
    for (size_t max = 0; max < 8; max++) {
        struct slice cut = text_cut(text, max);
        size_t most = max < text.len ? max : text.len;
        require(cut.ptr == text.ptr && cut.len <= most && cut.len + 3 >= most);
    }
    require(!arena->is_failed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena arena;
    if (arena.limit == 0) {
        arena_init(&arena, ARENA_LIMIT);
    }
    arena_reset(&arena);
    struct slice text = {(const char *)data, size};
    struct slice handle = SLICE_NONE;
    check_finds(text, true);
    check_finds(text, false);
    if (text_reply_to(text, &handle)) {
        require(handle.len > 0 && handle.len <= NAME_MAX_LEN);
    }
    check_made(&arena, text);
    return 0;
}
