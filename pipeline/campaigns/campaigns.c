#include "pipeline/campaigns/campaigns.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/region.h"
#include "base/snapshot.h"
#include "pipeline/campaigns/account.h"
#include "pipeline/campaigns/course.h"

// Each account takes at least two bytes of its list.
enum { ACCOUNTS_MAX = CAMPAIGN_MAX * OPTION_TEXTS_MAX / 2 };

// ── life ───────────────────────────────────────────────────────────────────

bool
campaigns_init(struct campaigns *campaigns, const struct campaigns_sizes *sizes)
{
    campaigns->looked_up = PAIR_NONE;
    campaigns->cascade_capacity = sizes->cascades;
    campaigns->event_capacity = sizes->events;
    campaigns->lasting_capacity = sizes->lasting;
    campaigns->counter_capacity = sizes->counters;
    campaigns->present_capacity = sizes->all_counters;
    campaigns->of_cascade = region_reserve(sizes->cascades * sizeof(uint64_t));
    campaigns->of_event = region_reserve(sizes->events * sizeof(uint64_t));
    campaigns->counted_in = region_reserve(sizes->events * sizeof(uint64_t));
    campaigns->arrived = region_reserve((sizes->lasting + 1) * sizeof(uint64_t));
    campaigns->figures = region_reserve(CAMPAIGN_MAX * sizeof(*campaigns->figures));
    campaigns->present = region_reserve(sizes->all_counters);
    campaigns->accounts = region_reserve(ACCOUNTS_MAX * sizeof(*campaigns->accounts));
    return campaigns->of_cascade != NULL && campaigns->of_event != NULL &&
           campaigns->counted_in != NULL && campaigns->arrived != NULL &&
           campaigns->accounts != NULL && campaigns->figures != NULL &&
           campaigns->present != NULL && pairs_init(&campaigns->pairs, sizes->pairs);
}

void
campaigns_fini(struct campaigns *campaigns)
{
    for (size_t i = 0; i < campaigns->count; i++) {
        boards_fini(&campaigns->figures[i].boards);
        outreach_keys_fini(&campaigns->figures[i].keys);
        course_destroy(&campaigns->figures[i].course);
    }
    for (uint32_t i = 0; i < campaigns->leaving_count; i++) {
        outreach_keys_fini(&campaigns->leaving[i].keys);
    }
    for (size_t i = 0; i < CAMPAIGN_MAX; i++) {
        known_people_fini(&campaigns->known[i]);
    }
    pairs_fini(&campaigns->pairs);
    region_release(campaigns->present, campaigns->present_capacity);
    region_release(campaigns->figures, CAMPAIGN_MAX * sizeof(*campaigns->figures));
    region_release(campaigns->of_cascade,
                   campaigns->cascade_capacity * sizeof(uint64_t));
    region_release(campaigns->of_event, campaigns->event_capacity * sizeof(uint64_t));
    region_release(campaigns->counted_in, campaigns->event_capacity * sizeof(uint64_t));
    region_release(campaigns->arrived,
                   (campaigns->lasting_capacity + 1) * sizeof(uint64_t));
    region_release(campaigns->accounts, ACCOUNTS_MAX * sizeof(*campaigns->accounts));
    *campaigns = (struct campaigns){0};
}

// ── replacing ──────────────────────────────────────────────────────────────

// Where the campaigns of a set are now; those that are gone leave it.
static uint64_t
translate(uint64_t set, const uint64_t bits[CAMPAIGN_MAX])
{
    uint64_t now = 0;
    for (; set != 0; set &= set - 1) {
        now |= bits[__builtin_ctzll(set)];
    }
    return now;
}

static void
translate_all(uint64_t *sets, uint32_t count, const uint64_t bits[CAMPAIGN_MAX])
{
    for (uint32_t i = 0; i < count; i++) {
        if (sets[i] != 0) {
            sets[i] = translate(sets[i], bits);
        }
    }
}

bool
campaigns_find(const struct campaigns *campaigns, const struct campaign *next,
               size_t count, uint64_t bits[CAMPAIGN_MAX])
{
    bool is_same = true;
    memset(bits, 0, CAMPAIGN_MAX * sizeof(*bits));
    for (size_t i = 0; i < campaigns->count; i++) {
        for (size_t k = 0; k < count; k++) {
            if (strcmp(campaigns->names[i], next[k].name) == 0) {
                bits[i] = UINT64_C(1) << k;
            }
        }
        is_same = is_same && bits[i] == UINT64_C(1) << i;
    }
    return is_same;
}

static int
by_hash(const void *a, const void *b)
{
    const struct campaigns_account *x = a;
    const struct campaigns_account *y = b;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

static void
add_accounts(struct campaigns *campaigns, const struct campaign *campaign, uint64_t bit,
             const struct campaigns_needs *needs)
{
    const char *item = NULL;
    const struct account_needs own = {needs->key, needs->form};
    while ((item = option_texts_next(&campaign->accounts, item)) != NULL) {
        campaigns->accounts[campaigns->account_count++] =
            (struct campaigns_account){account_hash(own, slice_of(item)), bit};
    }
}

// Sorts the accounts, and joins equal ones.
static void
arrange_accounts(struct campaigns *campaigns)
{
    struct campaigns_account *accounts = campaigns->accounts;
    size_t kept = 0;
    qsort(accounts, campaigns->account_count, sizeof(*accounts), by_hash);
    for (size_t i = 0; i < campaigns->account_count; i++) {
        if (kept != 0 && accounts[kept - 1].hash == accounts[i].hash) {
            accounts[kept - 1].campaigns |= accounts[i].campaigns;
        } else {
            accounts[kept++] = accounts[i];
        }
    }
    campaigns->account_count = kept;
}

void
campaigns_set(struct campaigns *campaigns, const struct campaign *next, size_t count,
              const struct campaigns_needs *needs)
{
    assert(count <= CAMPAIGN_MAX);
    if (!campaigns_find(campaigns, next, count, campaigns->moved)) {
        translate_all(campaigns->of_cascade, campaigns->cascade_capacity,
                      campaigns->moved);
        translate_all(campaigns->of_event, campaigns->event_capacity, campaigns->moved);
        translate_all(campaigns->counted_in, campaigns->event_capacity,
                      campaigns->moved);
    }
    campaigns->order++;
    memset(campaigns->names, 0, sizeof(campaigns->names));
    campaigns->count = count;
    campaigns->speechless = 0;
    campaigns->rivalled = 0;
    campaigns->account_count = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t bit = UINT64_C(1) << i;
        memcpy(campaigns->names[i], next[i].name, strlen(next[i].name));
        campaigns->speechless |= next[i].languages.count == 0 ? bit : 0;
        campaigns->rivalled |= next[i].rivals.count != 0 ? bit : 0;
        add_accounts(campaigns, &next[i], bit, needs);
    }
    if (campaigns->account_count != 0) {
        arrange_accounts(campaigns);
    }
}

void
campaigns_moved(struct campaigns *campaigns, const struct campaigns_moved *moved)
{
    campaigns->of_event[moved->to] = campaigns->of_event[moved->from];
    campaigns->counted_in[moved->to] = campaigns->counted_in[moved->from];
    campaigns->arrived[moved->to - moved->lasting_begin] = moved->sequence;
}

bool
campaigns_list(const struct campaigns *campaigns, uint32_t user)
{
    bool is_there = false;
    for (unsigned i = 0; i < campaigns->count && !is_there; i++) {
        uint32_t pair = pairs_find(&campaigns->pairs, i, user);
        is_there = pair != PAIR_NONE &&
                   pairs_at(&campaigns->pairs, pair)->members != 0 &&
                   figures_list(&campaigns->figures[i], user);
    }
    return is_there;
}

struct post_campaigns
campaigns_now(const struct campaigns *campaigns, struct post_campaigns sets)
{
    if (sets.order == campaigns->order) {
        return sets;
    }
    if (sets.order + 1 != campaigns->order) {
        return (struct post_campaigns){0};
    }
    return (struct post_campaigns){
        .found = translate(sets.found, campaigns->moved),
        .spoken = translate(sets.spoken, campaigns->moved),
        .rivals = translate(sets.rivals, campaigns->moved),
        .order = campaigns->order,
    };
}

// ── asking ─────────────────────────────────────────────────────────────────

static uint64_t
find(const struct campaigns *campaigns, uint64_t hash)
{
    const struct campaigns_account wanted = {hash, 0};
    const struct campaigns_account *found =
        bsearch(&wanted, campaigns->accounts, campaigns->account_count, sizeof(wanted),
                by_hash);
    return found != NULL ? found->campaigns : 0;
}

uint64_t
campaigns_of_user(const struct campaigns *campaigns, const struct users *users,
                  uint32_t user)
{
    uint64_t hashes[ACCOUNT_HASHES];
    if (campaigns->account_count == 0) {
        return 0;
    }
    uint64_t found = 0;
    size_t count = account_hashes(users, user, hashes);
    for (size_t i = 0; i < count; i++) {
        found |= find(campaigns, hashes[i]);
    }
    return found;
}

bool
campaigns_have(const struct campaigns *campaigns, uint64_t set, struct slice name)
{
    for (; set != 0; set &= set - 1) {
        if (slice_equal(slice_of(campaigns->names[__builtin_ctzll(set)]), name)) {
            return true;
        }
    }
    return false;
}

// ── snapshot ───────────────────────────────────────────────────────────────

void
campaigns_move(struct campaigns *campaigns, struct snapshot *snapshot,
               struct campaigns_used used)
{
    SNAPSHOT_VALUE(snapshot, campaigns->count);
    SNAPSHOT_VALUE(snapshot, campaigns->names);
    if (!snapshot_expect(snapshot, campaigns->count <= CAMPAIGN_MAX)) {
        campaigns->count = 0;
        return;
    }
    if (campaigns->count == 0) {
        used = (struct campaigns_used){0};
    }
    snapshot_rows(snapshot, campaigns->of_cascade, sizeof(uint64_t), &used.cascades,
                  campaigns->cascade_capacity);
    uint64_t *const of_events[] = {campaigns->of_event, campaigns->counted_in};
    for (size_t i = 0; i < sizeof(of_events) / sizeof(of_events[0]); i++) {
        snapshot_rows(snapshot, of_events[i], sizeof(uint64_t), &used.events,
                      campaigns->event_capacity);
        snapshot_rows(snapshot, of_events[i] + used.lasting_begin, sizeof(uint64_t),
                      &used.lasting, campaigns->event_capacity - used.lasting_begin);
    }
    snapshot_rows(snapshot, campaigns->arrived, sizeof(uint64_t), &used.lasting,
                  campaigns->lasting_capacity);
    pairs_move(&campaigns->pairs, snapshot);
    SNAPSHOT_VALUE(snapshot, campaigns->leaving_count);
    if (!snapshot_expect(snapshot, campaigns->leaving_count <= CAMPAIGN_MAX)) {
        campaigns->leaving_count = 0;
    }
    for (uint32_t i = 0; i < campaigns->leaving_count && !snapshot->is_failed; i++) {
        struct campaigns_leaving *leaving = &campaigns->leaving[i];
        SNAPSHOT_VALUE(snapshot, leaving->name);
        if (snapshot_expect(snapshot, leaving->keys.rows != NULL ||
                                          outreach_keys_init(&leaving->keys))) {
            outreach_keys_move(&leaving->keys, snapshot);
        }
    }
}
