#include "ctl/outreach.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json_writer.h"
#include "base/usec.h"
#include "ctl/campaigns.h"
#include "ingest/text/cell.h"
#include "ctl/outreach_list.h"
#include "ctl/print.h"
#include "ctl/values.h"
#include "net/clock.h"

enum {
    OUTPUT_MAX = 1 << 26,
    KEY_MAX = 4096,
    NUMBER_MAX = 64,
    RANK_COLUMNS = 4,
    PEOPLE_COLUMNS = 9,
    KNOWN_COLUMNS = 5,
    DATE_COLUMNS = 10, // of RFC 3339
    WHO_COLUMNS = 24,
    WHY_COLUMNS = 1200,
    CELL_COLUMNS = 4000,
};

// "2026-03-02T09:00:00.000Z", or its first bytes; empty if there is no time.
static struct slice
time_text(struct slice ms, char text[USEC_TEXT_MAX], size_t len)
{
    if (slice_is_none(ms)) {
        return SLICE_LIT("");
    }
    struct slice all =
        slice_of(usec_format_rfc3339(values_whole(ms) * USEC_PER_MS, text));
    return (struct slice){all.ptr, all.len < len ? all.len : len};
}

static struct slice
field(const struct outreach_person *person, const char *name)
{
    return values_field(person->hash, slice_of(name));
}

static bool
is_known(const struct outreach_person *person)
{
    return values_number(field(person, "known")) != 0;
}

// ── as a table ─────────────────────────────────────────────────────────────

static void
put_head(struct buffer *out)
{
    cell_fill(out, RANK_COLUMNS);
    cell_put_aligned(out, SLICE_LIT("people"), PEOPLE_COLUMNS, CELL_RIGHT);
    buffer_append(out, SLICE_LIT("  "));
    cell_put_aligned(out, SLICE_LIT("known"), KNOWN_COLUMNS, CELL_LEFT);
    buffer_append(out, SLICE_LIT("  "));
    cell_put_aligned(out, SLICE_LIT("done"), DATE_COLUMNS, CELL_LEFT);
    buffer_append(out, SLICE_LIT("  "));
    cell_put_aligned(out, SLICE_LIT("who"), WHO_COLUMNS + 1, CELL_LEFT);
    buffer_append(out, SLICE_LIT("  why\n"));
}

static void
put_person(struct buffer *out, size_t rank, const struct outreach_person *person)
{
    char text[NUMBER_MAX];
    char time[USEC_TEXT_MAX];
    struct buffer who;
    (void)snprintf(text, sizeof text, "%zu", rank);
    cell_put_aligned(out, slice_of(text), RANK_COLUMNS, CELL_RIGHT);
    values_put_score(out, person->score, PEOPLE_COLUMNS);
    buffer_append(out, SLICE_LIT("  "));
    cell_put_aligned(out, is_known(person) ? SLICE_LIT("yes") : SLICE_LIT(""),
                     KNOWN_COLUMNS, CELL_LEFT);
    buffer_append(out, SLICE_LIT("  "));
    cell_put_aligned(out, time_text(person->done, time, DATE_COLUMNS), DATE_COLUMNS,
                     CELL_LEFT);
    buffer_append(out, SLICE_LIT("  "));
    buffer_init(&who, OUTPUT_MAX);
    outreach_list_put_who(&who, person);
    cell_put_aligned(out, buffer_text(&who), WHO_COLUMNS + 1, CELL_LEFT);
    buffer_fini(&who);
    buffer_append(out, SLICE_LIT("  "));
    (void)cell_put(out, field(person, "why"), WHY_COLUMNS);
    buffer_append_byte(out, '\n');
}

static void
put_table(struct buffer *out, const char *campaign, const struct outreach_list *list,
          size_t count)
{
    if (count == 0) {
        buffer_append(out, SLICE_LIT("the outreach list of campaign \""));
        (void)cell_put(out, slice_of(campaign), CELL_COLUMNS);
        buffer_append(out, SLICE_LIT("\" is empty\n"));
        return;
    }
    put_head(out);
    for (size_t i = 0; i < count; i++) {
        put_person(out, i + 1, &list->people[i]);
    }
    buffer_append(
        out, SLICE_LIT("people: observed, those who came through the person in the "
                       "campaign, older ones count less. docs/campaigns.md\n"));
}

// ── as CSV ─────────────────────────────────────────────────────────────────

// A cell that a spreadsheet would take for a formula begins with an apostrophe.
static void
put_cell(struct buffer *out, struct slice text, bool is_last)
{
    static const char formula[] = "=+-@\t\r";
    struct buffer clean;
    buffer_init(&clean, OUTPUT_MAX);
    (void)cell_put(&clean, text, CELL_COLUMNS);
    struct slice cell = buffer_text(&clean);
    bool is_formula = cell.len != 0 && memchr(formula, cell.ptr[0], sizeof formula) &&
                      !json_writer_is_number(cell);
    buffer_append_byte(out, '"');
    buffer_append(out, is_formula ? SLICE_LIT("'") : SLICE_LIT(""));
    for (size_t i = 0; i < cell.len; i++) {
        buffer_append(out, cell.ptr[i] == '"' ? SLICE_LIT("\"") : SLICE_LIT(""));
        buffer_append_byte(out, cell.ptr[i]);
    }
    buffer_append(out, is_last ? SLICE_LIT("\"\n") : SLICE_LIT("\","));
    buffer_fini(&clean);
}

static void
put_csv(struct buffer *out, const struct outreach_list *list, size_t count)
{
    static const char *const numbers[] = {"acts", "rate", "next", "known", "followers"};
    buffer_append(out, SLICE_LIT("id,handle,name,people,acts,rate,next,known,followers,"
                                 "last,done,why\n"));
    for (size_t i = 0; i < count; i++) {
        const struct outreach_person *person = &list->people[i];
        char time[USEC_TEXT_MAX];
        put_cell(out, person->id, false);
        put_cell(out, outreach_list_handle(person), false);
        put_cell(out, values_at(person->user, 1), false);
        put_cell(out, person->score, false);
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
            put_cell(out, field(person, numbers[k]), false);
        }
        put_cell(out, time_text(field(person, "last_ms"), time, USEC_TEXT_MAX), false);
        put_cell(out, time_text(person->done, time, USEC_TEXT_MAX), false);
        put_cell(out, field(person, "why"), true);
    }
}

// ── as JSON ────────────────────────────────────────────────────────────────

static void
put_json(struct buffer *out, const char *campaign, const struct outreach_list *list,
         size_t count)
{
    json_writer_open(out, '{');
    json_writer_put_text(out, "campaign", slice_of(campaign));
    json_writer_name(out, SLICE_LIT("entries"));
    json_writer_open(out, '[');
    for (size_t i = 0; i < count; i++) {
        outreach_list_put_json(out, i + 1, &list->people[i]);
    }
    json_writer_close(out, ']');
    json_writer_close(out, '}');
    buffer_append_byte(out, '\n');
}

// ── showing ────────────────────────────────────────────────────────────────

// Those who are marked but not on the list come last.
static size_t
count_of(const struct outreach_list *list)
{
    size_t count = 0;
    while (count < list->count && !slice_is_none(list->people[count].score)) {
        count++;
    }
    return count;
}

enum status
outreach_show(struct client *client, const char *campaign, size_t rows,
              enum outreach_form form, struct error *error)
{
    struct outreach_list list = {0};
    struct buffer out;
    struct slice name = slice_of(campaign);
    enum status status = campaigns_check(client, name, error);
    if (status == STATUS_OK) {
        status = outreach_list_pull(client, name, rows, &list, error);
    }
    if (status == STATUS_OK) {
        size_t count = count_of(&list);
        buffer_init(&out, OUTPUT_MAX);
        if (form == OUTREACH_TABLE) {
            put_table(&out, campaign, &list, count);
        } else if (form == OUTREACH_CSV) {
            put_csv(&out, &list, count);
        } else {
            put_json(&out, campaign, &list, count);
        }
        print_buffer(&out);
    }
    outreach_list_fini(&list);
    return status;
}

// ── marks ──────────────────────────────────────────────────────────────────

// KEYS: the marks, the person's hash. ARGV: the id, ms or nothing. The copy in the
// person's hash exists as long as that hash.
static const char mark_script[] =
    "if ARGV[2] then redis.call('hset',KEYS[1],ARGV[1],ARGV[2]) "
    "if redis.call('exists',KEYS[2])==1 then "
    "redis.call('hset',KEYS[2],'done_ms',ARGV[2]) end "
    "else redis.call('hdel',KEYS[1],ARGV[1]) "
    "redis.call('hdel',KEYS[2],'done_ms') end return 1";

// ms: NULL takes the mark back.
static enum status
write_mark(struct client *client, struct slice campaign,
           const struct outreach_person *person, const char *ms, struct error *error)
{
    struct buffer keys[2];
    struct buffer id;
    buffer_init(&keys[0], KEY_MAX);
    buffer_init(&keys[1], KEY_MAX);
    buffer_init(&id, KEY_MAX);
    campaigns_put_key(&keys[0], campaign, "done");
    campaigns_put_key(&keys[1], campaign, "outreach:");
    buffer_append(&keys[1], person->id);
    buffer_append(&id, person->id);
    buffer_append_byte(&id, '\0');
    const struct slice names[2] = {buffer_text(&keys[0]), buffer_text(&keys[1])};
    const char *const arguments[] = {buffer_text(&id).ptr, ms, NULL};
    client_queue_script(client, mark_script, names, arguments);
    buffer_fini(&id);
    buffer_fini(&keys[1]);
    buffer_fini(&keys[0]);
    redisReply *reply = client_answer(client, REDIS_REPLY_INTEGER, error);
    freeReplyObject(reply);
    return reply != NULL ? STATUS_OK : STATUS_IO;
}

static void
report(const char *what, const struct outreach_person *person)
{
    struct buffer who;
    struct buffer out;
    buffer_init(&who, OUTPUT_MAX);
    buffer_init(&out, OUTPUT_MAX);
    outreach_list_put_who(&who, person);
    buffer_append(&out, slice_of(what));
    (void)cell_put(&out, buffer_text(&who), CELL_COLUMNS);
    buffer_append(&out, SLICE_LIT(" ("));
    (void)cell_put(&out, person->id, CELL_COLUMNS);
    buffer_append(&out, SLICE_LIT(")\n"));
    print_buffer(&out);
    buffer_fini(&who);
}

static enum status
mark(struct client *client, struct slice campaign, const struct outreach_person *person,
     struct error *error)
{
    char ms[NUMBER_MAX];
    if (slice_is_none(person->score)) {
        return error_set(error, STATUS_RANGE, "%.*s is not on the list",
                         SLICE_ARG(person->id));
    }
    (void)snprintf(ms, sizeof ms, "%" PRId64, clock_system() / USEC_PER_MS);
    enum status status = write_mark(client, campaign, person, ms, error);
    if (status == STATUS_OK) {
        report("marked as done: ", person);
    }
    return status;
}

static enum status
unmark(struct client *client, struct slice campaign,
       const struct outreach_person *person, struct error *error)
{
    if (slice_is_none(person->done)) {
        return error_set(error, STATUS_RANGE, "%.*s is not marked as done",
                         SLICE_ARG(person->id));
    }
    enum status status = write_mark(client, campaign, person, NULL, error);
    if (status == STATUS_OK) {
        report("no longer marked as done: ", person);
    }
    return status;
}

static enum status
change(struct client *client, const char *campaign, const char *who, bool is_done,
       struct error *error)
{
    struct outreach_list list = {0};
    const struct outreach_person *person = NULL;
    struct slice name = slice_of(campaign);
    enum status status = campaigns_check(client, name, error);
    if (status == STATUS_OK) {
        status = outreach_list_pull(client, name, 0, &list, error);
    }
    if (status == STATUS_OK) {
        status = outreach_list_find(&list, who, &person, error);
    }
    if (status == STATUS_OK) {
        status = is_done ? mark(client, name, person, error)
                         : unmark(client, name, person, error);
    }
    outreach_list_fini(&list);
    return status;
}

enum status
outreach_mark(struct client *client, const char *campaign, const char *who,
              struct error *error)
{
    return change(client, campaign, who, true, error);
}

enum status
outreach_unmark(struct client *client, const char *campaign, const char *who,
                struct error *error)
{
    return change(client, campaign, who, false, error);
}
