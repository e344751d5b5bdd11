#include "pipeline/names.h"

#include "pipeline/state.h"

enum { TEXTS_MARGIN = 1 << 20 }; // far more than what is learnt at once

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

bool
names_next(const struct pipeline *pipeline, struct slice network,
           struct names_cursor *cursor, struct names_item *ret_item)
{
    const struct boards *boards = &pipeline->boards;
    for (; cursor->board < boards->count; cursor->board++, cursor->entry = 0) {
        enum tally tally = (enum tally)(cursor->board / pipeline->windows.shown);
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

static bool
have_room(struct pipeline *pipeline)
{
    const struct slab *slab = pipeline->texts;
    return slab_room(slab) >= TEXTS_MARGIN && users_make_room(&pipeline->users, 1);
}

void
names_learn_user(struct pipeline *pipeline, const struct post_user *profile)
{
    if (users_find(&pipeline->users, profile->id) != USER_NONE && have_room(pipeline)) {
        // Not seen: only named.
        users_see(&pipeline->users, profile, USEC_NONE);
    }
}

void
names_learn_post(struct pipeline *pipeline, const struct post_ref *facts)
{
    uint32_t cascade = cascades_find(&pipeline->cascades, facts->id);
    if (cascade != CASCADE_NONE && have_room(pipeline)) {
        pipeline_learn(pipeline, cascade, facts, USEC_NONE);
    }
}
