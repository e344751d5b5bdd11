#include "ingest/entries/entry.h"

#include <assert.h>

#include "ingest/entries/entry_flags.h"

// ── numbers and texts ──────────────────────────────────────────────────────

static char *
write_fixed(char *at, uint64_t value)
{
    for (int i = 0; i < 8; i++) {
        *at++ = (char)(unsigned char)(value >> 8 * i);
    }
    return at;
}

static void
put_fixed(struct buffer *entry, uint64_t value)
{
    char *at = buffer_extend(entry, sizeof(value));
    if (at != NULL) {
        (void)write_fixed(at, value);
    }
}

static void
put_number(struct buffer *entry, uint64_t value)
{
    while (value >= 0x80) {
        buffer_append_byte(entry, (char)(unsigned char)(value | 0x80));
        value >>= 7;
    }
    buffer_append_byte(entry, (char)value);
}

static void
put_text(struct buffer *entry, struct slice text)
{
    put_number(entry, slice_is_none(text) ? 0 : (uint64_t)text.len + 1);
    buffer_append(entry, text);
}

// An empty id is an absent one.
static void
put_id(struct buffer *entry, struct slice id)
{
    put_text(entry, id.len != 0 ? id : SLICE_NONE);
}

// ── the parts of a post ────────────────────────────────────────────────────

static void
put_user(struct buffer *entry, const struct post_user *user)
{
    put_id(entry, user->id);
    put_text(entry, user->handle);
    put_text(entry, user->name);
    put_number(entry, user->has_followers ? (uint64_t)user->followers + 1 : 0);
}

static bool
has_campaigns(const struct post_campaigns *campaigns)
{
    return (campaigns->found | campaigns->spoken | campaigns->rivals) != 0;
}

static void
put_campaigns(struct buffer *entry, const struct post_campaigns *campaigns)
{
    if (has_campaigns(campaigns)) {
        put_fixed(entry, campaigns->found);
        put_fixed(entry, campaigns->spoken);
        put_fixed(entry, campaigns->rivals);
    }
}

// A post and those that it quotes, one below the other.
static void
put_ref(struct buffer *entry, const struct post_ref *ref)
{
    for (; ref != NULL; ref = ref->quote) {
        unsigned flags = (ref->has_reported ? ENTRY_REPORTED : 0U) |
                         (has_campaigns(&ref->campaigns) ? ENTRY_CAMPAIGNS : 0U) |
                         (ref->quote != NULL ? ENTRY_QUOTE : 0U);
        put_number(entry, flags);
        put_id(entry, ref->id);
        put_id(entry, ref->alias);
        put_id(entry, ref->original);
        put_user(entry, &ref->author);
        put_text(entry, ref->text);
        put_text(entry, ref->lang);
        put_fixed(entry, (uint64_t)ref->created);
        put_number(entry, ref->reported);
        put_campaigns(entry, &ref->campaigns);
    }
}

static bool
is_given(const struct post_ref *ref)
{
    return ref->id.len != 0 || ref->alias.len != 0;
}

static void
put_refs(struct buffer *entry, const struct post *post)
{
    const struct post_ref *refs[] = {&post->retweet_of, &post->quote, &post->reply_to};
    for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
        if (is_given(refs[i])) {
            put_ref(entry, refs[i]);
        }
    }
}

static void
put_lists(struct buffer *entry, const struct post *post)
{
    put_number(entry, post->mention_count);
    for (size_t i = 0; i < post->mention_count; i++) {
        put_user(entry, &post->mentions[i]);
    }
    put_number(entry, post->hashtag_count);
    for (size_t i = 0; i < post->hashtag_count; i++) {
        put_text(entry, post->hashtags[i]);
    }
}

// ── an entry ───────────────────────────────────────────────────────────────

void
entry_begin(struct buffer *entry)
{
    assert(entry->size == 0);
    (void)buffer_extend(entry, ENTRY_HEAD_BYTES);
}

void
entry_add(struct buffer *entry, const struct post *post, usec wall)
{
    unsigned flags = (post->has_reported ? ENTRY_REPORTED : 0U) |
                     (has_campaigns(&post->campaigns) ? ENTRY_CAMPAIGNS : 0U) |
                     (is_given(&post->quote) ? ENTRY_QUOTE : 0U) |
                     (is_given(&post->retweet_of) ? ENTRY_RETWEET : 0U) |
                     (is_given(&post->reply_to) ? ENTRY_REPLY : 0U) |
                     (post->is_undone_by_id ? ENTRY_UNDONE_BY_ID : 0U);
    put_fixed(entry, (uint64_t)wall);
    put_number(entry, post->kind);
    put_number(entry, flags);
    put_id(entry, post->id);
    put_id(entry, post->alias);
    put_text(entry, post->source);
    put_id(entry, post->original);
    put_fixed(entry, (uint64_t)post->time);
    put_user(entry, &post->author);
    put_text(entry, post->text);
    put_text(entry, post->lang);
    put_number(entry, post->reported);
    put_id(entry, post->via);
    put_id(entry, post->via_author);
    put_campaigns(entry, &post->campaigns);
    put_refs(entry, post);
    put_lists(entry, post);
}

void
entry_end(struct buffer *entry, const struct entry_head *head)
{
    assert(!entry->is_failed && entry->size >= ENTRY_HEAD_BYTES);
    char *at = entry->bytes;
    *at++ = ENTRY_VERSION;
    at = write_fixed(at, (uint64_t)head->wall);
    at = write_fixed(at, (uint64_t)head->lag);
    at = write_fixed(at, head->campaigns);
    *at = head->is_complete ? ENTRY_COMPLETE : 0;
}
