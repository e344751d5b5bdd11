#include "pipeline/pipeline.h"

#include <stdlib.h>
#include <string.h>

#include "pipeline/campaigns/campaign_outreach.h"
#include "pipeline/carriers/settle.h"
#include "pipeline/changes/change.h"
#include "pipeline/changes/change_carrier.h"
#include "pipeline/changes/key_rule.h"
#include "pipeline/fold/acts.h"
#include "pipeline/fold/belong.h"
#include "pipeline/fold/campaign_fold.h"
#include "pipeline/fold/campaign_people.h"
#include "pipeline/fold/campaign_reload.h"
#include "pipeline/fold/carry.h"
#include "pipeline/fold/learn.h"
#include "pipeline/fold/naming.h"
#include "pipeline/fold/parent.h"
#include "pipeline/fold/prefetch.h"
#include "pipeline/fold/renewal.h"
#include "pipeline/fold/undo.h"
#include "pipeline/fold/versions.h"
#include "pipeline/inside.h"
#include "pipeline/ledger.h"

enum {
    COUNTERS_PER_USER = 2,
    COUNTERS_PER_PAIR = 8,     // in campaigns, those of cascades and hashtags included
    COUNTERS_PER_CASCADE = 4,  // two, and those of evicted rows
    COUNTERS_MARGIN = 1 << 14, // where capacities are small a person has more
    SCRATCH_MAX = 256 << 10,
    NAMED_TEXTS_MAX = 32 << 20, // ids of as many mentions as a post may have
    FORGET_MAX = 4, // events per new one: memory shrinks, and no post has to wait
};

static void
counter_touched(void *context, uint32_t index, uint32_t slots)
{
    struct pipeline *pipeline = context;
    struct counter *counter = counters_at(&pipeline->windows.counters, index);
    enum tally tally = counter_tally(counter);
    if (tally >= TALLY_VELOCITY) {
        if (tally != TALLY_VELOCITY) {
            campaign_fold_touched(pipeline, index, slots);
            return;
        }
        cascades_queue(&pipeline->cascades, counter->owner, CASCADE_VELOCITY);
        return;
    }
    boards_touched(&pipeline->boards, index, slots);
    if (tally < TALLY_USERS) {
        counter->dirty |= (uint8_t)slots;
        users_queue(&pipeline->users, counter->owner);
    } else if (tally == TALLY_CASCADES) {
        const struct cascade *row = cascades_at(&pipeline->cascades, counter->owner);
        if (cascades_is_zero(&pipeline->cascades, row)) {
            cascades_queue(&pipeline->cascades, counter->owner, 0);
        }
    } else if (counters_refs(&pipeline->windows.counters, counter) == 0) {
        tags_fade(&pipeline->tags, counter->owner);
    }
}

// ── names for the boards ───────────────────────────────────────────────────

static struct slice
owner_id(void *context, enum tally tally, uint32_t owner)
{
    const struct pipeline *pipeline = context;
    tally = tally_plain(tally);
    if (tally < TALLY_USERS) {
        return users_id(&pipeline->users, owner);
    }
    return tally == TALLY_CASCADES ? cascades_id(&pipeline->cascades, owner)
                                   : tags_text(&pipeline->tags, owner);
}

static void
owner_hold(void *context, enum tally tally, uint32_t owner)
{
    struct pipeline *pipeline = context;
    tally = tally_plain(tally);
    if (tally < TALLY_USERS) {
        users_at(&pipeline->users, owner)->refs++;
    } else if (tally == TALLY_CASCADES) {
        cascades_at(&pipeline->cascades, owner)->refs++;
    } else {
        pipeline->tags.rows[owner].refs++;
    }
}

static void
owner_release(void *context, enum tally tally, uint32_t owner)
{
    struct pipeline *pipeline = context;
    tally = tally_plain(tally);
    if (tally < TALLY_USERS) {
        users_at(&pipeline->users, owner)->refs--;
    } else if (tally == TALLY_CASCADES) {
        struct cascade *row = cascades_at(&pipeline->cascades, owner);
        row->refs--;
        if ((row->flags & CASCADE_EVICTED) != 0) {
            // Its id is in the change that was just pulled: it is freed with a later
            // one.
            cascades_queue(&pipeline->cascades, owner, 0);
        }
    } else {
        pipeline->tags.rows[owner].refs--;
        tags_fade(&pipeline->tags, owner);
    }
}

// Who is on a board has a key (pipeline/changes/key_rule.h).
static void
owner_moved(void *context, enum tally tally, uint32_t owner)
{
    struct pipeline *pipeline = context;
    tally = tally_plain(tally);
    if (tally < TALLY_USERS) {
        const struct user *row = users_at(&pipeline->users, owner);
        bool has_carrier = (row->identity & USER_CARRIER_WRITTEN) != 0;
        users_queue(&pipeline->users, owner);
        // Who has a key may be about to leave a board: its selection is under way.
        if (has_carrier || key_rule_carrier(pipeline, owner)) {
            change_carrier_queue(pipeline, owner);
        }
    } else if (tally == TALLY_CASCADES) {
        cascades_queue(&pipeline->cascades, owner, 0);
    }
}

static void
cascade_closed(void *context, uint32_t cascade)
{
    settle_cascade(context, cascade);
}

static bool
alert_needs(void *context, uint32_t cascade)
{
    return change_alert_needs(context, cascade);
}

// ── life ───────────────────────────────────────────────────────────────────

static bool
records_init(struct pipeline *pipeline, uint32_t capacity)
{
    const struct cascades_needs beside = {
        .texts = pipeline->texts,
        .trees = &pipeline->trees,
        .users = &pipeline->users,
        .windows = &pipeline->windows,
        .key = &pipeline->key,
        .closed = cascade_closed,
        .needs = alert_needs,
        .context = pipeline,
    };
    return cascades_init(&pipeline->cascades, capacity, &beside);
}

static void
person_renamed(void *context, uint32_t user)
{
    campaign_people_renamed(context, user);
}

static bool
tables_init(struct pipeline *pipeline)
{
    const struct pipeline_options *options = &pipeline->options;
    uint64_t cascades = options->cascades_capacity;
    uint64_t counters = options->users_capacity * COUNTERS_PER_USER +
                        cascades * COUNTERS_PER_CASCADE + options->hashtags_capacity +
                        COUNTERS_MARGIN +
                        options->campaigns_capacity * COUNTERS_PER_PAIR;
    if (counters >= COUNTER_MAX || 2 * cascades > EVENT_RECORDS_INDEX) {
        return false;
    }
    pipeline->texts = slab_create(options->memory_texts);
    const struct windows_needs windows = {
        .spans = &options->windows,
        .bytes = options->memory_windows,
        .counters = (uint32_t)counters,
        .touched = counter_touched,
        .context = pipeline,
    };
    const struct users_needs people = {
        .texts = pipeline->texts,
        .key = &pipeline->key,
        .form = &pipeline->hand.handle_form,
        .merge = persons_merge,
        .renamed = person_renamed,
        .context = pipeline,
    };
    pipeline->board_owners = (struct boards_owners){pipeline, owner_id, owner_hold,
                                                    owner_release, owner_moved};
    const struct boards_needs boards = {
        .windows = &pipeline->windows,
        .spans = &options->windows,
        .owners = pipeline->board_owners,
        .lasting = ledger_boards(pipeline),
    };
    const struct trees_needs paths = {pipeline->texts, acts_joined, pipeline};
    return pipeline->texts != NULL && windows_init(&pipeline->windows, &windows) &&
           users_init(&pipeline->users, (uint32_t)options->users_capacity, &people) &&
           records_init(pipeline, (uint32_t)cascades) &&
           trees_init(&pipeline->trees, (uint32_t)options->trees_capacity, &paths) &&
           forecasts_init(&pipeline->forecasts, (uint32_t)cascades,
                          (uint32_t)options->cascades_authors, pipeline->texts) &&
           tags_init(&pipeline->tags, (uint32_t)options->hashtags_capacity,
                     pipeline->texts, &pipeline->key) &&
           event_records_init(&pipeline->records,
                              &(struct event_records_sizes){
                                  .events = (uint32_t)options->dedupe_capacity,
                                  .lasting = (uint32_t)options->dedupe_retweets,
                                  .text_bytes = options->memory_posts,
                              }) &&
           campaign_reload_init(pipeline, COUNTERS_PER_PAIR, (uint32_t)counters) &&
           locals_init(&pipeline->locals, (uint32_t)options->dedupe_capacity) &&
           ledger_init(pipeline) && campaign_acts_init(pipeline) &&
           campaign_outreach_init(pipeline) &&
           boards_init(&pipeline->boards, (uint32_t)options->top, &boards) &&
           withdrawals_init(&pipeline->withdrawals) &&
           alerts_init(&pipeline->alerts, (uint32_t)options->alerts_capacity);
}

struct pipeline *
pipeline_create(const struct pipeline_options *options, const struct hash_key *seed,
                bool is_event_time, struct error *error)
{
    struct pipeline *pipeline = calloc(1, sizeof(*pipeline));
    if (pipeline == NULL) {
        error_set(error, STATUS_NOMEM, "no memory for the pipeline");
        return NULL;
    }
    pipeline->options = *options;
    pipeline->key = *seed;
    pipeline->is_event_time = is_event_time;
    pipeline->started = USEC_NONE;
    pipeline->lost_at = USEC_NONE;
    pipeline->useless_step = INT64_MIN;
    release_init(&pipeline->release);
    pipeline->whole_from = USEC_NONE;
    pipeline->flush.stage = CHANGES_DONE;
    arena_init(&pipeline->flush.scratch, SCRATCH_MAX);
    arena_init(&pipeline->hand.named_texts, NAMED_TEXTS_MAX);
    handle_form_init(&pipeline->hand.handle_form);
    if (!tables_init(pipeline) || !arena_reserve(&pipeline->flush.scratch) ||
        !arena_reserve(&pipeline->hand.named_texts) ||
        !arena_reserve(&pipeline->hand.handle_form.arena)) {
        error_set(error, STATUS_NOMEM,
                  "the system does not provide the memory for these capacities; lower "
                  "users.capacity, cascades.capacity, memory.windows or memory.texts");
        pipeline_destroy(&pipeline);
        return NULL;
    }
    pipeline->longest = options->windows.length[pipeline->windows.longest];
    return pipeline;
}

void
pipeline_destroy(struct pipeline **pipeline)
{
    struct pipeline *p = *pipeline;
    if (p == NULL) {
        return;
    }
    withdrawals_fini(&p->withdrawals);
    locals_fini(&p->locals);
    campaigns_fini(&p->campaigns);
    alerts_fini(&p->alerts);
    boards_fini(&p->boards);
    campaign_outreach_fini(p);
    campaign_acts_fini(p);
    ledger_fini(p);
    event_records_fini(&p->records);
    tags_fini(&p->tags);
    trees_fini(&p->trees);
    forecasts_fini(&p->forecasts);
    cascades_fini(&p->cascades);
    users_fini(&p->users);
    windows_fini(&p->windows);
    slab_destroy(&p->texts);
    handle_form_fini(&p->hand.handle_form);
    arena_fini(&p->hand.named_texts);
    arena_fini(&p->flush.scratch);
    free(p);
    *pipeline = NULL;
}

// ── counting ───────────────────────────────────────────────────────────────

static void
publish(struct pipeline *pipeline, const struct persons_met *met, uint32_t event)
{
    const struct post *post = met->post;
    uint32_t author = met->actor;
    usec time = event_records_at(&pipeline->records, event)->time;
    inside_tally(pipeline, TALLY_POSTS, author, 1);
    naming_count(pipeline, post, author, time);

    struct event_records_words words = {
        .text = learn_cut(pipeline, post->text),
        .lang = post->lang,
    };
    if (post->alias.len != 0) {
        words.id = post->id;
    }
    event_records_put_text(&pipeline->records, event, &words);
    uint32_t own = cascades_find_hash(&pipeline->cascades, met->ids.post);
    if (own != CASCADE_NONE) {
        cascades_refresh(&pipeline->cascades, own, pipeline->clock);
        const struct post_ref facts = {
            .author = post->author,
            .text = post->text,
            .lang = post->lang,
            .created = time,
            .reported = post->reported,
            .has_reported = post->has_reported,
            .quote = post->quote.id.len != 0 ? &post->quote : NULL,
        };
        learn_post(pipeline, own, &(struct learn_facts){&facts, met->ids.author, time});
        cascades_at(&pipeline->cascades, own)->is_placed = true;
    }
    carry_references(pipeline, post, &met->ids, event);
    belong_published(pipeline, met, event);
}

// ── coming in ──────────────────────────────────────────────────────────────

void
pipeline_fold_handles(struct pipeline *pipeline, handle_form_fn fold)
{
    pipeline->hand.handle_form.fold = fold;
}

static void
advance(struct pipeline *pipeline, usec clock)
{
    if (clock <= pipeline->clock) {
        return;
    }
    pipeline->clock = clock;
    if (pipeline->started == USEC_NONE) {
        pipeline->started = clock;
    }
    pipeline->records.horizon = clock - pipeline->longest;
    windows_advance(&pipeline->windows, clock);
    cascades_advance(&pipeline->cascades, clock);
    parent_end_waits(pipeline);
    forecasts_advance(pipeline, clock);
    alerts_advance(pipeline);
}

void
pipeline_advance(struct pipeline *pipeline, usec wall)
{
    if (!pipeline->is_event_time) {
        advance(pipeline, wall);
    }
}

bool
pipeline_settle(struct pipeline *pipeline)
{
    withdrawals_search(pipeline, WITHDRAWALS_AT_ONCE);
    bool has_more = campaign_people_look(pipeline);
    return has_more || withdrawals_wait(&pipeline->withdrawals);
}

static uint32_t
remember(struct pipeline *pipeline, const struct post *post, uint64_t hash, usec time,
         uint32_t actor)
{
    uint32_t old;
    const struct event_records_part *newest = &pipeline->records.newest;
    const struct event_records_part *lasting = &pipeline->records.lasting;
    uint64_t last = lasting->next;
    for (int i = 0; i < FORGET_MAX &&
                    (old = event_records_forget(&pipeline->records)) != EVENT_NONE;
         i++) {
        uint32_t former = event_records_at(&pipeline->records, old)->actor;
        if (former != USER_NONE) {
            users_at(&pipeline->users, former)->refs--;
        }
    }
    if (lasting->next != last) {
        belong_moved(pipeline, event_records_row(newest, newest->first - 1),
                     event_records_row(lasting, last));
    }
    uint32_t event = event_records_add(&pipeline->records, hash);
    struct event *row = event_records_at(&pipeline->records, event);
    row->time = time;
    row->actor = actor;
    row->flags |= post->is_undone_by_id ? EVENT_LASTING : 0;
    users_at(&pipeline->users, actor)->refs++;
    belong_begin(pipeline, event);
    return event;
}

static void
learn_local(struct pipeline *pipeline, struct slice source, struct slice alias,
            uint64_t hash)
{
    if (alias.len != 0) {
        uint64_t name = inside_local(pipeline, source, alias);
        pipeline->metrics.locals_forgotten +=
            !locals_learn(&pipeline->locals, name, hash);
    }
}

static void
learn_locals(struct pipeline *pipeline, const struct post *post, uint64_t hash)
{
    const struct post_ref *refs[] = {&post->retweet_of, &post->quote};
    learn_local(pipeline, post->source, post->alias, hash);
    for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
        for (const struct post_ref *ref = refs[i]; ref != NULL; ref = ref->quote) {
            if (ref->id.len != 0 && ref->alias.len != 0) {
                learn_local(pipeline, post->source, ref->alias,
                            inside_hash(pipeline, ref->id));
            }
        }
    }
}

// A message that is not an event: nothing happened at its time.
static void
amend(struct pipeline *pipeline, const struct post *post)
{
    if (post->kind == POST_DELETED) {
        undo_post(pipeline, post);
    } else if (post->kind == POST_RENAMED) {
        names_rename(pipeline, &post->author);
    } else {
        withdrawals_add(pipeline, post);
    }
}

// True if no window contains that time any more.
static bool
is_late(const struct pipeline *pipeline, usec time)
{
    return time <= pipeline->clock - pipeline->longest;
}

// Counts a duplicate; false if the event is none.
static bool
count_repeated(struct pipeline *pipeline, uint64_t hash)
{
    uint32_t event = event_records_find(&pipeline->records, hash);
    if (event == EVENT_NONE) {
        return false;
    }
    pipeline->metrics.duplicates++;
    pipeline->metrics.duplicates_late +=
        is_late(pipeline, event_records_at(&pipeline->records, event)->time);
    return true;
}

enum status
pipeline_post(struct pipeline *pipeline, const struct post *post, usec wall)
{
    pipeline_advance(pipeline, wall);
    withdrawals_search(pipeline, WITHDRAWALS_PER_POST);
    if (!post_is_event(post)) {
        amend(pipeline, post);
        return STATUS_OK;
    }
    versions_learn(pipeline, post);
    struct persons_met met = {.post = post, .ids = ids_of(pipeline, post)};
    uint64_t hash = met.ids.post;
    prefetch_post(pipeline, post, &met.ids);
    learn_locals(pipeline, post, hash);
    if (count_repeated(pipeline, hash)) {
        return STATUS_OK;
    }
    bool has_time = post_time_is_believable(post->time, wall);
    if (pipeline->is_event_time && has_time) {
        // Even if the post is refused: the passing of time makes room.
        advance(pipeline, post->time);
    }
    if (renewal_waits(pipeline, post, &met.ids)) {
        return STATUS_AGAIN;
    }
    enum status status = admission_check(pipeline, post);
    if (status != STATUS_OK) {
        return status;
    }
    pipeline->metrics.times_replaced += !has_time;
    usec time = has_time ? post->time : pipeline->clock;
    // In wall time a post may be dated up to a minute ahead: it counts in the current
    // step.
    time = time < pipeline->clock ? time : pipeline->clock;
    if (persons_meet(pipeline, &met, time) != STATUS_OK) {
        admission_lose(pipeline, &pipeline->metrics.texts_left_out);
        pipeline->metrics.refused++;
        return STATUS_FULL;
    }
    if (met.actor == USER_NONE) {
        uint32_t actor = users_find_hash(&pipeline->users, met.ids.author);
        uint32_t event = remember(pipeline, met.post, hash, time, actor);
        carry_repeat(pipeline, met.post, &met.ids, event);
        return STATUS_OK;
    }
    uint32_t event = remember(pipeline, met.post, hash, time, met.actor);
    pipeline->metrics.late += is_late(pipeline, time);
    pipeline->hand.moment = windows_moment(&pipeline->windows, time);
    pipeline->hand.note_count = 0;
    pipeline->metrics.posts++;
    if (met.post->kind == POST_RETWEETED) {
        carry_retweet(pipeline, met.post, &met.ids, event);
    } else {
        publish(pipeline, &met, event);
    }
    campaign_fold_count(pipeline, met.post, event);
    event_records_note(&pipeline->records, event, pipeline->hand.notes,
                       pipeline->hand.note_count);
    pipeline->metrics.cut += pipeline->hand.is_cut;
    // A late event may have made a cascade that is closed already.
    cascades_advance(&pipeline->cascades, pipeline->clock);
    return STATUS_OK;
}

void
pipeline_set_thresholds(struct pipeline *pipeline, uint64_t users_from,
                        uint64_t cascades_from)
{
    struct pipeline_options *options = &pipeline->options;
    bool has_users = options->users_from != users_from;
    bool has_cascades = options->cascades_from != cascades_from;
    options->users_from = users_from;
    options->cascades_from = cascades_from;
    for (uint32_t i = 0; has_users && i < pipeline->users.high; i++) {
        const struct user *row = users_at(&pipeline->users, i);
        if (row->card != SLAB_NONE && row->counters != COUNTER_NONE) {
            users_queue(&pipeline->users, i);
        }
    }
    for (uint32_t i = 0; has_cascades && i < pipeline->cascades.high; i++) {
        if (cascades_at(&pipeline->cascades, i)->birth != 0) {
            cascades_queue(&pipeline->cascades, i, 0);
        }
    }
}

uint64_t
pipeline_duplicates(const struct pipeline *pipeline)
{
    return pipeline->metrics.duplicates;
}

const struct pipeline_metrics *
pipeline_metrics(struct pipeline *pipeline)
{
    struct pipeline_metrics *metrics = &pipeline->metrics;
    metrics->users = pipeline->users.count;
    metrics->users_merged = pipeline->users.merges;
    metrics->users_evicted = pipeline->users.evicted;
    metrics->carriers = pipeline->carriers.count;
    metrics->carriers_evicted = pipeline->carriers.evicted;
    metrics->carriers_refused = pipeline->carriers.refused;
    metrics->campaigns_pairs = pipeline->campaigns.pairs.count;
    metrics->cascades = pipeline->cascades.count;
    metrics->cascades_evicted = pipeline->cascades.evicted;
    metrics->cascades_evicted_open = pipeline->cascades.evicted_open;
    metrics->cascades_evicted_early = pipeline->cascades.evicted_early;
    metrics->authors = pipeline->forecasts.baselines.count;
    metrics->authors_evicted = pipeline->forecasts.baselines.evicted;
    metrics->reshares_refused = pipeline->forecasts.refused;
    metrics->names_refused = pipeline->users.texts_refused;
    metrics->hashtags = pipeline->tags.count;
    metrics->undo_forgotten = pipeline->records.forgotten;
    metrics->retweets_lasting =
        pipeline->records.lasting.next - pipeline->records.lasting.first;
    metrics->tree_nodes = pipeline->trees.nodes.count;
    metrics->tree_refused = pipeline->trees.refused;
    metrics->tree_late = pipeline->trees.late;
    metrics->tree_abandoned = pipeline->trees.abandoned;
    metrics->tree_frozen = pipeline->trees.frozen;
    metrics->texts_bytes = slab_used(pipeline->texts);
    metrics->window_entries = 0;
    for (uint32_t i = 0; i < pipeline->windows.shown + 2; i++) {
        metrics->window_entries += pipeline->windows.window[i].entries;
    }
    metrics->board_rebuilds = pipeline->boards.rebuilds;
    metrics->alerts_forgotten = pipeline->alerts.memory.forgotten;
    metrics->alerts_remembered = pipeline->alerts.memory.count;
    metrics->alerts_waiting = pipeline->alerts.queue.end - pipeline->alerts.queue.first;
    return metrics;
}

usec
pipeline_clock(const struct pipeline *pipeline)
{
    return pipeline->clock;
}
