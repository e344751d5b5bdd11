#include "pipeline/fold/campaign_reload.h"

#include <string.h>

#include "base/snapshot.h"
#include "pipeline/alerts/alert_newcomer.h"
#include "pipeline/campaigns/campaign_outreach.h"
#include "pipeline/campaigns/course.h"
#include "pipeline/fold/campaign_people.h"
#include "pipeline/inside.h"

bool
campaign_reload_init(struct pipeline *pipeline, uint32_t counters_per_pair,
                     uint32_t all_counters)
{
    const struct pipeline_options *options = &pipeline->options;
    uint32_t pairs = options_people_kept(options, options->campaigns_capacity);
    const struct campaigns_sizes sizes = {
        .cascades = 2 * (uint32_t)options->cascades_capacity,
        .events = (uint32_t)(options->dedupe_capacity + options->dedupe_retweets),
        .lasting = (uint32_t)options->dedupe_retweets,
        .pairs = pairs,
        .counters = pairs * counters_per_pair,
        .all_counters = all_counters,
    };
    return campaigns_init(&pipeline->campaigns, &sizes);
}

// ── figures ────────────────────────────────────────────────────────────────

static bool
init_boards(struct pipeline *pipeline, struct figures *figures, const char *name,
            size_t number)
{
    const struct boards_needs needs = {
        .windows = &pipeline->windows,
        .spans = &pipeline->options.windows,
        .owners = pipeline->board_owners,
        .lasting = campaign_outreach_board(pipeline, number),
        .campaign = name,
        .number = (uint8_t)number,
    };
    usec since = pipeline->started != USEC_NONE ? pipeline->clock : USEC_NONE;
    figures->course = course_create(pipeline->windows.shown, since);
    return figures->course != NULL && outreach_keys_init(&figures->keys) &&
           boards_init(&figures->boards, (uint32_t)pipeline->options.top, &needs);
}

// The total's owner names its campaign.
static void
number_totals(struct pipeline *pipeline, struct figures *figures, size_t number)
{
    struct counters *counters = &pipeline->windows.counters;
    figures->boards.campaign = (uint8_t)number;
    figures->boards.lasting = campaign_outreach_board(pipeline, number);
    for (uint32_t i = 0; i < FIGURES_TOTALS; i++) {
        counters_at(counters, figures->totals[i])->owner =
            (uint32_t)number * FIGURES_TOTALS + i;
    }
}

static bool
create_figures(struct pipeline *pipeline, struct figures *figures, const char *name,
               size_t number)
{
    struct counters *counters = &pipeline->windows.counters;
    *figures = (struct figures){.is_changed = true, .is_whole = true};
    bool is_good = init_boards(pipeline, figures, name, number) &&
                   windows_have_room(&pipeline->windows, FIGURES_TOTALS);
    if (!is_good) {
        boards_fini(&figures->boards);
        outreach_keys_fini(&figures->keys);
        course_destroy(&figures->course);
        return false;
    }
    for (uint32_t i = 0; i < FIGURES_TOTALS; i++) {
        figures->totals[i] = counters_create(counters, TALLY_TOTAL, 0);
    }
    for (uint32_t i = 0; i < figures->boards.count; i++) {
        boards_lost(&figures->boards, i);
    }
    return true;
}

// The keys are taken by others, or freed.
static void
drop_figures(struct pipeline *pipeline, struct figures *figures)
{
    boards_release(&figures->boards);
    boards_fini(&figures->boards);
    course_destroy(&figures->course);
    for (uint32_t i = 0; i < FIGURES_TOTALS; i++) {
        windows_counter_orphan(&pipeline->windows, figures->totals[i]);
    }
}

// ── counters and pairs ─────────────────────────────────────────────────────

// Gives the counters of a list their new numbers; frees those whose campaign is gone.
static void
renumber_list(struct pipeline *pipeline, uint32_t *first, const uint64_t *bits)
{
    struct windows *windows = &pipeline->windows;
    uint32_t *link = first;
    while (*link != COUNTER_NONE) {
        uint32_t index = *link;
        struct counter *counter = counters_at(&windows->counters, index);
        bool is_within = counter_tally(counter) >= TALLY_CAMPAIGN;
        if (is_within && bits[counter->dirty] == 0) {
            *link = counter->next;
            counter->next = COUNTER_NONE;
            pipeline->campaigns.present[index] = 0;
            windows_counter_orphan(windows, index);
            continue;
        }
        if (is_within) {
            counter->dirty = (uint8_t)__builtin_ctzll(bits[counter->dirty]);
        }
        link = &counter->next;
    }
}

static void
renumber_counters(struct pipeline *pipeline, const uint64_t *bits)
{
    struct cascades *cascades = &pipeline->cascades;
    for (uint32_t i = 0; i < pipeline->users.high; i++) {
        struct user *row = users_at(&pipeline->users, i);
        if (row->card != SLAB_NONE && row->counters != COUNTER_NONE) {
            uint32_t first = row->counters;
            renumber_list(pipeline, &first, bits);
            row->counters = first;
        }
    }
    for (uint32_t i = 0; i < cascades->high; i++) {
        if (cascades_at(cascades, i)->birth != 0) {
            renumber_list(pipeline, &cascades_at(cascades, i)->board, bits);
        }
    }
    for (uint32_t i = 0; i < pipeline->tags.high; i++) {
        if (pipeline->tags.rows[i].text != SLAB_NONE) {
            renumber_list(pipeline, &pipeline->tags.rows[i].counter, bits);
        }
    }
}

static void
renumber_pairs(struct pipeline *pipeline, const uint64_t *bits)
{
    struct pairs *pairs = &pipeline->campaigns.pairs;
    for (uint32_t i = 0; i < pairs->high; i++) {
        const struct pairs_row *pair = pairs_at(pairs, i);
        if (pairs_is_free(pair)) {
            continue;
        }
        uint64_t bit = bits[pair->campaign];
        if (bit != 0) {
            pairs_move_to(pairs, i, (unsigned)__builtin_ctzll(bit), pair->user);
        } else {
            carriers_forget(&pipeline->campaigns.carried, i);
            alert_newcomer_evicted(pipeline, i);
            users_at(&pipeline->users, pair->user)->refs--;
            pairs_remove(pairs, i);
        }
    }
}

// ── replacing ──────────────────────────────────────────────────────────────

// Those who have a key there are no longer held for it.
static void
release_keys(struct pipeline *pipeline, struct outreach_keys *keys)
{
    for (uint32_t i = 0; i < keys->count; i++) {
        users_at(&pipeline->users, keys->rows[i].user)->refs--;
    }
    outreach_keys_fini(keys);
}

static void
take_out(struct campaigns *campaigns, uint32_t leaving)
{
    campaigns->leaving_count--;
    memmove(&campaigns->leaving[leaving], &campaigns->leaving[leaving + 1],
            (campaigns->leaving_count - leaving) * sizeof(campaigns->leaving[0]));
    campaigns->leaving[campaigns->leaving_count] = (struct campaigns_leaving){0};
}

// The keys of a campaign that is gone are deleted; of too many, those that left first
// stay until the next process purges them.
static void
note_leaving(struct pipeline *pipeline, const char *name, struct outreach_keys *keys)
{
    struct campaigns *campaigns = &pipeline->campaigns;
    if (campaigns->leaving_count == CAMPAIGN_MAX) {
        release_keys(pipeline, &campaigns->leaving[0].keys);
        take_out(campaigns, 0);
    }
    struct campaigns_leaving *leaving = &campaigns->leaving[campaigns->leaving_count++];
    memcpy(leaving->name, name, OPTION_TITLE_MAX);
    leaving->keys = *keys;
    leaving->pulled = 0;
    *keys = (struct outreach_keys){0};
}

// It is back: it may still have its keys, and so may those who had one.
static void
forget_leaving(struct pipeline *pipeline, const char *name, struct figures *figures)
{
    struct campaigns *campaigns = &pipeline->campaigns;
    for (uint32_t i = 0; i < campaigns->leaving_count; i++) {
        struct campaigns_leaving *leaving = &campaigns->leaving[i];
        if (strcmp(leaving->name, name) == 0) {
            release_keys(pipeline, &figures->keys);
            figures->keys = leaving->keys;
            for (uint32_t k = 0; k < figures->keys.count; k++) {
                figures->keys.rows[k].state = OUTREACH_KEY_WHOLE;
            }
            figures->is_written = figures->is_whole = figures->is_changed = true;
            take_out(campaigns, i);
            return;
        }
    }
}

// What is counted in the next campaigns, those that stay and new ones. False if there
// is no memory; then nothing has changed.
static bool
arrange_figures(struct pipeline *pipeline, const struct campaign *next, size_t count,
                const uint64_t *bits, struct figures *ret_figures)
{
    struct campaigns *campaigns = &pipeline->campaigns;
    uint64_t kept = 0;
    for (size_t i = 0; i < campaigns->count; i++) {
        if (bits[i] != 0) {
            ret_figures[__builtin_ctzll(bits[i])] = campaigns->figures[i];
            kept |= bits[i];
        }
    }
    for (size_t i = 0; i < count; i++) {
        if ((kept >> i & 1) != 0 ||
            create_figures(pipeline, &ret_figures[i], next[i].name, i)) {
            continue;
        }
        while (i-- > 0) {
            if ((kept >> i & 1) == 0) {
                drop_figures(pipeline, &ret_figures[i]);
                outreach_keys_fini(&ret_figures[i].keys);
            }
        }
        return false;
    }
    return true;
}

static void
replace_figures(struct pipeline *pipeline, const struct figures *figures, size_t count,
                const uint64_t *bits)
{
    struct campaigns *campaigns = &pipeline->campaigns;
    for (size_t i = 0; i < campaigns->count; i++) {
        if (bits[i] == 0) {
            drop_figures(pipeline, &campaigns->figures[i]);
            note_leaving(pipeline, campaigns->names[i], &campaigns->figures[i].keys);
        }
    }
    memcpy(campaigns->figures, figures, count * sizeof(*figures));
    for (size_t i = 0; i < count; i++) {
        number_totals(pipeline, &campaigns->figures[i], i);
    }
}

// The people known to a campaign that is gone are forgotten.
static void
move_known(struct campaigns *campaigns, const uint64_t *bits)
{
    struct known_people known[CAMPAIGN_MAX] = {0};
    for (size_t i = 0; i < CAMPAIGN_MAX; i++) {
        if (bits[i] != 0) {
            known[__builtin_ctzll(bits[i])] = campaigns->known[i];
        } else {
            known_people_fini(&campaigns->known[i]);
        }
    }
    memcpy(campaigns->known, known, sizeof(known));
}

uint32_t
pipeline_set_campaigns(struct pipeline *pipeline, const struct campaign *next,
                       size_t count)
{
    struct campaigns *campaigns = &pipeline->campaigns;
    const struct campaigns_needs needs = {&pipeline->key, &pipeline->hand.handle_form};
    struct figures figures[CAMPAIGN_MAX];
    uint64_t bits[CAMPAIGN_MAX];
    bool is_same = campaigns_find(campaigns, next, count, bits);
    campaigns->is_moving = true;
    bool is_good = arrange_figures(pipeline, next, count, bits, figures);
    if (is_good) {
        replace_figures(pipeline, figures, count, bits);
        if (!is_same) {
            renumber_counters(pipeline, bits);
            renumber_pairs(pipeline, bits);
            move_known(campaigns, bits);
        }
        for (size_t i = 0; i < count; i++) {
            struct figures *one = &campaigns->figures[i];
            forget_leaving(pipeline, next[i].name, one);
            boards_set_top(&one->boards, one->boards.windowed,
                           (uint32_t)next[i].outreach);
            one->has_changed_people = true;
        }
        campaigns_set(campaigns, next, count, &needs);
    }
    campaigns->is_moving = false;
    return is_good ? campaigns->order : 0;
}

void
pipeline_set_known_people(struct pipeline *pipeline, size_t campaign,
                          struct known_people *people)
{
    known_people_swap(&pipeline->campaigns.known[campaign], people);
    known_people_fini(people);
    campaign_people_look_again(pipeline);
}

struct account_needs
pipeline_account_needs(struct pipeline *pipeline)
{
    return (struct account_needs){&pipeline->key, &pipeline->hand.handle_form};
}

void
campaign_reload_move(struct pipeline *pipeline, struct snapshot *snapshot)
{
    struct campaigns *campaigns = &pipeline->campaigns;
    carriers_move(&campaigns->carried, snapshot);
    uint32_t high = campaigns->count != 0 ? pipeline->windows.counters.rows.high : 0;
    snapshot_rows(snapshot, campaigns->present, 1, &high, campaigns->present_capacity);
    for (size_t i = 0; i < campaigns->count && !snapshot->is_failed; i++) {
        struct figures *figures = &campaigns->figures[i];
        bool is_made = figures->boards.rows != NULL ||
                       init_boards(pipeline, figures, campaigns->names[i], i);
        if (snapshot_expect(snapshot, is_made)) {
            figures_move(figures, snapshot);
        }
    }
}
