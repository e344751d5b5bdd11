#include "daemon/campaign_report_data.h"

#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "pipeline/pipeline.h"
#include "pipeline/views_campaign.h"

enum { TEXTS_MAX = 64 << 20, FIELD_MAX = 64 };

const char *const campaign_report_data_numbers[CAMPAIGN_REPORT_NUMBERS] = {
    "people", "new_people", "known_people", "cascades"};

// In the order in which they are shown.
static const struct {
    const char *metric, *title;
} boards[CAMPAIGN_REPORT_BOARDS] = {
    {"carried", "Most came through them"},
    {"influence", "Most reshares downstream"},
    {"reach", "Reached most followers"},
    {"retweets", "Retweeted most"},
    {"quotes", "Quoted most"},
    {"replies", "Replied to most"},
    {"translated", "Most came through their quotes"},
    {"posts", "Published most"},
    {"hashtags", "Hashtags"},
    {"cascades", "Posts reshared most"},
};

// ── copies ─────────────────────────────────────────────────────────────────

static struct slice
keep(struct campaign_report_data *data, struct slice text)
{
    return slice_is_none(text) ? SLICE_NONE
                               : arena_join(&data->texts, text, SLICE_LIT(""));
}

static struct slice
field_of(const struct change *change, const char *name)
{
    for (size_t i = 0; i < change->field_count; i++) {
        if (slice_equal(change->fields[i].name, slice_of(name))) {
            return change->fields[i].value;
        }
    }
    return SLICE_NONE;
}

static struct campaign_report_row
person_row(struct campaign_report_data *data, const struct pipeline *pipeline,
           struct views_entry entry)
{
    struct views_person person = views_person(pipeline, entry.owner);
    return (struct campaign_report_row){
        .id = keep(data, person.id),
        .handle = keep(data, person.handle),
        .name = keep(data, person.name),
        .value = entry.score,
    };
}

static struct campaign_report_row
cascade_row(struct campaign_report_data *data, struct pipeline *pipeline,
            struct views_entry entry)
{
    struct change line;
    views_cascade_line(pipeline, entry.owner, &line);
    return (struct campaign_report_row){
        .id = keep(data, line.name),
        .handle = keep(data, field_of(&line, "handle")),
        .text = keep(data, field_of(&line, "text")),
        .value = entry.score,
    };
}

// ── windows ────────────────────────────────────────────────────────────────

static uint64_t
number_of(const struct change *hash, const char *name, const char *window)
{
    char field[FIELD_MAX];
    double value = 0;
    (void)snprintf(field, sizeof(field), "%s:%s", name, window);
    (void)decimal_parse(field_of(hash, field), &value);
    return (uint64_t)value;
}

static void
collect_window(struct campaign_report_data *data,
               const struct campaign_report_source *source, const struct change *hash,
               uint32_t index)
{
    struct campaign_report_window *window = &data->windows[index];
    struct views_window shown = views_window(source->pipeline, index);
    (void)snprintf(window->name, sizeof(window->name), "%.*s", SLICE_ARG(shown.name));
    window->length = shown.length;
    for (uint32_t i = 0; i < CAMPAIGN_REPORT_NUMBERS; i++) {
        window->numbers[i] =
            number_of(hash, campaign_report_data_numbers[i], window->name);
    }
    if (data->last == USEC_NONE) {
        return;
    }
    usec step = window->length / 60;
    usec begin = (usec_floor_div(data->last, step) - 59) * step;
    window->is_whole = source->first <= begin;
    window->has_before = source->first < begin;
    window->is_before_whole = source->first <= begin - window->length;
}

static void
collect_windows(struct campaign_report_data *data,
                const struct campaign_report_source *source)
{
    struct change hash;
    data->window_count = views_windows(source->pipeline);
    views_campaign(source->pipeline, source->campaign, &hash);
    for (uint32_t i = 0; i < data->window_count; i++) {
        collect_window(data, source, &hash, i);
        if (data->windows[i].length > data->windows[data->window].length) {
            data->window = i;
        }
    }
    for (uint32_t i = 0; i < data->window_count; i++) {
        views_course_window(source->pipeline, source->campaign, i,
                            data->windows[i].values);
        if (data->windows[i].has_before &&
            (data->new_window == VIEWS_NONE ||
             data->windows[i].length > data->windows[data->new_window].length)) {
            data->new_window = i;
        }
    }
}

// ── boards and lists ───────────────────────────────────────────────────────

// The entries of a board in the window; none if there is no such board.
static uint32_t
entries_of(const struct campaign_report_data *data,
           const struct campaign_report_source *source, const char *metric,
           uint32_t window, struct views_entry *space)
{
    const struct pipeline *pipeline = source->pipeline;
    uint32_t count = views_campaign_boards(pipeline, source->campaign);
    for (uint32_t i = 0; i < count; i++) {
        struct views_board board = views_campaign_board(pipeline, source->campaign, i);
        if (slice_equal(board.metric, slice_of(metric)) &&
            slice_equal(board.window, slice_of(data->windows[window].name))) {
            return views_campaign_entries(pipeline, source->campaign, i, space,
                                          views_top(pipeline));
        }
    }
    return 0;
}

static enum views_owner
owner_of(const char *metric)
{
    return strcmp(metric, "hashtags") == 0   ? VIEWS_HASHTAGS
           : strcmp(metric, "cascades") == 0 ? VIEWS_CASCADES
                                             : VIEWS_PEOPLE;
}

static struct campaign_report_row
row_of(struct campaign_report_data *data, const struct campaign_report_source *source,
       enum views_owner owner, struct views_entry entry)
{
    switch (owner) {
    case VIEWS_CASCADES:
        return cascade_row(data, source->pipeline, entry);
    case VIEWS_HASHTAGS:
        return (struct campaign_report_row){
            .id = keep(data, views_owner_id(source->pipeline, owner, entry.owner)),
            .value = entry.score,
        };
    case VIEWS_PEOPLE:
        break;
    }
    return person_row(data, source->pipeline, entry);
}

static void
collect_boards(struct campaign_report_data *data,
               const struct campaign_report_source *source, struct views_entry *space)
{
    for (uint32_t i = 0; i < CAMPAIGN_REPORT_BOARDS; i++) {
        struct campaign_report_board *board = &data->boards[i];
        board->metric = boards[i].metric;
        board->title = boards[i].title;
        board->owner = owner_of(board->metric);
        uint32_t count = entries_of(data, source, board->metric, data->window, space);
        for (uint32_t k = 0; k < count && k < CAMPAIGN_REPORT_ROWS; k++) {
            board->rows[board->count++] = row_of(data, source, board->owner, space[k]);
        }
    }
}

static enum status
collect_outreach(struct campaign_report_data *data,
                 const struct campaign_report_source *source, struct views_entry *space)
{
    struct pipeline *pipeline = source->pipeline;
    uint32_t count =
        views_campaign_outreach(pipeline, source->campaign, space, VIEWS_OUTREACH_MAX);
    data->outreach = calloc(count + 1, sizeof(*data->outreach));
    if (data->outreach == NULL) {
        return STATUS_NOMEM;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct change hash;
        struct campaign_report_person *person = &data->outreach[i];
        person->who = person_row(data, pipeline, space[i]);
        views_campaign_person(pipeline, source->campaign, space[i].owner, &hash);
        person->people = keep(data, field_of(&hash, "people"));
        person->acts = keep(data, field_of(&hash, "acts"));
        person->rate = keep(data, field_of(&hash, "rate"));
        person->next = keep(data, field_of(&hash, "next"));
        person->known = keep(data, field_of(&hash, "known"));
        person->followers = keep(data, field_of(&hash, "followers"));
        person->last_ms = keep(data, field_of(&hash, "last_ms"));
        person->why = keep(data, field_of(&hash, "why"));
    }
    data->outreach_count = count;
    return STATUS_OK;
}

// Who came through a person who is new came within the window, too.
static void
collect_new(struct campaign_report_data *data,
            const struct campaign_report_source *source, struct views_entry *space)
{
    const struct pipeline *pipeline = source->pipeline;
    if (data->new_window == VIEWS_NONE) {
        return;
    }
    uint32_t count = entries_of(data, source, "carried", data->new_window, space);
    for (uint32_t i = 0; i < count && data->new_count < CAMPAIGN_REPORT_ROWS; i++) {
        if (views_course_is_new(pipeline, source->campaign, space[i].owner,
                                data->new_window)) {
            data->new_people[data->new_count++] = person_row(data, pipeline, space[i]);
        }
    }
}

// ── life ───────────────────────────────────────────────────────────────────

enum status
campaign_report_data_init(struct campaign_report_data *data,
                          const struct campaign_report_source *source)
{
    struct pipeline *pipeline = source->pipeline;
    struct changes_meta meta;
    changes_meta(pipeline, &meta);
    *data = (struct campaign_report_data){
        .has_rivals = source->has_rivals,
        .read = meta.posts,
        .first = source->first,
        .last = meta.clock,
        .evicted = pipeline_metrics(pipeline)->campaigns_evicted,
        .left_out = pipeline_metrics(pipeline)->campaigns_left_out,
        .new_window = VIEWS_NONE,
    };
    arena_init(&data->texts, TEXTS_MAX);
    uint32_t room = views_top(pipeline);
    room = room > VIEWS_OUTREACH_MAX ? room : VIEWS_OUTREACH_MAX;
    struct views_entry *space = calloc(room, sizeof(*space));
    if (space == NULL) {
        return STATUS_NOMEM;
    }
    data->name = keep(data, views_campaign_name(pipeline, source->campaign));
    collect_windows(data, source);
    views_course(pipeline, source->campaign, &data->course);
    collect_boards(data, source, space);
    enum status status = collect_outreach(data, source, space);
    collect_new(data, source, space);
    free(space);
    return status == STATUS_OK && data->texts.is_failed ? STATUS_NOMEM : status;
}

void
campaign_report_data_fini(struct campaign_report_data *data)
{
    free(data->outreach);
    arena_fini(&data->texts);
    *data = (struct campaign_report_data){0};
}

const struct campaign_report_board *
campaign_report_data_board(const struct campaign_report_data *data, const char *metric)
{
    const struct campaign_report_board *found = &data->boards[0];
    for (uint32_t i = 0; i < CAMPAIGN_REPORT_BOARDS; i++) {
        if (strcmp(data->boards[i].metric, metric) == 0) {
            found = &data->boards[i];
        }
    }
    return found;
}
