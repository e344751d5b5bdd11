#include "pipeline/snapshot.h"

#include <inttypes.h>
#include <string.h>

#include "pipeline/state.h"

#define FORMAT 3

struct trait {
    const char *name; // an option, or NULL: part of the build
    uint64_t value;
};

enum { TRAITS_MAX = 64 };

struct traits {
    struct trait rows[TRAITS_MAX];
    size_t count;
};

static void
add(struct traits *traits, const char *name, uint64_t value)
{
    traits->rows[traits->count++] = (struct trait){name, value};
}

// What the bytes depend on.
static void
describe(const struct pipeline *pipeline, struct traits *traits)
{
    static const size_t sizes[] = {
        sizeof(struct user),
        sizeof(struct cascade),
        sizeof(struct tag),
        sizeof(struct timer),
        sizeof(struct eviction_candidate),
        sizeof(struct pulse),
        sizeof(struct merged_bucket),
        sizeof(struct pulses_network),
        sizeof(struct habit),
        sizeof(struct calibration),
        sizeof(struct event),
        sizeof(struct person),
        sizeof(struct tree),
        sizeof(struct node),
        sizeof(struct waiter),
        sizeof(struct windows_chunk),
        sizeof(struct window),
        sizeof(struct counter),
        sizeof(struct board_entry),
        sizeof(struct table_slot),
        sizeof(struct slab),
        sizeof(struct flying),
        sizeof(struct pipeline_metrics),
        sizeof(struct alert_row),
        sizeof(struct alert_queue),
        sizeof(struct alerts_record),
    };
    const struct pipeline_options *options = &pipeline->options;
    traits->count = 0;
    add(traits, NULL, FORMAT);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        add(traits, NULL, sizes[i]);
    }
    add(traits, "windows", options->windows.count);
    for (size_t i = 0; i < options->windows.count; i++) {
        add(traits, "windows", (uint64_t)options->windows.length[i]);
    }
    add(traits, "redis.top", options->top);
    add(traits, "dedupe.capacity", options->dedupe_capacity);
    add(traits, "dedupe.retweets", options->dedupe_retweets);
    add(traits, "users.capacity", options->users_capacity);
    add(traits, "cascades.capacity", options->cascades_capacity);
    add(traits, "cascades.engine", options->cascades_engine);
    add(traits, "cascades.authors", options->cascades_authors);
    add(traits, "hashtags.capacity", options->hashtags_capacity);
    add(traits, "trees.capacity", options->trees_capacity);
    add(traits, "memory.windows", options->memory_windows);
    add(traits, "memory.texts", options->memory_texts);
    add(traits, "memory.posts", options->memory_posts);
    add(traits, "alerts.capacity", options->alerts_capacity);
}

static void
move(struct pipeline *pipeline, struct snapshot *snapshot)
{
    SNAPSHOT_VALUE(snapshot, pipeline->key);
    SNAPSHOT_VALUE(snapshot, pipeline->metrics);
    SNAPSHOT_VALUE(snapshot, pipeline->is_cramped);
    SNAPSHOT_VALUE(snapshot, pipeline->clock);
    SNAPSHOT_VALUE(snapshot, pipeline->started);
    SNAPSHOT_VALUE(snapshot, pipeline->refused_at);
    slab_move(pipeline->texts, snapshot);
    windows_move(&pipeline->windows, snapshot);
    users_move(&pipeline->users, snapshot);
    cascades_move(&pipeline->cascades, snapshot);
    trees_move(&pipeline->trees, snapshot);
    pulses_move(&pipeline->pulses, snapshot);
    tags_move(&pipeline->tags, snapshot);
    ledger_move(&pipeline->ledger, snapshot);
    boards_move(&pipeline->boards, snapshot);
    alerts_move(pipeline, snapshot);
    SNAPSHOT_VALUE(snapshot, pipeline->flying_first);
    SNAPSHOT_VALUE(snapshot, pipeline->flying_next);
    SNAPSHOT_VALUE(snapshot, pipeline->flying);
    snapshot_expect(snapshot, pipeline->flying_next - pipeline->flying_first <=
                                  CHANGES_IN_FLIGHT_MAX);
}

enum status
pipeline_save(struct pipeline *pipeline, snapshot_fn write, void *context)
{
    struct snapshot snapshot = {.move = write, .context = context};
    struct traits traits;
    describe(pipeline, &traits);
    for (size_t i = 0; i < traits.count; i++) {
        SNAPSHOT_VALUE(&snapshot, traits.rows[i].value);
    }
    move(pipeline, &snapshot);
    return snapshot.is_failed ? STATUS_IO : STATUS_OK;
}

static enum status
check(struct snapshot *snapshot, const struct traits *traits, struct error *error)
{
    for (size_t i = 0; i < traits->count; i++) {
        const struct trait *trait = &traits->rows[i];
        uint64_t value = trait->value;
        SNAPSHOT_VALUE(snapshot, value);
        if (snapshot->is_failed) {
            return error_set(error, STATUS_IO, "the snapshot ends early");
        }
        if (value != trait->value && trait->name == NULL) {
            return error_set(error, STATUS_PARSE,
                             "the snapshot was made by another version");
        }
        if (value != trait->value) {
            return error_set(error, STATUS_PARSE,
                             "the snapshot was made with another %s (%" PRIu64
                             ", now %" PRIu64 ")",
                             trait->name, value, trait->value);
        }
    }
    return STATUS_OK;
}

enum status
pipeline_load(struct pipeline *pipeline, snapshot_fn read, void *context,
              struct error *error)
{
    struct snapshot snapshot = {.move = read, .context = context};
    struct traits traits;
    describe(pipeline, &traits);
    enum status status = check(&snapshot, &traits, error);
    if (status != STATUS_OK) {
        return status;
    }
    move(pipeline, &snapshot);
    if (snapshot.is_failed) {
        return snapshot.is_foreign
                   ? error_set(error, STATUS_PARSE, "the snapshot contradicts itself")
                   : error_set(error, STATUS_IO, "the snapshot ends early");
    }
    pipeline->users.key = pipeline->key;
    pipeline->cascades.key = pipeline->key;
    pipeline->tags.key = pipeline->key;
    if (pipeline->alerts.count != 0) {
        alerts_prepare(pipeline);
    }
    pipeline->stage = CHANGES_DONE;
    pipeline->stage_left = 0;
    changes_restart(pipeline);
    return STATUS_OK;
}
