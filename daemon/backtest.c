#include "daemon/backtest.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/quantile.h"
#include "base/table.h"
#include "daemon/dry_run.h"
#include "daemon/settings.h"
#include "pipeline/alerts/rules.h"
#include "pipeline/changes.h"
#include "pipeline/pipeline.h"

enum { ENTRIES_MAX = 1 << 24, OF_CASCADE = RULES_MAX };

// State of a cascade (rule OF_CASCADE), or of a rule and a cascade.
struct entry {
    uint64_t hash;
    uint32_t rule;
    bool is_wanted; // the time at which it reached half its size is needed
    uint64_t size;  // the greatest
    double best;    // the greatest value while all other conditions held
    usec half;      // USEC_NONE: not yet
};

struct raised {
    uint32_t rule;
    uint64_t cascade; // hash
    uint64_t size;
    usec time;
};

struct bench {
    const struct backtest *setup;
    struct dry_run run;
    struct table table;
    struct entry *entries;
    size_t entry_count;
    size_t entry_room;
    struct raised *raised;
    size_t raised_count;
    size_t raised_room;
    uint64_t posts;
    usec first; // clocks
    usec last;
    bool is_second; // pass
    bool is_failed; // no memory
};

// ── what is remembered ─────────────────────────────────────────────────────

// Makes room for one more item; false, with is_failed set, if there is no memory.
static bool
grow(struct bench *bench, void **items, size_t count, size_t *room, size_t size)
{
    if (count < *room) {
        return true;
    }
    size_t wanted = *room != 0 ? *room * 2 : 1024;
    void *grown = realloc(*items, wanted * size);
    if (grown == NULL) {
        bench->is_failed = true;
        return false;
    }
    *items = grown;
    *room = wanted;
    return true;
}

static uint64_t
key_of(uint64_t hash, uint32_t rule)
{
    return hash + rule * UINT64_C(0x9E3779B97F4A7C15);
}

static struct entry *
find(const struct bench *bench, uint64_t hash, uint32_t rule)
{
    struct table_walk walk = table_walk(&bench->table, key_of(hash, rule));
    uint32_t at;
    while ((at = table_next(&bench->table, &walk)) != TABLE_NONE) {
        if (bench->entries[at].hash == hash && bench->entries[at].rule == rule) {
            return &bench->entries[at];
        }
    }
    return NULL;
}

// Finds or creates; NULL, with is_failed set, if there is no memory.
static struct entry *
put(struct bench *bench, uint64_t hash, uint32_t rule)
{
    struct entry *entry = find(bench, hash, rule);
    if (entry != NULL) {
        return entry;
    }
    void *items = bench->entries;
    bool has_room = grow(bench, &items, bench->entry_count, &bench->entry_room,
                         sizeof(*bench->entries));
    bench->entries = items;
    if (!has_room ||
        !table_add(&bench->table, key_of(hash, rule), (uint32_t)bench->entry_count)) {
        bench->is_failed = true;
        return NULL;
    }
    entry = &bench->entries[bench->entry_count++];
    *entry = (struct entry){.hash = hash, .rule = rule, .best = NAN, .half = USEC_NONE};
    return entry;
}

// ── what the pipeline shows ────────────────────────────────────────────────

static void
on_look(void *context, const struct pipeline_look *look)
{
    struct bench *bench = context;
    uint64_t hash = hash_slice(&bench->run.key, look->cascade);
    if (bench->is_second) {
        struct entry *entry = find(bench, hash, OF_CASCADE);
        if (entry != NULL && entry->is_wanted && entry->half == USEC_NONE &&
            look->size * 2 >= entry->size) {
            entry->half = look->clock;
        }
        return;
    }
    struct entry *entry = look->rule == 0 ? put(bench, hash, OF_CASCADE) : NULL;
    if (entry != NULL && look->size > entry->size) {
        entry->size = look->size;
    }
    entry = isfinite(look->value) ? put(bench, hash, (uint32_t)look->rule) : NULL;
    if (entry != NULL && !(look->value <= entry->best)) {
        entry->best = look->value;
    }
}

static uint64_t
size_in(const struct change *change)
{
    uint64_t size = 0;
    for (size_t i = 0; i < change->field_count; i++) {
        struct slice value = change->fields[i].value;
        if (!slice_equal(change->fields[i].name, SLICE_LIT("size"))) {
            continue;
        }
        for (size_t k = 0; k < value.len; k++) {
            size = size * 10 + (uint64_t)(value.ptr[k] - '0');
        }
    }
    return size;
}

static void
note_alert(struct bench *bench, const struct change *change)
{
    const struct settings *settings = bench->setup->settings;
    uint32_t rule = 0;
    while (rule < settings->alert_count &&
           !slice_equal(slice_of(settings->alerts[rule].name), change->alert.rule)) {
        rule++;
    }
    void *items = bench->raised;
    bool has_room = grow(bench, &items, bench->raised_count, &bench->raised_room,
                         sizeof(*bench->raised));
    bench->raised = items;
    if (has_room) {
        bench->raised[bench->raised_count++] = (struct raised){
            .rule = rule,
            .cascade = hash_slice(&bench->run.key, change->alert.cascade),
            .size = size_in(change),
            .time = change->alert.time,
        };
    }
}

static bool
on_counted(void *context)
{
    struct bench *bench = context;
    struct change change;
    while (changes_show_alert(bench->run.pipeline, &change)) {
        bool is_raised = change.alert.type == CHANGE_ALERT_RAISED ||
                         change.alert.type == CHANGE_ALERT_NEWCOMER;
        if (!bench->is_second && is_raised) {
            note_alert(bench, &change);
        }
    }
    return !bench->is_failed;
}

static int
run_pass(struct bench *bench)
{
    const struct settings *settings = bench->setup->settings;
    int exit_code = dry_run_prepare(&bench->run);
    if (exit_code != EX_OK) {
        return exit_code;
    }
    pipeline_set_rules(bench->run.pipeline, settings->alerts, settings->alert_count);
    pipeline_watch(bench->run.pipeline, on_look, bench);
    exit_code = dry_run_read(&bench->run);
    if (exit_code != EX_OK) {
        return exit_code;
    }
    bench->first = bench->run.first;
    bench->last = pipeline_clock(bench->run.pipeline);
    bench->posts = pipeline_metrics(bench->run.pipeline)->posts;
    if (!bench->is_second) {
        dry_run_report(&bench->run);
    }
    dry_run_forget(&bench->run);
    return EX_OK;
}

// ── the result ─────────────────────────────────────────────────────────────

// The median (sorts the values); NAN if there are none.
static double
median(double *values, size_t count)
{
    quantile_sort(values, count);
    return quantile_of(values, count, 0.5);
}

// The value that the `wanted` greatest reach; if there are fewer, that all reach. NAN:
// none.
static double
threshold(const struct bench *bench, uint32_t rule, double wanted, double *values)
{
    size_t count = 0;
    for (size_t i = 0; i < bench->entry_count; i++) {
        if (bench->entries[i].rule == rule) {
            values[count++] = bench->entries[i].best;
        }
    }
    if (count == 0) {
        return NAN;
    }
    quantile_sort(values, count);
    size_t place = wanted < 1               ? 1
                   : wanted > (double)count ? count
                                            : (size_t)(wanted + 0.5);
    return values[count - place];
}

static void
print_number(const char *name, double value, int decimals)
{
    if (isfinite(value)) {
        printf(" %s=%.*f", name, decimals, value);
    } else {
        printf(" %s=-", name);
    }
}

static void
print_threshold(const struct bench *bench, uint32_t rule, double days, double *values)
{
    struct rules_condition conditions[RULES_CONDITIONS_MAX];
    size_t count = rules_conditions(&bench->setup->settings->alerts[rule], conditions);
    size_t i = 0;
    while (i < count && !conditions[i].is_scaled) {
        i++;
    }
    char name[64];
    snprintf(name, sizeof(name), "min_%s_for_%g_per_day",
             i < count ? measure_name(conditions[i].measure) : "size",
             bench->setup->per_day);
    double value = NAN;
    if (i < count) {
        value = threshold(bench, rule, bench->setup->per_day * days, values);
    }
    print_number(name, value, value == floor(value) ? 0 : 4);
}

static void
print_rule(const struct bench *bench, uint32_t rule, double days, double *values)
{
    static const uint64_t factors[] = {2, 5, 10};
    uint64_t reached[3] = {0};
    size_t count = 0;
    for (size_t i = 0; i < bench->raised_count; i++) {
        const struct raised *raised = &bench->raised[i];
        if (raised->rule != rule) {
            continue;
        }
        const struct entry *entry = find(bench, raised->cascade, OF_CASCADE);
        for (size_t k = 0; k < 3 && entry != NULL; k++) {
            reached[k] += entry->size >= factors[k] * raised->size;
        }
        values[count++] =
            entry != NULL ? (double)(entry->half - raised->time) / (double)USEC_PER_MIN
                          : NAN;
    }
    const struct rule *asked = &bench->setup->settings->alerts[rule];
    printf("rule=%s alerts=%zu alerts_per_day=%.2f", asked->name, count,
           days > 0 ? (double)count / days : 0);
    if (rules_is_newcomer(asked)) {
        putchar('\n'); // newcomers have no cascade that could grow
        return;
    }
    printf(" reached_2x=%" PRIu64 " reached_5x=%" PRIu64 " reached_10x=%" PRIu64,
           reached[0], reached[1], reached[2]);
    print_number("median_head_start_min", median(values, count), 1);
    print_threshold(bench, rule, days, values);
    putchar('\n');
}

static int
print_rules(const struct bench *bench)
{
    double days = bench->first == USEC_NONE
                      ? 0
                      : (double)(bench->last - bench->first) / (double)USEC_PER_DAY;
    size_t most = bench->raised_count > bench->entry_count ? bench->raised_count
                                                           : bench->entry_count;
    double *values = calloc(most + 1, sizeof(*values));
    if (values == NULL) {
        return dry_run_out_of_memory();
    }
    printf("backtest posts=%" PRIu64 " days=%.4f\n", bench->posts, days);
    for (uint32_t rule = 0; rule < bench->setup->settings->alert_count; rule++) {
        print_rule(bench, rule, days, values);
    }
    free(values);
    return EX_OK;
}

static int
run_both(struct bench *bench)
{
    int exit_code = run_pass(bench);
    if (exit_code != EX_OK) {
        return exit_code;
    }
    for (size_t i = 0; i < bench->raised_count; i++) {
        struct entry *entry = find(bench, bench->raised[i].cascade, OF_CASCADE);
        if (entry != NULL) { // else it is about a newcomer
            entry->is_wanted = true;
        }
    }
    bench->is_second = true;
    if (bench->raised_count != 0) {
        exit_code = run_pass(bench);
    }
    return exit_code == EX_OK ? print_rules(bench) : exit_code;
}

int
backtest_run(const struct backtest *backtest)
{
    static struct bench bench;
    bench = (struct bench){.setup = backtest};
    if (backtest->file_count == 0) {
        log_error("usage", "name the FILEs to test the alert rules on");
        return EX_USAGE;
    }
    for (int i = 0; i < backtest->file_count; i++) {
        struct stat status;
        if (stat(backtest->files[i], &status) == 0 && !S_ISREG(status.st_mode)) {
            log_error("usage",
                      "%s: a backtest reads its files twice, so only regular files can "
                      "be used",
                      backtest->files[i]);
            return EX_USAGE;
        }
    }
    if (backtest->settings->alert_count == 0) {
        log_error(
            "usage",
            "no rule to test; write for example: alert \"viral\" { min_size = 100 }");
        return EX_CONFIG;
    }
    const struct dry_run_setup setup = {
        .settings = backtest->settings,
        .files = backtest->files,
        .file_count = backtest->file_count,
        .counted = on_counted,
        .context = &bench,
    };
    int exit_code = dry_run_init(&bench.run, &setup);
    if (exit_code == EX_OK && !table_init(&bench.table, ENTRIES_MAX)) {
        exit_code = dry_run_out_of_memory();
    }
    if (exit_code == EX_OK) {
        exit_code = run_both(&bench);
    }
    dry_run_fini(&bench.run);
    table_fini(&bench.table);
    free(bench.entries);
    free(bench.raised);
    return exit_code;
}
