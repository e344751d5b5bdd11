#include "pipeline/alerts/alerts.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/snapshot.h"
#include "pipeline/alerts/alert_carriers.h"
#include "pipeline/alerts/alert_newcomer.h"
#include "pipeline/alerts/alert_raise.h"
#include "pipeline/inside.h"

#define TICK (10 * USEC_PER_S)
#define DIGEST_CALM (10 * USEC_PER_S)
#define DIGEST_WAIT_MAX (10 * USEC_PER_MIN)

enum { TIMED_SIZE_MIN = 10, TIMED_TICKS = 6 };

// ── life ───────────────────────────────────────────────────────────────────

bool
pipeline_alerts_fit(const struct pipeline *pipeline)
{
    return alert_queue_room(&pipeline->alerts.queue) >= ALERT_BURST_MAX &&
           alert_texts_has_room(&pipeline->alerts.texts);
}

bool
alerts_init(struct alerts *alerts, uint32_t capacity)
{
    alerts->tick = INT64_MIN;
    alert_texts_init(&alerts->texts);
    return alert_memory_init(&alerts->memory, capacity);
}

void
alerts_fini(struct alerts *alerts)
{
    alert_memory_fini(&alerts->memory);
    alert_texts_fini(&alerts->texts);
}

static void
plan_init(struct alerts_plan *plan, const struct rule *rule, uint64_t hash)
{
    *plan = (struct alerts_plan){.hash = hash, .is_newcomer = rules_is_newcomer(rule)};
    plan->count = rules_conditions(rule, plan->conditions);
    while (plan->scaled < plan->count && !plan->conditions[plan->scaled].is_scaled) {
        plan->scaled++;
    }
}

// Finds the record of each rule.
static void
prepare(struct pipeline *pipeline)
{
    struct alerts *alerts = &pipeline->alerts;
    struct alerts_record before[RULES_MAX];
    memcpy(before, alerts->records, sizeof(before));
    memset(alerts->records, 0, sizeof(alerts->records));
    alerts->newcomers = 0;
    for (size_t i = 0; i < alerts->count; i++) {
        struct slice name = slice_of(alerts->rules[i].name);
        uint64_t hash = rules_is_newcomer(&alerts->rules[i])
                            ? alert_newcomer_rule(pipeline, name)
                            : inside_hash(pipeline, name);
        plan_init(&alerts->plans[i], &alerts->rules[i], hash);
        alerts->newcomers += alerts->plans[i].is_newcomer;
        alerts->records[i] = (struct alerts_record){.rule = hash, .late = USEC_NONE};
        for (size_t k = 0; k < RULES_MAX; k++) {
            if (before[k].rule == hash) {
                alerts->records[i] = before[k];
                before[k].digest_count = 0;
            }
        }
    }
    for (size_t k = 0; k < RULES_MAX; k++) {
        alert_raise_abandon(pipeline, &before[k]);
    }
    alert_carriers_prepare(pipeline);
}

static bool
is_among(const struct rule *rules, size_t count, const struct rule *rule)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rules[i].name, rule->name) == 0 &&
            rules_is_newcomer(&rules[i]) == rules_is_newcomer(rule)) {
            return true;
        }
    }
    return false;
}

void
pipeline_set_rules(struct pipeline *pipeline, const struct rule *rules, size_t count)
{
    assert(count <= RULES_MAX);
    for (size_t i = 0; i < pipeline->alerts.count; i++) {
        if (!is_among(rules, count, &pipeline->alerts.rules[i])) {
            alert_raise_close_digest(pipeline, i);
        }
    }
    if (count != 0) {
        memcpy(pipeline->alerts.rules, rules, count * sizeof(*rules));
    }
    pipeline->alerts.count = count;
    prepare(pipeline);
}

void
pipeline_watch(struct pipeline *pipeline, pipeline_watch_fn watch, void *context)
{
    pipeline->alerts.watch = watch;
    pipeline->alerts.watch_context = context;
}

// ── whether a rule holds ───────────────────────────────────────────────────

enum verdict { HOLDS, MAY_HOLD_IN_TIME, HOLDS_NOT };

static enum verdict
verdict_of(const struct pipeline *pipeline, const struct alert_sight *sight,
           uint64_t level)
{
    const struct alerts_plan *plan = &pipeline->alerts.plans[sight->rule];
    enum verdict verdict = HOLDS;
    for (size_t i = 0; i < plan->count; i++) {
        const struct rules_condition *condition = &plan->conditions[i];
        double value = alert_raise_measured(pipeline, sight, condition);
        if (rules_holds(condition, value, level)) {
            continue;
        }
        if (!condition->is_timed) {
            return HOLDS_NOT;
        }
        verdict = MAY_HOLD_IN_TIME;
    }
    return verdict;
}

static bool
matches(const struct pipeline *pipeline, const struct alert_sight *sight)
{
    struct rules_root root =
        alert_raise_root(pipeline, cascades_at(&pipeline->cascades, sight->cascade));
    return rules_match(&pipeline->alerts.rules[sight->rule], &root, NULL, NULL);
}

// The lowest level of the rule that is not raised yet; 0: all are raised.
static uint64_t
level_next(const struct rule *rule, uint32_t raised)
{
    for (size_t i = 0; i < rule->levels.count; i++) {
        if (rule->levels.value[i] > raised) {
            return rule->levels.value[i];
        }
    }
    return 0;
}

static uint64_t
level_highest(const struct pipeline *pipeline, const struct alert_sight *sight,
              uint64_t least)
{
    const struct rule *rule = &pipeline->alerts.rules[sight->rule];
    for (size_t i = rule->levels.count; i-- > 0;) {
        uint64_t level = rule->levels.value[i];
        if (level > least && verdict_of(pipeline, sight, level) == HOLDS) {
            return level;
        }
    }
    return least;
}

// ── the daily budget ───────────────────────────────────────────────────────

// How much of the day's budget is used.
static uint64_t
used_on(const struct alerts_record *record, int64_t day)
{
    return record->day == day ? record->used : 0;
}

static bool
may_spend(const struct pipeline *pipeline, size_t rule)
{
    uint64_t budget = pipeline->alerts.rules[rule].daily_budget;
    int64_t day = usec_floor_div(pipeline->clock, USEC_PER_DAY);
    uint64_t used = used_on(&pipeline->alerts.records[rule], day);
    usec into = pipeline->clock - day * USEC_PER_DAY;
    // A budget has at most 20 bits, the seconds of a day 17.
    uint64_t allowed = 1 + budget * (uint64_t)(into / USEC_PER_S) /
                               (uint64_t)(USEC_PER_DAY / USEC_PER_S);
    return used < (allowed < budget ? allowed : budget);
}

static void
spend_one(struct pipeline *pipeline, size_t rule)
{
    struct alerts_record *record = &pipeline->alerts.records[rule];
    int64_t day = usec_floor_div(pipeline->clock, USEC_PER_DAY);
    record->used = used_on(record, day) + 1;
    record->day = day;
}

// The greater value goes first.
static bool
goes_first(const struct pipeline *pipeline, const struct alert_row *a,
           const struct alert_row *b)
{
    const struct cascade *x = cascades_at(&pipeline->cascades, a->cascade);
    const struct cascade *y = cascades_at(&pipeline->cascades, b->cascade);
    if (x->size != y->size) {
        return x->size > y->size;
    }
    return x->reach != y->reach ? x->reach > y->reach : x->birth < y->birth;
}

// The first of the rule's rows that wait for budget, or NULL.
static struct alert_row *
first_short(struct pipeline *pipeline, size_t rule)
{
    struct alert_memory *memory = &pipeline->alerts.memory;
    struct alert_row *first = NULL;
    for (uint32_t i = 0; i < memory->high; i++) {
        struct alert_row *row = alert_memory_at(memory, i);
        if (row->rule == pipeline->alerts.plans[rule].hash &&
            (row->flags & ALERT_ROW_SHORT) != 0 &&
            (first == NULL || goes_first(pipeline, row, first))) {
            first = row;
        }
    }
    return first;
}

// Call it just after every row that waits for budget was evaluated.
static void
spend(struct pipeline *pipeline, size_t rule)
{
    struct alerts_record *record = &pipeline->alerts.records[rule];
    while (record->is_short != 0 && may_spend(pipeline, rule) &&
           !alert_raise_is_full(pipeline)) {
        struct alert_row *row = first_short(pipeline, rule);
        if (row == NULL) {
            record->is_short = 0;
            return;
        }
        struct alert_sight sight = {.rule = rule, .cascade = row->cascade};
        uint64_t least = level_next(&pipeline->alerts.rules[rule], row->level);
        alert_raise(pipeline, &sight, row, level_highest(pipeline, &sight, least));
        spend_one(pipeline, rule);
    }
}

// ── judging ────────────────────────────────────────────────────────────────

// The row of this rule and cascade, or NULL. with_new: created if there is none.
static struct alert_row *
row_of(struct pipeline *pipeline, const struct alert_sight *sight, bool with_new)
{
    struct alerts *alerts = &pipeline->alerts;
    struct cascade *cascade = cascades_at(&pipeline->cascades, sight->cascade);
    uint64_t rule = alerts->plans[sight->rule].hash;
    uint32_t index = with_new ? alert_memory_put(&alerts->memory, cascade->hash, rule,
                                                 alert_raise_left, pipeline)
                              : alert_memory_find(&alerts->memory, cascade->hash, rule);
    if (index == ALERT_ROW_NONE) {
        pipeline->metrics.alerts_deferred += with_new;
        return NULL;
    }
    struct alert_row *row = alert_memory_at(&alerts->memory, index);
    if (row->birth != cascade->birth || row->cascade != sight->cascade) {
        alert_raise_lose_close(pipeline, row);
        row->cascade = sight->cascade;
        row->birth = cascade->birth;
        row->held = USEC_NONE;
        row->flags = 0;
    }
    cascade->is_watched = true;
    return row;
}

static void
row_rest(struct pipeline *pipeline, struct alert_row *row)
{
    row->held = USEC_NONE;
    row->flags &= ALERT_ROW_OPEN;
    if (row->level == 0 && row->digest == 0 && row->flags == 0) {
        alert_memory_drop(&pipeline->alerts.memory,
                          (uint32_t)(row - pipeline->alerts.memory.rows));
    }
}

// The conditions do not hold.
static void
judge_unfit(struct pipeline *pipeline, const struct alert_sight *sight, bool is_timed)
{
    const struct cascade *cascade = cascades_at(&pipeline->cascades, sight->cascade);
    bool is_watched =
        is_timed && cascade->size >= TIMED_SIZE_MIN && matches(pipeline, sight);
    if (!cascade->is_watched && !is_watched) {
        return;
    }
    struct alert_row *row = row_of(
        pipeline, sight, is_watched && alert_memory_is_roomy(&pipeline->alerts.memory));
    if (row == NULL) {
        return;
    }
    if (is_watched) {
        row->held = USEC_NONE;
        row->flags = (row->flags & ALERT_ROW_OPEN) | ALERT_ROW_TIMED;
    } else {
        row_rest(pipeline, row);
    }
}

static bool
has_waited(const struct pipeline *pipeline, const struct rule *rule,
           const struct alert_row *row)
{
    return pipeline->clock - row->held >= rule->hysteresis &&
           (row->raised == USEC_NONE ||
            pipeline->clock - row->raised >= rule->cooldown);
}

// All conditions hold at the lowest level that is not raised.
static void
judge_fit(struct pipeline *pipeline, const struct alert_sight *sight,
          struct alert_row *row, bool is_tick)
{
    const struct rule *rule = &pipeline->alerts.rules[sight->rule];
    struct alerts_record *record = &pipeline->alerts.records[sight->rule];
    row->held = row->held == USEC_NONE ? pipeline->clock : row->held;
    row->flags = (row->flags & ALERT_ROW_OPEN) | ALERT_ROW_WAITS;
    if (!has_waited(pipeline, rule, row)) {
        return;
    }
    uint64_t level = level_highest(pipeline, sight, level_next(rule, row->level));
    if (sight->is_late && alert_raise_later(pipeline, sight, row, level)) {
        return;
    }
    bool is_budgeted = rule->daily_budget != 0;
    if (is_budgeted &&
        (is_tick || record->is_short != 0 || !may_spend(pipeline, sight->rule))) {
        row->flags |= ALERT_ROW_SHORT;
        record->is_short = 1;
        return;
    }
    if (sight->is_late || alert_raise_is_full(pipeline)) {
        pipeline->metrics.alerts_deferred++;
        return;
    }
    alert_raise(pipeline, sight, row, level);
    if (is_budgeted) {
        spend_one(pipeline, sight->rule);
    }
}

static void
judge(struct pipeline *pipeline, const struct alert_sight *sight, bool is_tick)
{
    const struct rule *rule = &pipeline->alerts.rules[sight->rule];
    enum verdict verdict = verdict_of(pipeline, sight, rule->levels.value[0]);
    struct alert_row *row = NULL;
    if (verdict == HOLDS && matches(pipeline, sight)) {
        row = row_of(pipeline, sight, true);
        if (row == NULL) {
            return;
        }
        uint64_t level = level_next(rule, row->level);
        if (level == 0) {
            row_rest(pipeline, row);
            return;
        }
        verdict = verdict_of(pipeline, sight, level);
    } else if (verdict == HOLDS) {
        verdict = HOLDS_NOT;
    }
    if (verdict == HOLDS) {
        judge_fit(pipeline, sight, row, is_tick);
    } else {
        judge_unfit(pipeline, sight, verdict == MAY_HOLD_IN_TIME);
    }
}

// Passes to the watcher what the rule compares, if all other conditions hold.
static void
show(const struct pipeline *pipeline, const struct alert_sight *sight)
{
    const struct alerts *alerts = &pipeline->alerts;
    const struct alerts_plan *plan = &alerts->plans[sight->rule];
    const struct cascade *row = cascades_at(&pipeline->cascades, sight->cascade);
    double value = NAN;
    if (plan->scaled < plan->count && matches(pipeline, sight)) {
        value = alert_raise_measured(pipeline, sight, &plan->conditions[plan->scaled]);
        for (size_t i = 0; i < plan->count; i++) {
            const struct rules_condition *condition = &plan->conditions[i];
            double other = alert_raise_measured(pipeline, sight, condition);
            if (i != plan->scaled && !rules_holds(condition, other, 1)) {
                value = NAN;
            }
        }
    }
    alerts->watch(alerts->watch_context,
                  &(struct pipeline_look){
                      .rule = sight->rule,
                      .cascade = slab_text(pipeline->texts, row->id),
                      .size = row->size,
                      .value = value,
                      .clock = pipeline->clock,
                  });
}

// True if an event of that time belongs to a backlog, for the rule.
static bool
is_backlog(const struct pipeline *pipeline, size_t rule, usec time)
{
    usec quiet = pipeline->alerts.rules[rule].quiet;
    return !pipeline->is_event_time && quiet != 0 && pipeline->clock - time > quiet;
}

void
alerts_judge(struct pipeline *pipeline, uint32_t cascade, usec time)
{
    if ((cascades_at(&pipeline->cascades, cascade)->flags & CASCADE_HIDDEN) != 0) {
        return;
    }
    for (size_t i = 0; i < pipeline->alerts.count; i++) {
        if (pipeline->alerts.plans[i].is_newcomer) {
            continue;
        }
        struct alert_sight sight = {i, cascade, is_backlog(pipeline, i, time)};
        if (sight.is_late) {
            pipeline->alerts.records[i].late = pipeline->clock;
        }
        if (pipeline->alerts.watch != NULL) {
            show(pipeline, &sight);
        }
        judge(pipeline, &sight, false);
    }
}

// ── as time passes ─────────────────────────────────────────────────────────

// RULES_MAX if not found.
static size_t
rule_of(const struct alerts *alerts, const struct alert_row *row)
{
    for (size_t i = 0; i < alerts->count; i++) {
        if (alerts->plans[i].hash == row->rule) {
            return i;
        }
    }
    return RULES_MAX;
}

static void
resolve(struct pipeline *pipeline, size_t rule, struct alert_row *row)
{
    struct cascade *cascade = cascades_at(&pipeline->cascades, row->cascade);
    bool is_reported = rule != RULES_MAX && pipeline->alerts.rules[rule].is_resolved &&
                       (cascade->flags & CASCADE_HIDDEN) == 0;
    if (is_reported && !cascades_is_closed(cascade, pipeline->clock)) {
        return;
    }
    if (is_reported) {
        if (alert_raise_is_full(pipeline)) {
            return; // continues at the next tick
        }
        alert_raise_resolved(pipeline, rule, row);
    }
    cascade->unresolved--;
    row->flags &= ~(uint32_t)ALERT_ROW_OPEN;
    cascades_queue(&pipeline->cascades, row->cascade, 0);
}

// True if this tick may change the row's state. Reads no cascade, because most rows
// only wait.
static bool
is_due(const struct pipeline *pipeline, uint32_t index, size_t rule)
{
    const struct alert_row *row = alert_memory_at(&pipeline->alerts.memory, index);
    if (rule == RULES_MAX || (row->flags & ALERT_ROW_OPEN) != 0) {
        return true;
    }
    if ((row->flags & ALERT_ROW_TIMED) != 0) {
        return ((uint64_t)pipeline->alerts.tick + index) % TIMED_TICKS == 0;
    }
    return has_waited(pipeline, &pipeline->alerts.rules[rule], row);
}

static void
row_tick(struct pipeline *pipeline, uint32_t index)
{
    struct alert_row *row = alert_memory_at(&pipeline->alerts.memory, index);
    size_t rule = rule_of(&pipeline->alerts, row);
    if (rule != RULES_MAX && pipeline->alerts.plans[rule].is_newcomer) {
        alert_newcomer_tick(pipeline, rule, row);
        return;
    }
    if (!is_due(pipeline, index, rule)) {
        return;
    }
    const struct cascade *cascade = cascades_at(&pipeline->cascades, row->cascade);
    if (cascade->birth != row->birth) {
        alert_raise_lose_close(pipeline, row); // evicted
        row->flags = 0;
        row_rest(pipeline, row);
        return;
    }
    if ((row->flags & ALERT_ROW_OPEN) != 0) {
        resolve(pipeline, rule, row);
    }
    if ((row->flags & ~(uint32_t)ALERT_ROW_OPEN) == 0) {
        return;
    }
    if (rule == RULES_MAX || (cascade->flags & CASCADE_HIDDEN) != 0 ||
        cascades_is_closed(cascade, pipeline->clock)) {
        row_rest(pipeline, row);
        return;
    }
    struct alert_sight sight = {.rule = rule, .cascade = row->cascade};
    judge(pipeline, &sight, true);
}

static void
tick(struct pipeline *pipeline)
{
    struct alerts *alerts = &pipeline->alerts;
    for (uint32_t i = 0; i < alerts->memory.high; i++) {
        const struct alert_row *row = alert_memory_at(&alerts->memory, i);
        if (row->rule != 0 && row->flags != 0) {
            row_tick(pipeline, i);
        }
    }
    for (size_t i = 0; i < alerts->count; i++) {
        const struct alerts_record *record = &alerts->records[i];
        spend(pipeline, i);
        if (record->digest_count != 0 &&
            (pipeline->clock - record->late >= DIGEST_CALM ||
             pipeline->clock - record->digest_since >= DIGEST_WAIT_MAX)) {
            alert_raise_close_digest(pipeline, i);
        }
    }
}

void
alerts_advance(struct pipeline *pipeline)
{
    int64_t now = usec_floor_div(pipeline->clock, TICK);
    if (now != pipeline->alerts.tick) {
        pipeline->alerts.tick = now;
        tick(pipeline);
    }
}

void
alerts_resolve(struct pipeline *pipeline, uint32_t cascade)
{
    for (uint32_t i = 0; i < pipeline->alerts.memory.high; i++) {
        const struct alert_row *row = alert_memory_at(&pipeline->alerts.memory, i);
        if (row->rule != 0 && row->flags != 0 && row->cascade == cascade) {
            row_tick(pipeline, i);
        }
    }
}

static void
expect_texts(struct alerts *alerts, struct snapshot *snapshot)
{
    for (uint64_t i = alerts->queue.first; i != alerts->queue.end; i++) {
        const struct alert_item *item = alert_queue_at(&alerts->queue, i);
        snapshot_expect(snapshot, alert_texts_have(&alerts->texts, item->rendered_at,
                                                   item->rendered_len));
    }
}

void
alerts_move(struct alerts *alerts, struct snapshot *snapshot)
{
    SNAPSHOT_VALUE(snapshot, alerts->records);
    SNAPSHOT_VALUE(snapshot, alerts->digests);
    SNAPSHOT_VALUE(snapshot, alerts->tick);
    SNAPSHOT_VALUE(snapshot, alerts->shown);
    alert_queue_move(&alerts->queue, snapshot);
    alert_texts_move(&alerts->texts, snapshot);
    const struct alert_queue *queue = &alerts->queue;
    uint64_t shown = alerts->shown - queue->first;
    snapshot_expect(snapshot, shown >= queue->pulled - queue->first &&
                                  shown <= queue->end - queue->first);
    if (!snapshot->is_failed) {
        expect_texts(alerts, snapshot);
    }
    alert_memory_move(&alerts->memory, snapshot);
}
