#include "ingest/decode/decode_found.h"

const struct text_entity *
decode_found_all(struct decode_run *run, decode_found_fn find, struct slice text,
                 size_t *ret_count)
{
    size_t max = 16;
    struct text_entity *found = arena_alloc(&run->arena, max, sizeof(*found));
    size_t count = found != NULL ? find(text, found, max) : 0;
    if (count > max) {
        found = arena_alloc(&run->arena, count, sizeof(*found));
        count = found != NULL ? find(text, found, count) : 0;
    }
    *ret_count = count;
    return found;
}

void
decode_found_mentions(struct decode_run *run, struct post *post,
                      decode_found_who_fn who, const void *context)
{
    size_t count;
    const struct text_entity *found =
        decode_found_all(run, text_mentions, post->text, &count);
    decode_run_mentions(run, post, count);
    for (size_t i = 0; i < count; i++) {
        struct post_user user = {.handle = found[i].name};
        if (who != NULL) {
            user.id = who(run, context, user.handle);
        }
        if (slice_is_none(user.id)) {
            user.id = decode_run_handle_id(run, run->net, user.handle);
        }
        decode_run_mention(run, post, &user);
    }
}

void
decode_found_hashtags(struct decode_run *run, struct post *post)
{
    size_t count;
    const struct text_entity *found =
        decode_found_all(run, text_hashtags, post->text, &count);
    decode_run_hashtags(run, post, count);
    for (size_t i = 0; i < count; i++) {
        decode_run_hashtag(run, post, found[i].name);
    }
}
