#include "pipeline/fold/names.h"

#include "pipeline/fold/learn.h"
#include "pipeline/inside.h"

enum { TEXTS_MARGIN = 1 << 20 }; // far more than one answer needs

static bool
has_handle(const struct pipeline *pipeline, uint32_t user)
{
    return user != USER_NONE && users_handle(&pipeline->users, user).len != 0;
}

static void
user_item(const struct pipeline *pipeline, uint32_t user, struct names_item *ret_item)
{
    *ret_item = (struct names_item){
        .id = users_id(&pipeline->users, user),
        .is_known = has_handle(pipeline, user),
    };
}

static void
post_item(const struct pipeline *pipeline, uint32_t cascade,
          struct names_item *ret_item)
{
    const struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    *ret_item = (struct names_item){
        .id = cascades_id(&pipeline->cascades, cascade),
        .is_post = true,
        .is_known = row->text != SLAB_NONE && has_handle(pipeline, row->author),
    };
}

static bool
next_on(const struct pipeline *pipeline, const struct boards *boards,
        struct slice network, struct names_cursor *cursor, struct names_item *ret_item)
{
    for (; cursor->board < boards->count; cursor->board++, cursor->entry = 0) {
        enum tally tally = tally_plain(boards_tally(boards, cursor->board));
        const struct board *board = &boards->rows[cursor->board];
        bool is_named = tally < TALLY_USERS || tally == TALLY_CASCADES;
        while (is_named && cursor->entry < board->published_count) {
            uint32_t owner = board->published[cursor->entry++].owner;
            struct names_item item;
            if (tally == TALLY_CASCADES) {
                post_item(pipeline, owner, &item);
            } else {
                user_item(pipeline, owner, &item);
            }
            if (slice_equal(users_network_of(item.id), network)) {
                *ret_item = item;
                return true;
            }
        }
    }
    return false;
}

bool
names_next(const struct pipeline *pipeline, struct slice network,
           struct names_cursor *cursor, struct names_item *ret_item)
{
    const struct campaigns *campaigns = &pipeline->campaigns;
    for (; cursor->campaign <= campaigns->count; cursor->campaign++) {
        const struct boards *boards =
            cursor->campaign == 0 ? &pipeline->boards
                                  : &campaigns->figures[cursor->campaign - 1].boards;
        if (next_on(pipeline, boards, network, cursor, ret_item)) {
            return true;
        }
        cursor->board = cursor->entry = 0;
    }
    return false;
}

static bool
have_room(struct pipeline *pipeline)
{
    const struct slab *slab = pipeline->texts;
    return slab_room(slab) >= TEXTS_MARGIN && users_make_room(&pipeline->users, 1);
}

static bool
is_renamed(const struct pipeline *pipeline, struct slice id)
{
    const struct names_renamed *renamed = &pipeline->renamed;
    uint64_t person = inside_hash(pipeline, id);
    uint64_t count =
        renamed->next < NAMES_RENAMED_MAX ? renamed->next : (uint64_t)NAMES_RENAMED_MAX;
    for (uint64_t i = 0; i < count; i++) {
        if (renamed->rows[i].person == person &&
            pipeline->clock - renamed->rows[i].clock < NAMES_RENAMED_FOR) {
            return true;
        }
    }
    return false;
}

// A person from a look-up, without a handle that may be out of date.
static struct post_user
answer_of(const struct pipeline *pipeline, const struct post_user *profile)
{
    struct post_user answer = *profile;
    if (answer.id.len != 0 && is_renamed(pipeline, answer.id)) {
        answer.handle = SLICE_NONE;
    }
    return answer;
}

void
names_learn_user(struct pipeline *pipeline, const struct post_user *profile)
{
    if (users_find(&pipeline->users, profile->id) != USER_NONE && have_room(pipeline)) {
        // A looked-up person does not count as seen.
        struct post_user answer = answer_of(pipeline, profile);
        users_see(&pipeline->users, &answer, USEC_NONE);
    }
}

// By id, or by the handle alone.
static bool
is_person(const struct pipeline *pipeline, const struct post_user *profile)
{
    const struct users *users = &pipeline->users;
    if (users_find(users, profile->id) != USER_NONE) {
        return true;
    }
    uint32_t holder =
        users_holder(users, users_network_of(profile->id), profile->handle);
    return holder != USER_NONE &&
           (users_at(users, holder)->flags & USER_KEYED_BY_HANDLE) != 0;
}

void
names_rename(struct pipeline *pipeline, const struct post_user *profile)
{
    if (!is_person(pipeline, profile)) {
        return;
    }
    if (!have_room(pipeline)) {
        pipeline->users.texts_refused++;
        return;
    }
    struct names_renamed *renamed = &pipeline->renamed;
    size_t at = renamed->next++ % NAMES_RENAMED_MAX;
    renamed->rows[at].person = inside_hash(pipeline, profile->id);
    renamed->rows[at].clock = pipeline->clock;
    users_see(&pipeline->users, profile, USEC_NONE);
}

void
names_learn_post(struct pipeline *pipeline, const struct post_ref *facts)
{
    uint32_t cascade = cascades_find(&pipeline->cascades, facts->id);
    if (cascade != CASCADE_NONE && have_room(pipeline)) {
        struct post_ref answer = *facts;
        answer.author = answer_of(pipeline, &facts->author);
        if (answer.author.id.len != 0) {
            // The handle in the answer goes before the one the author was named by.
            users_see(&pipeline->users, &answer.author, USEC_NONE);
            arena_reset(&pipeline->hand.named_texts);
            persons_compare_author(pipeline, answer.id, &answer.author);
        }
        learn_post(pipeline, cascade,
                   &(struct learn_facts){
                       .post = &answer,
                       .author = inside_hash(pipeline, answer.author.id),
                       .time = USEC_NONE,
                   });
    }
}
