#include "pipeline/changes.h"

#include <string.h>

#include "pipeline/state.h"

enum { NUMBER_MAX = 32 };

// ── fields ─────────────────────────────────────────────────────────────────

static void
field(struct pipeline *pipeline, struct change *change, struct slice name,
      struct slice value)
{
    pipeline->fields[change->field_count++] = (struct change_field){name, value};
}

static struct slice
number(struct pipeline *pipeline, uint64_t value)
{
    char *text = arena_alloc(&pipeline->scratch, 1, NUMBER_MAX);
    if (text == NULL) {
        return SLICE_NONE;
    }
    char *at = text + NUMBER_MAX;
    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    return (struct slice){at, (size_t)(text + NUMBER_MAX - at)};
}

// count / unit to ten significant digits, without trailing zeros: what printf's %.10g
// writes, at a tenth of its cost.
static struct slice
rate(struct pipeline *pipeline, uint32_t count, uint32_t unit)
{
    char *text = arena_alloc(&pipeline->scratch, 1, NUMBER_MAX);
    if (text == NULL) {
        return SLICE_NONE;
    }
    uint64_t scaled = count;
    int places = 0;
    while (count != 0 && scaled / unit < UINT64_C(1000000000)) {
        scaled *= 10;
        places++;
    }
    uint64_t digits = (scaled + unit / 2) / unit;
    for (; places != 0 && digits % 10 == 0; places--) {
        digits /= 10;
    }
    char *at = text + NUMBER_MAX;
    do {
        *--at = (char)('0' + digits % 10);
        digits /= 10;
        if (--places == 0) {
            *--at = '.';
        }
    } while (digits != 0 || places >= 0);
    return (struct slice){at, (size_t)(text + NUMBER_MAX - at)};
}

static struct slice
milliseconds(struct pipeline *pipeline, usec time)
{
    return number(pipeline, (uint64_t)(time / USEC_PER_MS));
}

// "<net>:<handle in lower case>"
static struct slice
handle_key(struct pipeline *pipeline, struct slice id, struct slice handle)
{
    struct slice network = users_network_of(id);
    char *text = arena_alloc(&pipeline->scratch, network.len + 1 + handle.len, 1);
    if (text == NULL) {
        return SLICE_NONE;
    }
    memcpy(text, network.ptr, network.len);
    text[network.len] = ':';
    for (size_t i = 0; i < handle.len; i++) {
        text[network.len + 1 + i] = users_lower(handle.ptr[i]);
    }
    return (struct slice){text, network.len + 1 + handle.len};
}

static usec
slack_of(usec length)
{
    return length / 24 > USEC_PER_MIN ? length / 24 : USEC_PER_MIN;
}

static void
push_flying(struct pipeline *pipeline, enum change_kind kind, uint32_t index)
{
    pipeline->flying[pipeline->flying_next++ % CHANGES_IN_FLIGHT_MAX] =
        (struct flying){kind, index};
}

// ── users ──────────────────────────────────────────────────────────────────

static bool
user_counts(const struct pipeline *pipeline, const struct user *row)
{
    for (uint32_t c = row->counters; c != COUNTER_NONE;) {
        const struct counter *counter = windows_counter(&pipeline->windows, c);
        for (uint32_t slot = 0; slot < pipeline->windows.shown; slot++) {
            if (counter->value[slot] != 0) {
                return true;
            }
        }
        c = counter->next;
    }
    return false;
}

static void
user_profile_fields(struct pipeline *pipeline, struct change *change,
                    const struct user *row, uint32_t fields)
{
    struct slab *texts = pipeline->texts;
    if ((fields & USER_NEW_HANDLE) != 0 && row->handle != SLAB_NONE) {
        field(pipeline, change, SLICE_LIT("handle"), slab_text(texts, row->handle));
    }
    if ((fields & USER_NEW_NAME) != 0 && row->name != SLAB_NONE) {
        field(pipeline, change, SLICE_LIT("name"), slab_text(texts, row->name));
    }
    if ((fields & USER_NEW_FOLLOWERS) != 0 && (row->flags & USER_HAS_FOLLOWERS) != 0) {
        field(pipeline, change, SLICE_LIT("followers"),
              number(pipeline, row->followers));
    }
    if ((fields & USER_NEW_SEEN) != 0) {
        field(pipeline, change, SLICE_LIT("last_seen"),
              milliseconds(pipeline, row->last_seen));
    }
}

static void
user_count_fields(struct pipeline *pipeline, struct change *change,
                  const struct user *row)
{
    for (uint32_t c = row->counters; c != COUNTER_NONE;) {
        const struct counter *counter = windows_counter(&pipeline->windows, c);
        for (uint32_t slot = 0; slot < pipeline->windows.shown; slot++) {
            uint64_t value = counter->value[slot];
            bool is_dirty = (counter->dirty & (1u << slot)) != 0;
            if (change->is_whole ? value == 0 : !is_dirty) {
                continue;
            }
            uint32_t board = counter->tally * pipeline->windows.shown + slot;
            field(pipeline, change, slice_of(pipeline->boards.rows[board].name),
                  value != 0 ? number(pipeline, value) : SLICE_NONE);
        }
        c = counter->next;
    }
}

// Frees the counters that no step names any more.
static void
user_clean(struct pipeline *pipeline, uint32_t user)
{
    struct user *row = users_at(&pipeline->users, user);
    uint32_t *link = &row->counters;
    while (*link != COUNTER_NONE) {
        uint32_t index = *link;
        struct counter *counter = windows_counter(&pipeline->windows, index);
        counter->dirty = 0;
        if (counter->refs != 0) {
            link = &counter->next;
        } else if (counter->members != 0) {
            // Touched since the boards were brought up to date: they let go next time.
            users_queue(&pipeline->users, user);
            link = &counter->next;
        } else {
            *link = counter->next;
            windows_counter_destroy(&pipeline->windows, index);
        }
    }
}

static void
user_handles(struct pipeline *pipeline, struct change *change, uint32_t user,
             bool is_kept)
{
    struct user *row = users_at(&pipeline->users, user);
    if (is_kept && (row->flags & USER_HOLDS) != 0 &&
        ((row->flags & USER_TOLD) == 0 || change->is_whole)) {
        change->handle_set =
            handle_key(pipeline, change->name, slab_text(pipeline->texts, row->handle));
        row->flags |= USER_TOLD;
    }
    if (row->stale_handle == SLAB_NONE || (row->profile & USER_STALE_SENT) != 0) {
        return;
    }
    struct slice stale = slab_text(pipeline->texts, row->stale_handle);
    uint32_t holder =
        users_holder(&pipeline->users, users_network_of(change->name), stale);
    row->profile |= USER_STALE_SENT;
    if (holder == USER_NONE ||
        (users_at(&pipeline->users, holder)->flags & USER_TOLD) == 0) {
        change->handle_gone = handle_key(pipeline, change->name, stale);
    }
}

static bool
user_change(struct pipeline *pipeline, uint32_t user, struct change *change)
{
    struct user *row = users_at(&pipeline->users, user);
    change->kind = CHANGE_USER;
    change->name = users_id(&pipeline->users, user);
    bool is_kept = user_counts(pipeline, row);
    if (is_kept) {
        usec slack = slack_of(pipeline->longest);
        change->is_fresh = (row->flags & USER_WRITTEN) == 0;
        change->is_whole = (row->flags & USER_WHOLE) != 0 || change->is_fresh ||
                           pipeline->clock - row->whole_at >= slack;
        change->ttl = pipeline->longest + 2 * slack;
        uint32_t fields = change->is_whole ? UINT32_MAX : row->profile;
        user_profile_fields(pipeline, change, row, fields);
        if (change->is_whole) {
            field(pipeline, change, SLICE_LIT("network"),
                  users_network_of(change->name));
            row->whole_at = pipeline->clock;
        }
        user_count_fields(pipeline, change, row);
        row->flags = (uint8_t)((row->flags & ~USER_WHOLE) | USER_WRITTEN);
    } else {
        change->is_gone = (row->flags & USER_WRITTEN) != 0;
        row->flags = (uint8_t)((row->flags & ~USER_WRITTEN) | USER_WHOLE);
        users_untell(&pipeline->users, user);
    }
    user_handles(pipeline, change, user, is_kept);
    row->profile &= USER_STALE_SENT | USER_RENAMED;
    row->flags &= (uint8_t)~USER_QUEUED;
    user_clean(pipeline, user);
    if (change->field_count == 0 && !change->is_gone && change->handle_set.len == 0 &&
        change->handle_gone.len == 0) {
        return false;
    }
    row->refs++;
    push_flying(pipeline, CHANGE_USER, user);
    return true;
}

static void
user_written(struct pipeline *pipeline, uint32_t user)
{
    struct user *row = users_at(&pipeline->users, user);
    row->refs--;
    if ((row->profile & USER_STALE_SENT) != 0) {
        slab_text_free(pipeline->texts, row->stale_handle);
        row->stale_handle = SLAB_NONE;
        row->profile &= (uint8_t)~USER_STALE_SENT;
    }
}

static void
user_lost(struct pipeline *pipeline, uint32_t user)
{
    struct user *row = users_at(&pipeline->users, user);
    row->refs--;
    row->flags |= USER_WHOLE | USER_WRITTEN;
    row->profile &= (uint8_t)~USER_STALE_SENT;
    users_queue(&pipeline->users, user);
}

// ── cascades ───────────────────────────────────────────────────────────────

static void
cascade_fact_fields(struct pipeline *pipeline, struct change *change,
                    const struct cascade *row, uint32_t fields)
{
    struct slab *texts = pipeline->texts;
    if ((fields & CASCADE_AUTHOR) != 0 && row->author != USER_NONE) {
        field(pipeline, change, SLICE_LIT("author"),
              users_id(&pipeline->users, row->author));
    }
    if ((fields & CASCADE_HANDLE) != 0 && row->author != USER_NONE) {
        struct slice handle = users_handle(&pipeline->users, row->author);
        if (handle.len != 0) {
            field(pipeline, change, SLICE_LIT("handle"), handle);
        }
    }
    if ((fields & CASCADE_TEXT) != 0 && row->text != SLAB_NONE) {
        field(pipeline, change, SLICE_LIT("text"), slab_text(texts, row->text));
    }
    if ((fields & CASCADE_LANG) != 0 && row->lang != SLAB_NONE) {
        field(pipeline, change, SLICE_LIT("lang"), slab_text(texts, row->lang));
    }
    if ((fields & CASCADE_CREATED) != 0 && row->created != USEC_NONE) {
        field(pipeline, change, SLICE_LIT("created_ms"),
              milliseconds(pipeline, row->created));
    }
    if ((fields & CASCADE_COUNT_REPORTED) != 0 &&
        (row->flags & CASCADE_REPORTED) != 0) {
        field(pipeline, change, SLICE_LIT("reported"), number(pipeline, row->reported));
    }
    uint32_t cascade = (uint32_t)(row - pipeline->cascades.rows);
    uint32_t parent = cascades_parent(&pipeline->cascades, cascade);
    if ((fields & CASCADE_PARENT) != 0 && parent != CASCADE_NONE) {
        field(pipeline, change, SLICE_LIT("parent"),
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
        {CASCADE_AMPLIFIERS, SLICE_LIT("amplifiers"), row->people.count},
        {CASCADE_REACH, SLICE_LIT("reach"), row->reach},
        {CASCADE_FIRST, SLICE_LIT("first_ms"), (uint64_t)(row->first / USEC_PER_MS)},
        {CASCADE_LAST, SLICE_LIT("last_ms"), (uint64_t)(row->last / USEC_PER_MS)},
    };
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        if ((fields & counts[i].bit) != 0) {
            field(pipeline, change, counts[i].name, number(pipeline, counts[i].value));
        }
    }
    if ((fields & CASCADE_VELOCITY) != 0) {
        const struct cascades *cascades = &pipeline->cascades;
        uint32_t in_5m = (uint32_t)cascades_recent(cascades, row, WINDOWS_VELOCITY_5M);
        uint32_t in_1h = (uint32_t)cascades_recent(cascades, row, WINDOWS_VELOCITY_1H);
        field(pipeline, change, SLICE_LIT("velocity_5m"), rate(pipeline, in_5m, 5));
        field(pipeline, change, SLICE_LIT("velocity_1h"), rate(pipeline, in_1h, 60));
    }
    if ((fields & CASCADE_PEAK) != 0) {
        field(pipeline, change, SLICE_LIT("peak_velocity"),
              rate(pipeline, row->peak, 5));
    }
    if ((fields & CASCADE_STATE) != 0) {
        field(pipeline, change, SLICE_LIT("state"),
              cascades_is_closed(row, pipeline->clock) ? SLICE_LIT("closed")
                                                       : SLICE_LIT("open"));
    }
}

static bool
counter_clean(struct pipeline *pipeline, uint32_t *counter)
{
    if (*counter == COUNTER_NONE) {
        return true;
    }
    const struct counter *row = windows_counter(&pipeline->windows, *counter);
    if (row->refs != 0) {
        return true;
    }
    if (row->members != 0) {
        return false;
    }
    windows_counter_destroy(&pipeline->windows, *counter);
    *counter = COUNTER_NONE;
    return true;
}

// The key of an evicted record goes, unless a newer record of the same post owns it by
// now.
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
    bool is_kept = (row->flags & CASCADE_HIDDEN) == 0 && row->size + row->replies != 0;
    if (!is_kept) {
        change->is_gone = (row->flags & CASCADE_WRITTEN) != 0;
        row->flags = (uint8_t)((row->flags & ~CASCADE_WRITTEN) | CASCADE_WHOLE);
    } else {
        usec length =
            pipeline->longest > CASCADE_IDLE ? pipeline->longest : CASCADE_IDLE;
        usec slack = slack_of(length);
        change->is_fresh = (row->flags & CASCADE_WRITTEN) == 0;
        change->is_whole = (row->flags & CASCADE_WHOLE) != 0 || change->is_fresh ||
                           pipeline->clock - row->whole_at >= slack;
        change->ttl = length + 2 * slack;
        uint32_t fields = change->is_whole ? (uint32_t)CASCADE_ALL : row->dirty;
        cascade_fact_fields(pipeline, change, row, fields);
        cascade_count_fields(pipeline, change, row, fields);
        if (change->is_whole) {
            field(pipeline, change, SLICE_LIT("network"),
                  users_network_of(change->name));
            row->whole_at = pipeline->clock;
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

static bool
cascade_change(struct pipeline *pipeline, uint32_t cascade, struct change *change)
{
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    change->kind = CHANGE_CASCADE;
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
    push_flying(pipeline, CHANGE_CASCADE, cascade);
    return true;
}

static void
cascade_written(struct pipeline *pipeline, uint32_t cascade)
{
    cascades_at(&pipeline->cascades, cascade)->refs--;
    cascades_settle(&pipeline->cascades, cascade);
}

static void
cascade_lost(struct pipeline *pipeline, uint32_t cascade)
{
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    row->refs--;
    row->flags |= CASCADE_WHOLE | CASCADE_WRITTEN;
    cascades_queue(&pipeline->cascades, cascade, CASCADE_ALL);
}

// ── the flush ──────────────────────────────────────────────────────────────

// Cascades carry their author's handle.
static void
follow_renames(struct pipeline *pipeline)
{
    if (!pipeline->users.has_renamed_author) {
        return;
    }
    pipeline->users.has_renamed_author = false;
    struct cascades *cascades = &pipeline->cascades;
    for (uint32_t i = 0; i < cascades->high; i++) {
        const struct cascade *row = &cascades->rows[i];
        if (row->author != USER_NONE && (row->flags & CASCADE_WRITTEN) != 0 &&
            (users_at(&pipeline->users, row->author)->profile & USER_RENAMED) != 0) {
            cascades_queue(cascades, i, CASCADE_HANDLE);
        }
    }
    for (uint32_t i = 0; i < cascades->high; i++) {
        if (cascades->rows[i].author != USER_NONE) {
            users_at(&pipeline->users, cascades->rows[i].author)->profile &=
                (uint8_t)~USER_RENAMED;
        }
    }
}

static bool
has_room(const struct cascades *cascades)
{
    return cascades->count < cascades->capacity - cascades->capacity / 16;
}

void
changes_begin(struct pipeline *pipeline)
{
    if (!has_room(&pipeline->cascades)) {
        cascades_make_room(&pipeline->cascades, pipeline->cascades.capacity / 16,
                           pipeline->clock);
    }
    cascades_advance(&pipeline->cascades, pipeline->clock);
    follow_renames(pipeline);
    boards_update(&pipeline->boards);
    windows_bury(&pipeline->windows);
    tags_sweep(&pipeline->tags, &pipeline->windows);
    pipeline->stage = CHANGES_USERS;
    pipeline->stage_left = pipeline->users.queue.count;
}

// Asks the thing next in line for its change; false when the stage is through.
static bool
stage_step(struct pipeline *pipeline, struct change *change, bool *ret_has_change)
{
    if (pipeline->stage_left == 0) {
        return false;
    }
    pipeline->stage_left--;
    if (pipeline->stage == CHANGES_USERS) {
        uint32_t user = queue_pop(&pipeline->users.queue);
        *ret_has_change = user_change(pipeline, user, change);
    } else if (pipeline->stage == CHANGES_CASCADES) {
        uint32_t cascade = queue_pop(&pipeline->cascades.queue);
        *ret_has_change = cascade_change(pipeline, cascade, change);
    } else {
        uint32_t board = pipeline->boards.count - pipeline->stage_left - 1;
        *ret_has_change = boards_take_change(&pipeline->boards, board, change);
        if (*ret_has_change) {
            push_flying(pipeline, CHANGE_BOARD, board);
        }
    }
    return true;
}

static void
stage_next(struct pipeline *pipeline)
{
    pipeline->stage++;
    pipeline->stage_left = pipeline->stage == CHANGES_CASCADES
                               ? pipeline->cascades.queue.count
                               : pipeline->boards.count;
}

bool
changes_next(struct pipeline *pipeline, struct change *ret_change)
{
    while (pipeline->stage != CHANGES_DONE) {
        if (pipeline->flying_next - pipeline->flying_first == CHANGES_IN_FLIGHT_MAX) {
            return false;
        }
        arena_reset(&pipeline->scratch);
        *ret_change = (struct change){.fields = pipeline->fields};
        bool has_change = false;
        if (!stage_step(pipeline, ret_change, &has_change)) {
            stage_next(pipeline);
        } else if (has_change) {
            return true;
        }
    }
    return false;
}

bool
changes_pending(const struct pipeline *pipeline)
{
    if (pipeline->users.queue.count != 0 || pipeline->cascades.queue.count != 0 ||
        pipeline->stage != CHANGES_DONE || !has_room(&pipeline->cascades)) {
        return true;
    }
    for (uint32_t i = 0; i < pipeline->boards.count; i++) {
        const struct board *board = &pipeline->boards.rows[i];
        if (board->is_touched || board->is_changed || board->is_whole) {
            return true;
        }
    }
    return false;
}

void
changes_written(struct pipeline *pipeline, size_t count)
{
    for (; count != 0 && pipeline->flying_first != pipeline->flying_next; count--) {
        struct flying flying =
            pipeline->flying[pipeline->flying_first++ % CHANGES_IN_FLIGHT_MAX];
        if (flying.kind == CHANGE_USER) {
            user_written(pipeline, flying.index);
        } else if (flying.kind == CHANGE_CASCADE) {
            cascade_written(pipeline, flying.index);
        }
    }
}

void
changes_lost(struct pipeline *pipeline)
{
    while (pipeline->flying_first != pipeline->flying_next) {
        struct flying flying =
            pipeline->flying[pipeline->flying_first++ % CHANGES_IN_FLIGHT_MAX];
        if (flying.kind == CHANGE_USER) {
            user_lost(pipeline, flying.index);
        } else if (flying.kind == CHANGE_CASCADE) {
            cascade_lost(pipeline, flying.index);
        } else {
            boards_lost(&pipeline->boards, flying.index);
        }
    }
}

void
changes_restart(struct pipeline *pipeline)
{
    changes_lost(pipeline);
    for (uint32_t user = 0; user < pipeline->users.high; user++) {
        struct user *row = users_at(&pipeline->users, user);
        if (row->id != SLAB_NONE && row->counters != COUNTER_NONE) {
            row->flags |= USER_WHOLE | USER_WRITTEN;
            users_queue(&pipeline->users, user);
        }
    }
    struct cascades *cascades = &pipeline->cascades;
    for (uint32_t cascade = 0; cascade < cascades->high; cascade++) {
        struct cascade *row = cascades_at(cascades, cascade);
        if (row->birth != 0 && row->last != USEC_NONE) {
            row->flags |= CASCADE_WHOLE | CASCADE_WRITTEN;
            cascades_queue(cascades, cascade, CASCADE_ALL);
        }
    }
    for (uint32_t board = 0; board < pipeline->boards.count; board++) {
        boards_lost(&pipeline->boards, board);
    }
}

static bool
is_complete(const struct pipeline *pipeline)
{
    usec since = pipeline->clock - pipeline->longest;
    return pipeline->started != USEC_NONE && pipeline->started <= since &&
           (pipeline->refused_at == USEC_NONE || pipeline->refused_at <= since);
}

void
changes_meta(const struct pipeline *pipeline, struct changes_meta *ret_meta)
{
    *ret_meta = (struct changes_meta){
        .clock = pipeline->started != USEC_NONE ? pipeline->clock : USEC_NONE,
        .posts = pipeline->metrics.posts,
        .interactions = pipeline->metrics.interactions,
        .is_complete = is_complete(pipeline),
    };
}
