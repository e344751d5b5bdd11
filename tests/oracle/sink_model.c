#include "tests/oracle/sink_model.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/table.h"
#include "pipeline/checks.h"

enum { MODEL_MAX = 1 << 20, MODEL_PARTS = 4096 };

struct part {
    char *name;
    size_t name_len;
    char *value; // NULL: removed
    size_t value_len;
    bool is_changed;
};

struct thing {
    enum change_kind kind;
    char *name;
    size_t name_len;
    bool is_gone;
    bool is_known; // Redis may have the key
    bool is_whole_due;
    bool is_queued;
    char *handle;      // the user's, or NULL
    char *handle_gone; // to be removed until it is written, or NULL
    bool is_handle_changed;
    struct part *parts;
    size_t part_count;
};

struct pipeline {
    struct thing *things;
    uint32_t count;
    struct table table;
    uint32_t *queue; // of all kinds; boards are passed over until nothing else is left
    size_t queued;
    size_t boards_queued;
    uint32_t *flying;
    struct change_field fields[MODEL_PARTS];
    struct change_entry entries[MODEL_PARTS];
    struct changes_meta meta;
    struct sink_model_counts counts;
};

static const struct hash_key seed = {1, 2};

static void *
must(void *memory)
{
    if (memory == NULL) {
        abort();
    }
    return memory;
}

static char *
copy(struct slice from)
{
    char *text = must(malloc(from.len + 1));
    memcpy(text, from.ptr, from.len);
    text[from.len] = '\0';
    return text;
}

struct pipeline *
sink_model_create(void)
{
    struct pipeline *model = must(calloc(1, sizeof(*model)));
    model->things = must(calloc(MODEL_MAX, sizeof(*model->things)));
    model->queue = must(calloc(MODEL_MAX, sizeof(*model->queue)));
    model->flying = must(calloc(CHANGES_IN_FLIGHT_MAX, sizeof(*model->flying)));
    model->meta.clock = USEC_NONE;
    if (!table_init(&model->table, MODEL_MAX)) {
        abort();
    }
    return model;
}

void
sink_model_destroy(struct pipeline **model)
{
    struct pipeline *old = *model;
    for (uint32_t i = 0; i < old->count; i++) {
        struct thing *thing = &old->things[i];
        for (size_t p = 0; p < thing->part_count; p++) {
            free(thing->parts[p].name);
            free(thing->parts[p].value);
        }
        free(thing->parts);
        free(thing->name);
        free(thing->handle);
        free(thing->handle_gone);
    }
    table_fini(&old->table);
    free(old->things);
    free(old->queue);
    free(old->flying);
    free(old);
    *model = NULL;
}

static struct thing *
find(struct pipeline *model, enum change_kind kind, struct slice name)
{
    uint64_t hash = hash_slice(&seed, name) + (uint64_t)kind * 0x9e3779b97f4a7c15u;
    struct table_walk walk = table_walk(&model->table, hash);
    uint32_t index;
    while ((index = table_next(&model->table, &walk)) != TABLE_NONE) {
        struct thing *thing = &model->things[index];
        if (thing->kind == kind &&
            slice_equal((struct slice){thing->name, thing->name_len}, name)) {
            return thing;
        }
    }
    struct thing *thing = &model->things[model->count];
    *thing = (struct thing){.kind = kind, .name = copy(name), .name_len = name.len};
    thing->is_whole_due = true;
    if (!table_add(&model->table, hash, model->count++)) {
        abort();
    }
    return thing;
}

static void
enqueue(struct pipeline *model, struct thing *thing)
{
    if (!thing->is_queued) {
        thing->is_queued = true;
        model->queue[model->queued++] = (uint32_t)(thing - model->things);
        model->boards_queued += thing->kind == CHANGE_BOARD;
    }
}

static struct part *
part_of(struct thing *thing, struct slice name)
{
    for (size_t i = 0; i < thing->part_count; i++) {
        struct part *part = &thing->parts[i];
        if (slice_equal((struct slice){part->name, part->name_len}, name)) {
            return part;
        }
    }
    assert(thing->part_count < MODEL_PARTS);
    thing->parts =
        must(realloc(thing->parts, (thing->part_count + 1) * sizeof(*thing->parts)));
    struct part *part = &thing->parts[thing->part_count++];
    *part = (struct part){.name = copy(name), .name_len = name.len};
    return part;
}

void
sink_model_set(struct pipeline *model, enum change_kind kind, struct slice name,
               struct slice field, struct slice value)
{
    struct thing *thing = find(model, kind, name);
    if (thing->is_gone) {
        thing->is_gone = false;
        thing->is_whole_due = true;
    }
    struct part *part = part_of(thing, field);
    free(part->value);
    part->value = slice_is_none(value) ? NULL : copy(value);
    part->value_len = value.len;
    part->is_changed = true;
    enqueue(model, thing);
}

void
sink_model_drop(struct pipeline *model, enum change_kind kind, struct slice name)
{
    struct thing *thing = find(model, kind, name);
    thing->is_gone = true;
    for (size_t i = 0; i < thing->part_count; i++) {
        free(thing->parts[i].value);
        thing->parts[i].value = NULL;
    }
    if (thing->handle != NULL) {
        free(thing->handle_gone);
        thing->handle_gone = thing->handle;
        thing->handle = NULL;
    }
    enqueue(model, thing);
}

void
sink_model_set_handle(struct pipeline *model, struct slice name, struct slice handle)
{
    struct thing *thing = find(model, CHANGE_USER, name);
    free(thing->handle_gone);
    thing->handle_gone = thing->handle;
    thing->handle = copy(handle);
    thing->is_handle_changed = true;
    enqueue(model, thing);
}

void
sink_model_set_meta(struct pipeline *model, const struct changes_meta *meta)
{
    model->meta = *meta;
}

const struct sink_model_counts *
sink_model_counts(const struct pipeline *model)
{
    return &model->counts;
}

// ── pipeline/changes.h ─────────────────────────────────────────────────────

void
changes_begin(struct pipeline *pipeline)
{
    (void)pipeline;
}

static struct thing *
dequeue(struct pipeline *model)
{
    // From the end: boards only when nothing else is queued.
    bool wants_board = model->queued == model->boards_queued;
    for (size_t i = model->queued; i-- > 0;) {
        struct thing *thing = &model->things[model->queue[i]];
        if ((thing->kind == CHANGE_BOARD) == wants_board) {
            model->queue[i] = model->queue[--model->queued];
            model->boards_queued -= wants_board;
            thing->is_queued = false;
            return thing;
        }
    }
    return NULL;
}

static void
give_parts(struct pipeline *model, struct thing *thing, struct change *change)
{
    for (size_t i = 0; i < thing->part_count; i++) {
        struct part *part = &thing->parts[i];
        bool has_value = part->value != NULL;
        if (change->is_whole ? has_value : part->is_changed) {
            struct slice name = {part->name, part->name_len};
            struct slice value = {part->value, has_value ? part->value_len : 0};
            uint64_t score = has_value ? strtoull(part->value, NULL, 10) : 0;
            if (thing->kind == CHANGE_BOARD) {
                model->entries[change->entry_count++] =
                    (struct change_entry){name, score};
            } else {
                model->fields[change->field_count++] =
                    (struct change_field){name, value};
            }
        }
        part->is_changed = false;
    }
}

bool
changes_next(struct pipeline *pipeline, struct change *ret_change)
{
    if (pipeline->queued == 0 || pipeline->counts.in_flight == CHANGES_IN_FLIGHT_MAX) {
        return false;
    }
    struct thing *thing = dequeue(pipeline);
    struct change *change = ret_change;
    *change = (struct change){
        .kind = thing->kind,
        .name = {thing->name, thing->name_len},
        .is_gone = thing->is_gone,
        .is_whole = thing->is_whole_due && !thing->is_gone,
        .is_fresh = !thing->is_known,
        .ttl = SINK_MODEL_TTL_S * USEC_PER_S,
        .fields = pipeline->fields,
        .entries = pipeline->entries,
        .handle_gone = slice_of(thing->handle_gone),
    };
    if (thing->kind == CHANGE_ALERT) {
        change->is_whole = true;
        change->alert = (struct change_alert){
            .rule = SLICE_LIT("viral"), .level = 1, .time = USEC_PER_S};
    }
    give_parts(pipeline, thing, change);
    if (thing->handle != NULL && (change->is_whole || thing->is_handle_changed)) {
        change->handle_set = slice_of(thing->handle);
    }
    thing->is_handle_changed = false;
    thing->is_known = true;
    thing->is_whole_due = thing->is_gone;
    pipeline->flying[pipeline->counts.in_flight++] =
        (uint32_t)(thing - pipeline->things);
    pipeline->counts.pulled++;
    return true;
}

bool
changes_show_alert(struct pipeline *pipeline, struct change *ret_change)
{
    (void)pipeline;
    (void)ret_change;
    return false;
}

void
changes_keep_alert(struct pipeline *pipeline, const struct change *change,
                   struct slice text)
{
    (void)pipeline;
    (void)change;
    (void)text;
}

bool
changes_pending(const struct pipeline *pipeline)
{
    return pipeline->queued != 0;
}

void
changes_written(struct pipeline *pipeline, size_t count)
{
    assert(count <= pipeline->counts.in_flight);
    pipeline->counts.in_flight -= count;
    pipeline->counts.written += count;
    memmove(pipeline->flying, pipeline->flying + count,
            pipeline->counts.in_flight * sizeof(*pipeline->flying));
}

static void
again(struct pipeline *model, struct thing *thing)
{
    thing->is_known = true;
    thing->is_whole_due = true;
    enqueue(model, thing);
}

void
changes_lost(struct pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->counts.in_flight; i++) {
        again(pipeline, &pipeline->things[pipeline->flying[i]]);
    }
    pipeline->counts.in_flight = 0;
    pipeline->counts.losses++;
}

void
changes_restart(struct pipeline *pipeline)
{
    pipeline->counts.in_flight = 0;
    for (uint32_t i = 0; i < pipeline->count; i++) {
        if (!pipeline->things[i].is_gone) {
            again(pipeline, &pipeline->things[i]);
        }
    }
    pipeline->counts.restarts++;
}

void
changes_meta(const struct pipeline *pipeline, struct changes_meta *ret_meta)
{
    *ret_meta = pipeline->meta;
}

bool
changes_has(const struct pipeline *pipeline, enum change_kind kind, struct slice name)
{
    for (uint32_t i = 0; i < pipeline->count; i++) {
        const struct thing *thing = &pipeline->things[i];
        if (thing->kind == kind && !thing->is_gone &&
            slice_equal((struct slice){thing->name, thing->name_len}, name)) {
            return true;
        }
    }
    return false;
}

bool
changes_has_handle(const struct pipeline *pipeline, struct slice key)
{
    for (uint32_t i = 0; i < pipeline->count; i++) {
        const struct thing *thing = &pipeline->things[i];
        if (thing->handle != NULL && !thing->is_gone &&
            slice_equal(slice_of(thing->handle), key)) {
            return true;
        }
    }
    return false;
}

// ── pipeline/checks.h: the model is not checked ────────────────────────────

bool
checks_member(struct pipeline *pipeline, struct checks *checks,
              struct checks_hash *ret_hash)
{
    (void)pipeline;
    (void)checks;
    (void)ret_hash;
    return false;
}

bool
checks_user(struct pipeline *pipeline, struct checks *checks,
            struct checks_hash *ret_hash)
{
    return checks_member(pipeline, checks, ret_hash);
}

bool
checks_cascade(struct pipeline *pipeline, struct checks *checks,
               struct checks_hash *ret_hash)
{
    return checks_member(pipeline, checks, ret_hash);
}

bool
checks_campaign(struct pipeline *pipeline, struct checks *checks,
                struct checks_hash *ret_hash)
{
    return checks_member(pipeline, checks, ret_hash);
}

void
checks_values(struct pipeline *pipeline, struct checks_hash *hash)
{
    (void)pipeline;
    (void)hash;
}

uint32_t
checks_boards(const struct pipeline *pipeline)
{
    (void)pipeline;
    return 0;
}

bool
checks_board(const struct pipeline *pipeline, uint32_t index,
             struct checks_board *ret_board)
{
    (void)pipeline;
    (void)index;
    (void)ret_board;
    return false;
}

struct change_entry
checks_entry(const struct pipeline *pipeline, uint32_t board, uint32_t entry)
{
    (void)pipeline;
    (void)board;
    (void)entry;
    return (struct change_entry){SLICE_NONE, 0};
}

void
checks_failed(struct pipeline *pipeline, enum change_kind kind, struct slice name)
{
    (void)pipeline;
    (void)kind;
    (void)name;
}
