#include "pipeline/changes/change.h"

#include "pipeline/changes/key_rule.h"

static void
cascade_fact_fields(struct pipeline *pipeline, struct change *change,
                    const struct cascade *row, uint32_t fields)
{
    struct slab *texts = pipeline->texts;
    if ((fields & CASCADE_AUTHOR) != 0 && row->author != USER_NONE) {
        change_put(pipeline, change, SLICE_LIT("author"),
                   users_id(&pipeline->users, row->author));
    }
    if ((fields & CASCADE_HANDLE) != 0 && row->author != USER_NONE) {
        struct slice handle = users_handle(&pipeline->users, row->author);
        if (handle.len != 0) {
            change_put(pipeline, change, SLICE_LIT("handle"), handle);
        }
    }
    if ((fields & CASCADE_TEXT) != 0 && row->text != SLAB_NONE) {
        change_put(pipeline, change, SLICE_LIT("text"), slab_text(texts, row->text));
    }
    if ((fields & CASCADE_LANG) != 0 && row->lang != SLAB_NONE) {
        change_put(pipeline, change, SLICE_LIT("lang"), slab_text(texts, row->lang));
    }
    if ((fields & CASCADE_CREATED) != 0 && row->created != USEC_NONE) {
        change_put(pipeline, change, SLICE_LIT("created_ms"),
                   change_ms(pipeline, row->created));
    }
    if ((fields & CASCADE_COUNT_REPORTED) != 0 &&
        (row->flags & CASCADE_REPORTED) != 0) {
        change_put(pipeline, change, SLICE_LIT("reported"),
                   change_number(pipeline, row->reported));
    }
    uint32_t cascade = (uint32_t)(row - pipeline->cascades.rows);
    uint32_t parent = cascades_parent(&pipeline->cascades, cascade);
    if ((fields & CASCADE_PARENT) != 0 && parent != CASCADE_NONE &&
        !cascades_at(&pipeline->cascades, parent)->is_erased) {
        change_put(pipeline, change, SLICE_LIT("parent"),
                   cascades_id(&pipeline->cascades, parent));
    }
}

static void
cascade_count_fields(struct pipeline *pipeline, struct change *change,
                     const struct cascade *row, uint32_t fields)
{
    const struct {
        uint32_t bit;
        struct slice name;
        uint64_t value;
    } counts[] = {
        {CASCADE_SIZE, SLICE_LIT("size"), row->size},
        {CASCADE_RETWEETS, SLICE_LIT("retweets"), row->retweets},
        {CASCADE_QUOTES, SLICE_LIT("quotes"), row->quotes},
        {CASCADE_REPLIES, SLICE_LIT("replies"), row->replies},
        {CASCADE_AMPLIFIERS, SLICE_LIT("amplifiers"), row->amplifiers.count},
        {CASCADE_REACH, SLICE_LIT("reach"), row->reach},
        {CASCADE_FIRST, SLICE_LIT("first_ms"), (uint64_t)(row->first / USEC_PER_MS)},
        {CASCADE_LAST, SLICE_LIT("last_ms"), (uint64_t)(row->last / USEC_PER_MS)},
    };
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        if ((fields & counts[i].bit) != 0) {
            change_put(pipeline, change, counts[i].name,
                       change_number(pipeline, counts[i].value));
        }
    }
    if ((fields & CASCADE_VELOCITY) != 0) {
        const struct cascades *cascades = &pipeline->cascades;
        uint32_t in_5m = (uint32_t)cascades_recent(cascades, row, WINDOWS_VELOCITY_5M);
        uint32_t in_1h = (uint32_t)cascades_recent(cascades, row, WINDOWS_VELOCITY_1H);
        change_put(pipeline, change, SLICE_LIT("velocity_5m"),
                   change_rate(pipeline, in_5m, 5));
        change_put(pipeline, change, SLICE_LIT("velocity_1h"),
                   change_rate(pipeline, in_1h, 60));
    }
    if ((fields & CASCADE_PEAK) != 0) {
        change_put(pipeline, change, SLICE_LIT("peak_velocity"),
                   change_rate(pipeline, row->peak, 5));
    }
    if ((fields & CASCADE_LEVEL) != 0 && row->level != 0) {
        change_put(pipeline, change, SLICE_LIT("level"),
                   change_number(pipeline, row->level));
    }
    if ((fields & CASCADE_STATE) != 0) {
        change_put(pipeline, change, SLICE_LIT("state"),
                   cascades_is_closed(row, pipeline->clock) ? SLICE_LIT("closed")
                                                            : SLICE_LIT("open"));
    }
}

// Removes the shape from the receiver if it has one and the shape is no longer known.
static void
cascade_tree_fields(struct pipeline *pipeline, struct change *change,
                    const struct cascade *row)
{
    const struct tree *tree = &row->tree;
    bool is_known = tree_is_known(tree);
    struct tree_shape shape;
    tree_measure(&pipeline->trees, tree, &shape);
    if (tree->count != 0) {
        change_put(pipeline, change, SLICE_LIT("observed_share"),
                   change_rate(pipeline, tree->observed, tree->count));
    } else if (!change->is_whole) {
        change_put(pipeline, change, SLICE_LIT("observed_share"), SLICE_NONE);
    }
    if (is_known || (row->is_shape_sent && !change->is_whole)) {
        struct slice none = SLICE_NONE;
        change_put(pipeline, change, SLICE_LIT("depth"),
                   is_known ? change_number(pipeline, shape.depth) : none);
        change_put(pipeline, change, SLICE_LIT("breadth"),
                   is_known ? change_number(pipeline, shape.breadth) : none);
        change_put(pipeline, change, SLICE_LIT("virality"),
                   is_known ? change_rate(pipeline, shape.sum, shape.pairs) : none);
    }
}

void
change_cascade_fields(struct pipeline *pipeline, struct change *change,
                      uint32_t cascade, uint32_t fields)
{
    const struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    cascade_fact_fields(pipeline, change, row, fields);
    cascade_count_fields(pipeline, change, row, fields);
    if ((fields & CASCADE_TREE) != 0) {
        cascade_tree_fields(pipeline, change, row);
    }
    change_forecast(pipeline, cascade, change, fields);
    if (fields == CASCADE_ALL) {
        change_put(pipeline, change, SLICE_LIT("network"),
                   users_network_of(cascades_id(&pipeline->cascades, cascade)));
    }
}

static bool
counter_clean(struct pipeline *pipeline, uint32_t *counter)
{
    if (*counter == COUNTER_NONE) {
        return true;
    }
    const struct counter *row = counters_at(&pipeline->windows.counters, *counter);
    if (counters_refs(&pipeline->windows.counters, row) != 0) {
        return true;
    }
    if (row->members != 0) {
        return false;
    }
    counters_destroy(&pipeline->windows.counters, *counter);
    *counter = COUNTER_NONE;
    return true;
}

// Deletes the key of an evicted record, unless a newer record of the same post owns the
// key by now.
static void
evicted_change(struct pipeline *pipeline, uint32_t cascade, struct change *change)
{
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    bool was_written = (row->flags & CASCADE_WRITTEN) != 0;
    row->flags &= (uint8_t)~CASCADE_WRITTEN;
    uint32_t newer = cascades_find(&pipeline->cascades, change->name);
    if (was_written && newer != CASCADE_NONE) {
        cascades_at(&pipeline->cascades, newer)->flags |=
            CASCADE_WHOLE | CASCADE_WRITTEN;
        cascades_queue(&pipeline->cascades, newer, CASCADE_ALL);
    } else {
        change->is_gone = was_written;
    }
}

static void
live_change(struct pipeline *pipeline, uint32_t cascade, struct change *change)
{
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    if (!key_rule_cascade(pipeline, cascade)) {
        change->is_gone = (row->flags & CASCADE_WRITTEN) != 0;
        row->flags = (uint8_t)((row->flags & ~CASCADE_WRITTEN) | CASCADE_WHOLE);
    } else {
        usec length =
            pipeline->longest > CASCADE_IDLE ? pipeline->longest : CASCADE_IDLE;
        change_begin(pipeline, change,
                     &(struct change_key){
                         .is_written = (row->flags & CASCADE_WRITTEN) != 0,
                         .is_stale = (row->flags & CASCADE_WHOLE) != 0,
                         .whole_at = row->whole_at,
                         .length = length,
                     });
        uint32_t fields = change->is_whole ? (uint32_t)CASCADE_ALL : row->dirty;
        change_cascade_fields(pipeline, change, cascade, fields);
        if ((fields & CASCADE_TREE) != 0) {
            row->is_shape_sent = tree_is_known(&row->tree);
        }
        if (change->is_whole) {
            row->whole_at = change_now(pipeline);
        }
        row->flags = (uint8_t)((row->flags & ~CASCADE_WHOLE) | CASCADE_WRITTEN);
    }
    row->dirty = 0;
    bool is_clean = counter_clean(pipeline, &row->board);
    is_clean &= counter_clean(pipeline, &row->velocity);
    if (!is_clean) {
        cascades_queue(&pipeline->cascades, cascade, 0);
    }
}

bool
change_cascade(struct pipeline *pipeline, uint32_t cascade, struct change *change)
{
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    change->kind = CHANGE_CASCADE;
    if (row->birth == 0 && (row->flags & CASCADE_EVICTED) == 0) {
        row->flags &= (uint8_t)~CASCADE_QUEUED; // freed before it was written
        return false;
    }
    change->name = cascades_id(&pipeline->cascades, cascade);
    if ((row->flags & CASCADE_EVICTED) != 0) {
        row->flags &= (uint8_t)~CASCADE_QUEUED;
        evicted_change(pipeline, cascade, change);
    } else {
        cascades_refresh(&pipeline->cascades, cascade, pipeline->clock);
        row->flags &= (uint8_t)~CASCADE_QUEUED;
        live_change(pipeline, cascade, change);
    }
    if (change->field_count == 0 && !change->is_gone) {
        cascades_settle(&pipeline->cascades, cascade);
        return false;
    }
    row->refs++;
    change_fly(pipeline, CHANGE_CASCADE, cascade);
    return true;
}

void
change_cascade_written(struct pipeline *pipeline, uint32_t cascade)
{
    cascades_at(&pipeline->cascades, cascade)->refs--;
    cascades_settle(&pipeline->cascades, cascade);
}

void
change_cascade_lost(struct pipeline *pipeline, uint32_t cascade)
{
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    row->refs--;
    row->flags |= CASCADE_WHOLE | CASCADE_WRITTEN;
    cascades_queue(&pipeline->cascades, cascade, CASCADE_ALL);
}
