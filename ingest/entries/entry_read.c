#include "ingest/entries/entry.h"

#include <string.h>

#include "ingest/entries/entry_flags.h"

enum {
    ARENA_LIMIT = 64 << 20,
    NUMBER_BITS = 64,
    KIND_MAX = POST_WITHDRAWN,
    FIXED_BYTES = 8,
};

// The bytes that are left. The first fault stays.
struct rest {
    const char *at;
    const char *end;
    struct arena *arena;
    uint32_t order;
    enum status status;
};

static void
refuse(struct rest *rest, enum status status)
{
    if (rest->status == STATUS_OK) {
        rest->status = status;
    }
    rest->at = rest->end;
}

// ── numbers and texts ──────────────────────────────────────────────────────

static size_t
left(const struct rest *rest)
{
    return (size_t)(rest->end - rest->at);
}

static uint64_t
take_fixed(struct rest *rest)
{
    uint64_t value = 0;
    if (left(rest) < FIXED_BYTES) {
        refuse(rest, STATUS_PARSE);
        return 0;
    }
    for (int i = 0; i < FIXED_BYTES; i++) {
        value |= (uint64_t)(unsigned char)rest->at[i] << 8 * i;
    }
    rest->at += FIXED_BYTES;
    return value;
}

static uint64_t
take_number(struct rest *rest, uint64_t most)
{
    uint64_t value = 0;
    for (int shift = 0; shift < NUMBER_BITS; shift += 7) {
        if (left(rest) == 0) {
            refuse(rest, STATUS_PARSE);
            return 0;
        }
        unsigned char byte = (unsigned char)*rest->at++;
        uint64_t bits = byte & 0x7fU;
        if (shift + 7 > NUMBER_BITS && bits >> (NUMBER_BITS - shift) != 0) {
            break;
        }
        value |= bits << shift;
        if (byte < 0x80) {
            if (value > most) {
                refuse(rest, STATUS_RANGE);
                return 0;
            }
            return value;
        }
    }
    refuse(rest, STATUS_PARSE);
    return 0;
}

static struct slice
take_text(struct rest *rest, size_t most)
{
    uint64_t len = take_number(rest, UINT64_MAX);
    if (len == 0) {
        return SLICE_NONE;
    }
    len--;
    if (len > left(rest)) {
        refuse(rest, STATUS_PARSE);
        return SLICE_NONE;
    }
    if (len > most) {
        refuse(rest, STATUS_RANGE);
        return SLICE_NONE;
    }
    struct slice text = {rest->at, (size_t)len};
    rest->at += len;
    return text;
}

// Ids are absent, or have a byte.
static struct slice
take_id(struct rest *rest)
{
    struct slice id = take_text(rest, POST_ID_MAX);
    if (!slice_is_none(id) && id.len == 0) {
        refuse(rest, STATUS_RANGE);
    }
    return id;
}

static void *
take_room(struct rest *rest, size_t count, size_t size)
{
    void *room = arena_alloc(rest->arena, count, size);
    if (room == NULL) {
        refuse(rest, STATUS_NOMEM);
    }
    return room;
}

// ── the parts of a post ────────────────────────────────────────────────────

static struct post_user
take_user(struct rest *rest)
{
    struct post_user user;
    user.id = take_id(rest);
    user.handle = take_text(rest, POST_NAME_MAX);
    user.name = take_text(rest, POST_NAME_MAX);
    uint64_t followers = take_number(rest, (uint64_t)UINT32_MAX + 1);
    user.has_followers = followers != 0;
    user.followers = followers != 0 ? (uint32_t)(followers - 1) : 0;
    return user;
}

static struct post_campaigns
take_campaigns(struct rest *rest, uint64_t flags)
{
    struct post_campaigns campaigns = {.order = rest->order};
    if ((flags & ENTRY_CAMPAIGNS) != 0) {
        campaigns.found = take_fixed(rest);
        campaigns.spoken = take_fixed(rest);
        campaigns.rivals = take_fixed(rest);
    }
    return rest->order != 0 ? campaigns : (struct post_campaigns){.order = 0};
}

// One, without those that it quotes. Returns whether one follows.
static bool
take_one_ref(struct rest *rest, struct post_ref *ref)
{
    uint64_t flags = take_number(rest, ENTRY_FLAGS_OF_REF);
    ref->id = take_id(rest);
    ref->alias = take_id(rest);
    ref->original = take_id(rest);
    ref->author = take_user(rest);
    ref->text = take_text(rest, ENTRY_BYTES_MAX);
    ref->lang = take_text(rest, POST_NAME_MAX);
    ref->created = (usec)take_fixed(rest);
    ref->reported = take_number(rest, UINT64_MAX);
    ref->has_reported = (flags & ENTRY_REPORTED) != 0;
    ref->campaigns = take_campaigns(rest, flags);
    ref->quote = NULL;
    if (slice_is_none(ref->id) && slice_is_none(ref->alias)) {
        refuse(rest, STATUS_RANGE);
    }
    return rest->status == STATUS_OK && (flags & ENTRY_QUOTE) != 0;
}

static void
take_ref(struct rest *rest, struct post_ref *ref)
{
    struct post_ref *at = ref;
    size_t depth = 0;
    while (take_one_ref(rest, at)) {
        struct post_ref *quote = take_room(rest, 1, sizeof(*quote));
        if (quote == NULL || depth++ == POST_QUOTES_MAX) {
            refuse(rest, STATUS_RANGE);
            return;
        }
        at->quote = quote;
        at = quote;
    }
}

static void
take_lists(struct rest *rest, struct post *post)
{
    post->mention_count = (size_t)take_number(rest, POST_LIST_MAX);
    struct post_user *mentions =
        take_room(rest, post->mention_count, sizeof(*mentions));
    for (size_t i = 0; i < post->mention_count && rest->status == STATUS_OK; i++) {
        mentions[i] = take_user(rest);
    }
    post->mentions = mentions;
    post->hashtag_count = (size_t)take_number(rest, POST_LIST_MAX);
    struct slice *hashtags = take_room(rest, post->hashtag_count, sizeof(*hashtags));
    for (size_t i = 0; i < post->hashtag_count && rest->status == STATUS_OK; i++) {
        hashtags[i] = take_text(rest, POST_NAME_MAX);
        if (hashtags[i].len == 0) {
            refuse(rest, STATUS_RANGE);
        }
    }
    post->hashtags = hashtags;
}

// ── what a decoder makes ───────────────────────────────────────────────────

static bool
is_named(const struct post_user *user)
{
    return !slice_is_none(user->id) || user->handle.len != 0;
}

static bool
is_sound(const struct post *post, uint64_t flags)
{
    bool has_id = !slice_is_none(post->id);
    for (size_t i = 0; i < post->mention_count; i++) {
        if (!is_named(&post->mentions[i])) {
            return false;
        }
    }
    switch (post->kind) {
    case POST_PUBLISHED:
        return has_id && !slice_is_none(post->author.id) &&
               (flags & ENTRY_RETWEET) == 0;
    case POST_RETWEETED:
        return has_id && !slice_is_none(post->author.id) &&
               (flags & (ENTRY_RETWEET | ENTRY_QUOTE | ENTRY_REPLY)) == ENTRY_RETWEET;
    case POST_DELETED:
        return has_id || !slice_is_none(post->alias);
    case POST_RENAMED:
        return !slice_is_none(post->author.id) && post->author.handle.len != 0;
    case POST_WITHDRAWN:
        return !slice_is_none(post->author.id);
    }
    return false;
}

static void
take_post(struct rest *rest, struct post *post)
{
    memset(post, 0, sizeof(*post));
    post->kind = (enum post_kind)take_number(rest, KIND_MAX);
    uint64_t flags = take_number(rest, ENTRY_FLAGS_OF_POST);
    post->id = take_id(rest);
    post->alias = take_id(rest);
    post->source = take_text(rest, POST_NAME_MAX);
    post->original = take_id(rest);
    post->time = (usec)take_fixed(rest);
    post->author = take_user(rest);
    post->text = take_text(rest, ENTRY_BYTES_MAX);
    post->lang = take_text(rest, POST_NAME_MAX);
    post->reported = take_number(rest, UINT64_MAX);
    post->has_reported = (flags & ENTRY_REPORTED) != 0;
    post->is_undone_by_id = (flags & ENTRY_UNDONE_BY_ID) != 0;
    post->via = take_id(rest);
    post->via_author = take_id(rest);
    post->campaigns = take_campaigns(rest, flags);
    const struct {
        enum entry_flag flag;
        struct post_ref *ref;
    } refs[] = {{ENTRY_RETWEET, &post->retweet_of},
                {ENTRY_QUOTE, &post->quote},
                {ENTRY_REPLY, &post->reply_to}};
    for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
        refs[i].ref->created = USEC_NONE;
        if ((flags & refs[i].flag) != 0) {
            take_ref(rest, refs[i].ref);
        }
    }
    take_lists(rest, post);
    if (rest->status == STATUS_OK && !is_sound(post, flags)) {
        refuse(rest, STATUS_RANGE);
    }
}

// ── an entry ───────────────────────────────────────────────────────────────

void
entry_reader_init(struct entry_reader *reader)
{
    arena_init(&reader->arena, ARENA_LIMIT);
}

void
entry_reader_fini(struct entry_reader *reader)
{
    arena_fini(&reader->arena);
}

bool
entry_is_of_another_version(struct slice bytes)
{
    return bytes.len != 0 && bytes.ptr[0] != ENTRY_VERSION;
}

enum status
entry_read_head(struct slice bytes, struct entry_head *ret_head)
{
    if (bytes.len < ENTRY_HEAD_BYTES) {
        return STATUS_PARSE;
    }
    struct rest rest = {.at = bytes.ptr + 1, .end = bytes.ptr + ENTRY_HEAD_BYTES};
    struct entry_head head;
    head.wall = (usec)take_fixed(&rest);
    head.lag = (usec)take_fixed(&rest);
    head.campaigns = take_fixed(&rest);
    unsigned char flags = (unsigned char)*rest.at;
    if (entry_is_of_another_version(bytes) || flags > ENTRY_COMPLETE || head.wall < 0 ||
        head.lag < 0) {
        return STATUS_RANGE;
    }
    head.is_complete = flags != 0;
    *ret_head = head;
    return STATUS_OK;
}

enum status
entry_read(struct entry_reader *reader, struct slice bytes, uint32_t order,
           struct entry_content *ret_entry)
{
    struct entry_content entry = {.count = 0};
    enum status status = entry_read_head(bytes, &entry.head);
    if (status != STATUS_OK) {
        return status;
    }
    arena_reset(&reader->arena);
    struct rest rest = {.at = bytes.ptr + ENTRY_HEAD_BYTES,
                        .end = bytes.ptr + bytes.len,
                        .arena = &reader->arena,
                        .order = order};
    struct post *posts = take_room(&rest, ENTRY_POSTS_MAX, sizeof(*posts));
    usec *walls = take_room(&rest, ENTRY_POSTS_MAX, sizeof(*walls));
    while (left(&rest) != 0 && rest.status == STATUS_OK) {
        if (entry.count == ENTRY_POSTS_MAX) {
            return STATUS_RANGE;
        }
        walls[entry.count] = (usec)take_fixed(&rest);
        if (walls[entry.count] < 0 || walls[entry.count] > entry.head.wall) {
            refuse(&rest, STATUS_RANGE);
        }
        take_post(&rest, &posts[entry.count++]);
    }
    if (rest.status != STATUS_OK) {
        return rest.status;
    }
    entry.posts = posts;
    entry.walls = walls;
    *ret_entry = entry;
    return STATUS_OK;
}
