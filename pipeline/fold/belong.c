#include "pipeline/fold/belong.h"

#include "pipeline/fold/campaign_acts.h"
#include "pipeline/fold/versions.h"
#include "pipeline/inside.h"

static bool
is_used(const struct pipeline *pipeline)
{
    return pipeline->campaigns.count != 0;
}

static uint64_t
of_user(const struct pipeline *pipeline, uint32_t user)
{
    return user != USER_NONE
               ? campaigns_of_user(&pipeline->campaigns, &pipeline->users, user)
               : 0;
}

// The campaigns of a post that another one answers, as far as it is known.
static uint64_t
of_answered(const struct pipeline *pipeline, const struct post *post,
            const struct post_ref *ref)
{
    const struct campaigns *campaigns = &pipeline->campaigns;
    uint64_t hash;
    if (ref->id.len != 0) {
        hash = versions_target(pipeline, ref->id);
    } else if (ref->alias.len == 0 ||
               !locals_find(&pipeline->locals,
                            inside_local(pipeline, post->source, ref->alias), &hash)) {
        return 0;
    }
    uint32_t cascade = cascades_find_hash(&pipeline->cascades, hash);
    if (cascade != CASCADE_NONE) {
        return campaigns->of_cascade[cascade];
    }
    uint32_t event = event_records_find(&pipeline->records, hash);
    bool is_post =
        event != EVENT_NONE &&
        (event_records_at(&pipeline->records, event)->flags & EVENT_RETWEET) == 0;
    return is_post ? campaigns->of_event[event] : 0;
}

void
belong_begin(struct pipeline *pipeline, uint32_t event)
{
    campaign_acts_begin(pipeline, event);
    if (is_used(pipeline)) {
        pipeline->campaigns.of_event[event] = 0;
        pipeline->campaigns.counted_in[event] = 0;
    }
}

void
belong_published(struct pipeline *pipeline, const struct persons_met *met,
                 uint32_t event)
{
    struct campaigns *campaigns = &pipeline->campaigns;
    const struct post *post = met->post;
    if (!is_used(pipeline)) {
        return;
    }
    const struct post_campaigns sets = campaigns_now(campaigns, post->campaigns);
    uint64_t set = sets.found | of_user(pipeline, met->actor);
    for (size_t i = 0; i < post->mention_count && campaigns->account_count != 0; i++) {
        uint32_t user = users_find(&pipeline->users, post->mentions[i].id);
        set |= user != USER_NONE ? of_user(pipeline, users_now(&pipeline->users, user))
                                 : 0;
    }
    set &= sets.spoken;
    set |= of_answered(pipeline, post, &post->quote) |
           of_answered(pipeline, post, &post->reply_to);
    campaigns->of_event[event] = set;
    uint32_t own = cascades_find_hash(&pipeline->cascades, met->ids.post);
    if (own != CASCADE_NONE) {
        campaigns->of_cascade[own] |= set;
    }
}

void
belong_new(struct pipeline *pipeline, uint32_t cascade)
{
    if (is_used(pipeline)) {
        pipeline->campaigns.of_cascade[cascade] = 0;
    }
}

void
belong_recalled(struct pipeline *pipeline, uint32_t cascade, uint32_t event)
{
    struct campaigns *campaigns = &pipeline->campaigns;
    cascades_at(&pipeline->cascades, cascade)->is_placed = true;
    if (is_used(pipeline)) {
        campaigns->of_cascade[cascade] |= campaigns->of_event[event];
    }
}

void
belong_target(struct pipeline *pipeline, uint32_t cascade, const struct post_ref *ref,
              uint32_t quoted)
{
    struct campaigns *campaigns = &pipeline->campaigns;
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    if (!is_used(pipeline) || row->is_placed) {
        row->is_placed = row->is_placed || ref->text.len != 0;
        return;
    }
    const struct post_campaigns sets = campaigns_now(campaigns, ref->campaigns);
    bool is_seen = ref->text.len != 0 || sets.found != 0;
    uint64_t set = sets.found | of_user(pipeline, row->author);
    set &= is_seen ? sets.spoken : campaigns->speechless;
    set |= quoted != CASCADE_NONE ? campaigns->of_cascade[quoted] : 0;
    campaigns->of_cascade[cascade] |= set;
    row->is_placed = is_seen;
}

void
belong_moved(struct pipeline *pipeline, uint32_t from, uint32_t to)
{
    const struct event_records *records = &pipeline->records;
    if (is_used(pipeline)) {
        campaigns_moved(&pipeline->campaigns,
                        &(struct campaigns_moved){
                            .from = from,
                            .to = to,
                            .lasting_begin = records->lasting.begin,
                            .sequence = records->newest.first - 1,
                        });
    }
}
