#include "pipeline/snapshot.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pipeline/campaigns/course.h"
#include "pipeline/carriers/expected.h"
#include "pipeline/carriers/known_acts.h"
#include "pipeline/fold/campaign_reload.h"
#include "pipeline/inside.h"

enum { FORMAT = 24, HEAD_MAX = 4096, VALUE_MAX = 256, OTHERS_MAX = 160 };

// The head of the snapshot, lines of a name and a value: the contents, and the options
// on which its bytes depend. Any version can read it.
struct head {
    char text[HEAD_MAX];
    uint32_t len;
};

// ── the head ───────────────────────────────────────────────────────────────

__attribute__((format(printf, 2, 3))) static void
put(struct head *head, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(head->text + head->len, HEAD_MAX - head->len, format, args);
    va_end(args);
    assert(len >= 0 && (size_t)len < HEAD_MAX - head->len);
    head->len += (uint32_t)len;
}

// "60m" and "1h" are the same window.
static void
format_value(const struct option *row, const struct pipeline_options *options,
             char text[VALUE_MAX])
{
    if (row->type != OPTION_SPANS) {
        (void)option_format(row, options, text, VALUE_MAX);
        return;
    }
    size_t used = 0;
    for (size_t i = 0; i < options->windows.count; i++) {
        char span[USEC_TEXT_MAX];
        used +=
            (size_t)snprintf(text + used, VALUE_MAX - used, "%s%s", i != 0 ? " " : "",
                             usec_format_duration(options->windows.length[i], span));
    }
}

// Options that may change at run time do not shape the state.
static bool
matters(const struct option *row)
{
    return !row->is_reloadable &&
           row->offset != offsetof(struct pipeline_options, cascades_text);
}

static void
describe(const struct pipeline *pipeline, struct head *ret_head)
{
    char until[USEC_TEXT_MAX];
    ret_head->len = 0;
    put(ret_head, "format %d\nposts %" PRIu64 "\npeople %" PRIu32 "\nuntil %s\n",
        FORMAT, pipeline->metrics.posts, pipeline->users.count,
        usec_format_rfc3339(pipeline->clock, until));
    for (const struct option *row = pipeline_option_rows; row->name != NULL; row++) {
        char value[VALUE_MAX];
        if (matters(row)) {
            format_value(row, &pipeline->options, value);
            put(ret_head, "%s %s\n", row->name, value);
        }
    }
}

// The value of that name; SLICE_NONE: there is none.
static struct slice
find(const struct head *head, const char *name)
{
    size_t name_len = strlen(name);
    const char *at = head->text;
    const char *end = head->text + head->len;
    const char *line_end;
    while ((line_end = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        size_t len = (size_t)(line_end - at);
        if (len > name_len && at[name_len] == ' ' && memcmp(at, name, name_len) == 0) {
            return (struct slice){at + name_len + 1, len - name_len - 1};
        }
        at = line_end + 1;
    }
    return SLICE_NONE;
}

static enum status
refuse(const struct head *head, const char *why, struct error *error)
{
    struct slice posts = find(head, "posts");
    struct slice people = find(head, "people");
    struct slice until = find(head, "until");
    if (posts.len == 0 || people.len == 0 || until.len == 0) {
        return error_set(error, STATUS_PARSE, "%s", why);
    }
    return error_set(error, STATUS_PARSE,
                     "%s; it holds %.*s posts and %.*s people up to %.*s", why,
                     SLICE_ARG(posts), SLICE_ARG(people), SLICE_ARG(until));
}

// Names every option that differs: "redis.top (10, now 20)".
static enum status
check_options(const struct head *head, const struct head *mine, struct error *error)
{
    char why[OTHERS_MAX * 2] = "it was made with other options: ";
    size_t none = strlen(why);
    size_t used = none;
    for (const struct option *row = pipeline_option_rows; row->name != NULL; row++) {
        struct slice theirs = find(head, row->name);
        struct slice now = find(mine, row->name);
        if (!matters(row) || slice_equal(theirs, now)) {
            continue;
        }
        if (theirs.len == 0) {
            return refuse(head, "it was made by another version", error);
        }
        if (used > OTHERS_MAX) {
            used += (size_t)snprintf(why + used, sizeof(why) - used, " and others");
            break;
        }
        used += (size_t)snprintf(why + used, OTHERS_MAX, "%s%s (%.*s, now %.*s)",
                                 used != none ? ", " : "", row->name, SLICE_ARG(theirs),
                                 SLICE_ARG(now));
    }
    return used == none ? STATUS_OK : refuse(head, why, error);
}

static enum status
ends_early(struct error *error)
{
    return error_set(error, STATUS_IO, "it ends early");
}

// The sizes of structs that are written as they are in memory.
static const size_t sizes[] = {
    sizeof(struct user),
    sizeof(struct cascade),
    sizeof(struct tag),
    sizeof(struct pairs_row),
    sizeof(struct course_growth),
    sizeof(struct course_ring),
    sizeof(struct timer),
    sizeof(struct eviction_candidate),
    sizeof(struct forecast),
    sizeof(struct carrier),
    sizeof(struct first_act),
    sizeof(struct expected),
    sizeof(struct known_act),
    sizeof(struct reshare_bucket),
    sizeof(struct forecasts_network),
    sizeof(struct author_baseline),
    sizeof(struct calibration),
    sizeof(struct event),
    sizeof(struct local),
    sizeof(struct amplifier),
    sizeof(struct tree),
    sizeof(struct node),
    sizeof(struct pending_parent),
    sizeof(struct windows_chunk),
    sizeof(struct window),
    sizeof(struct counter),
    sizeof(struct board_entry),
    sizeof(struct table_slot),
    sizeof(struct slab),
    sizeof(struct flying),
    sizeof(struct pipeline_metrics),
    sizeof(struct alert_row),
    sizeof(struct withdrawal),
    sizeof(struct traces_row),
    sizeof(struct alert_queue),
    sizeof(struct alerts_record),
};

static enum status
check(struct snapshot *snapshot, const struct pipeline *pipeline, struct error *error)
{
    struct head head;
    struct head mine;
    snapshot_rows(snapshot, head.text, 1, &head.len, HEAD_MAX);
    if (snapshot->is_failed) {
        return snapshot->is_foreign
                   ? error_set(error, STATUS_PARSE, "it was made by another version")
                   : ends_early(error);
    }
    describe(pipeline, &mine);
    if (!slice_equal(find(&head, "format"), find(&mine, "format"))) {
        return refuse(&head, "it was made by another version", error);
    }
    enum status status = check_options(&head, &mine, error);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]) && status == STATUS_OK;
         i++) {
        size_t size = sizes[i];
        SNAPSHOT_VALUE(snapshot, size);
        if (snapshot->is_failed) {
            status = ends_early(error);
        } else if (size != sizes[i]) {
            status = refuse(&head, "it was made by another version", error);
        }
    }
    return status;
}

// ── the content ────────────────────────────────────────────────────────────

static uint32_t
rows_used(const struct event_records_part *part)
{
    return part->next < part->size ? (uint32_t)part->next : part->size;
}

static struct campaigns_used
used_of(const struct pipeline *pipeline)
{
    const struct event_records *records = &pipeline->records;
    return (struct campaigns_used){
        .cascades = pipeline->cascades.high,
        .events = rows_used(&records->newest),
        .lasting_begin = records->lasting.begin,
        .lasting = rows_used(&records->lasting),
    };
}

static void
move(struct pipeline *pipeline, struct snapshot *snapshot)
{
    SNAPSHOT_VALUE(snapshot, pipeline->key);
    SNAPSHOT_VALUE(snapshot, pipeline->metrics);
    SNAPSHOT_VALUE(snapshot, pipeline->is_cramped);
    SNAPSHOT_VALUE(snapshot, pipeline->clock);
    SNAPSHOT_VALUE(snapshot, pipeline->started);
    SNAPSHOT_VALUE(snapshot, pipeline->useless_step);
    SNAPSHOT_VALUE(snapshot, pipeline->asked);
    SNAPSHOT_VALUE(snapshot, pipeline->next_wait);
    SNAPSHOT_VALUE(snapshot, pipeline->lost_at);
    SNAPSHOT_VALUE(snapshot, pipeline->user_quota);
    SNAPSHOT_VALUE(snapshot, pipeline->tag_quota);
    SNAPSHOT_VALUE(snapshot, pipeline->whole_from);
    slab_move(pipeline->texts, snapshot);
    windows_move(&pipeline->windows, snapshot);
    users_move(&pipeline->users, snapshot);
    cascades_move(&pipeline->cascades, snapshot);
    trees_move(&pipeline->trees, snapshot);
    forecasts_move(&pipeline->forecasts, snapshot);
    tags_move(&pipeline->tags, snapshot);
    event_records_move(&pipeline->records, snapshot);
    locals_move(&pipeline->locals, snapshot);
    campaigns_move(&pipeline->campaigns, snapshot, used_of(pipeline));
    campaign_reload_move(pipeline, snapshot);
    carriers_move(&pipeline->carriers, snapshot);
    queue_move(&pipeline->carrier_queue, snapshot);
    boards_move(&pipeline->boards, snapshot);
    alerts_move(&pipeline->alerts, snapshot);
    SNAPSHOT_VALUE(snapshot, pipeline->renamed);
    withdrawals_move(&pipeline->withdrawals, snapshot);
    release_move(&pipeline->release, snapshot);
    SNAPSHOT_VALUE(snapshot, pipeline->flush.flying_first);
    SNAPSHOT_VALUE(snapshot, pipeline->flush.flying_next);
    SNAPSHOT_VALUE(snapshot, pipeline->flush.flying);
    snapshot_expect(snapshot,
                    pipeline->flush.flying_next - pipeline->flush.flying_first <=
                        CHANGES_IN_FLIGHT_MAX);
}

enum status
snapshot_save(struct pipeline *pipeline, snapshot_fn write, void *context)
{
    struct snapshot snapshot = {.move = write, .context = context};
    struct head head;
    describe(pipeline, &head);
    snapshot_rows(&snapshot, head.text, 1, &head.len, HEAD_MAX);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t size = sizes[i];
        SNAPSHOT_VALUE(&snapshot, size);
    }
    move(pipeline, &snapshot);
    return snapshot.is_failed ? STATUS_IO : STATUS_OK;
}

enum status
snapshot_load(struct pipeline *pipeline, snapshot_fn read, void *context,
              struct error *error)
{
    assert(pipeline->alerts.count == 0);
    struct snapshot snapshot = {.move = read, .context = context};
    enum status status = check(&snapshot, pipeline, error);
    if (status != STATUS_OK) {
        return status;
    }
    move(pipeline, &snapshot);
    if (snapshot.is_failed) {
        return snapshot.is_foreign
                   ? error_set(error, STATUS_PARSE,
                               "its parts do not fit each other: it was made by "
                               "another version")
                   : ends_early(error);
    }
    pipeline->users.key = pipeline->key;
    pipeline->cascades.key = pipeline->key;
    pipeline->tags.key = pipeline->key;
    changes_restart(pipeline);
    return STATUS_OK;
}
