#include <stddef.h>
#include <stdio.h>

#include "base/decimal.h"
#include "base/json_writer.h"
#include "base/similar.h"
#include "sinks/api/api_inside.h"

enum { MESSAGE_MAX = 160, NAME_MAX_LEN = 128, DIGITS = 4 };

bool
api_find_campaign(const struct api_call *call, uint32_t *ret_campaign)
{
    const struct pipeline *pipeline = call->api->setup.pipeline;
    struct slice name = call->request->words[0];
    struct similar similar;
    char message[MESSAGE_MAX];
    *ret_campaign = views_campaign_find(pipeline, name);
    if (*ret_campaign != VIEWS_NONE) {
        return true;
    }
    similar_init(&similar, name);
    for (uint32_t i = 0; i < views_campaigns(pipeline); i++) {
        similar_offer(&similar, views_campaign_name(pipeline, i));
    }
    if (slice_is_none(similar.nearest)) {
        api_unknown(call, "there is no such campaign: /api/v1/campaigns has the names");
    } else {
        (void)snprintf(message, sizeof(message),
                       "there is no such campaign: did you mean \"%.*s\"?",
                       SLICE_ARG(similar.nearest));
        api_unknown(call, message);
    }
    return false;
}

// ── figures ────────────────────────────────────────────────────────────────

// Without the brackets.
static void
put_campaign(const struct api_call *call, uint32_t campaign)
{
    struct change change;
    views_campaign(call->api->setup.pipeline, campaign, &change);
    json_writer_put_text(call->body, "name", change.name);
    api_put_fields(call->body, &change);
}

void
api_write_campaigns(const struct api_call *call)
{
    struct api_now now = api_now(call->api);
    json_writer_open(call->body, '{');
    api_put_as_of(call, &now);
    json_writer_name(call->body, SLICE_LIT("campaigns"));
    json_writer_open(call->body, '[');
    for (uint32_t i = 0; i < views_campaigns(call->api->setup.pipeline); i++) {
        json_writer_open(call->body, '{');
        put_campaign(call, i);
        json_writer_close(call->body, '}');
    }
    json_writer_close(call->body, ']');
    json_writer_close(call->body, '}');
}

// The names of boards, each once: those of one metric follow each other.
static void
put_boards(const struct api_call *call, uint32_t campaign)
{
    const struct pipeline *pipeline = call->api->setup.pipeline;
    struct slice last = SLICE_NONE;
    json_writer_name(call->body, SLICE_LIT("boards"));
    json_writer_open(call->body, '[');
    for (uint32_t i = 0; i < views_campaign_boards(pipeline, campaign); i++) {
        struct slice metric = views_campaign_board(pipeline, campaign, i).metric;
        if (!slice_equal(metric, last)) {
            json_writer_string(call->body, metric);
        }
        last = metric;
    }
    json_writer_close(call->body, ']');
}

static void
put_value(const struct api_call *call, uint32_t figure, uint32_t window, double value)
{
    char name[NAME_MAX_LEN];
    char digits[DECIMAL_TEXT_MAX];
    struct slice title = views_course_figure(figure);
    struct slice span = views_window(call->api->setup.pipeline, window).name;
    (void)snprintf(name, sizeof(name), "%.*s:%.*s", SLICE_ARG(title), SLICE_ARG(span));
    if (slice_equal(title, SLICE_LIT("share"))) {
        json_writer_name(call->body, slice_of(name));
        json_writer_number(call->body,
                           (struct slice){digits, decimal_put(digits, value, DIGITS)});
    } else {
        json_writer_put_u64(call->body, name, (uint64_t)value);
    }
}

// The figures of the window before each window of which something was seen since the
// campaign is counted.
static void
put_before(const struct api_call *call, uint32_t campaign)
{
    const struct pipeline *pipeline = call->api->setup.pipeline;
    struct views_course_value values[VIEWS_COURSE_FIGURES];
    json_writer_name(call->body, SLICE_LIT("before"));
    json_writer_open(call->body, '{');
    for (uint32_t window = 0; window < views_windows(pipeline); window++) {
        bool is_seen = views_course_has_before(pipeline, campaign, window);
        views_course_window(pipeline, campaign, window, values);
        for (uint32_t i = 0; i < VIEWS_COURSE_FIGURES; i++) {
            if (is_seen && values[i].has_before) {
                put_value(call, i, window, values[i].before);
            }
        }
    }
    json_writer_close(call->body, '}');
}

static void
put_joined(const struct api_call *call, uint32_t campaign)
{
    const struct pipeline *pipeline = call->api->setup.pipeline;
    struct views_course_value values[VIEWS_COURSE_FIGURES];
    for (uint32_t window = 0; window < views_windows(pipeline); window++) {
        views_course_window(pipeline, campaign, window, values);
        for (uint32_t i = 0; i < VIEWS_COURSE_FIGURES; i++) {
            if (slice_equal(views_course_figure(i), SLICE_LIT("joined"))) {
                put_value(call, i, window, values[i].now);
            }
        }
    }
}

void
api_write_campaign(const struct api_call *call)
{
    const struct pipeline *pipeline = call->api->setup.pipeline;
    uint32_t campaign;
    if (!api_find_campaign(call, &campaign)) {
        return;
    }
    struct api_now now = api_now(call->api);
    json_writer_open(call->body, '{');
    api_put_as_of(call, &now);
    put_campaign(call, campaign);
    json_writer_name(call->body, SLICE_LIT("has_rivals"));
    json_writer_bool(call->body, views_campaign_has_rivals(pipeline, campaign));
    put_joined(call, campaign);
    put_before(call, campaign);
    put_boards(call, campaign);
    json_writer_close(call->body, '}');
}

// ── course ─────────────────────────────────────────────────────────────────

// An array of the answer: of each bin the value at that offset.
static void
put_bins(const struct api_call *call, const char *name, size_t offset)
{
    const struct views_course *course = &call->api->course;
    json_writer_name(call->body, slice_of(name));
    json_writer_open(call->body, '[');
    for (uint32_t i = 0; i < course->count; i++) {
        const void *value = (const char *)&course->bins[i] + offset;
        json_writer_u64(call->body, *(const uint64_t *)value);
    }
    json_writer_close(call->body, ']');
}

static void
put_time(struct buffer *text, const char *name, usec time)
{
    if (time != USEC_NONE) {
        json_writer_put_i64(text, name, usec_floor_div(time, USEC_PER_MS));
    }
}

static void
put_classes(const struct api_call *call)
{
    json_writer_name(call->body, SLICE_LIT("classes"));
    json_writer_open(call->body, '[');
    for (uint32_t i = 0; i < VIEWS_COURSE_CLASSES; i++) {
        const struct views_course_class *class = &call->api->course.classes[i];
        json_writer_open(call->body, '{');
        json_writer_put_text(call->body, "name", class->name);
        json_writer_put_u64(call->body, "people", class->people);
        put_time(call->body, "from_ms", class->from);
        put_time(call->body, "until_ms", class->until);
        json_writer_close(call->body, '}');
    }
    json_writer_close(call->body, ']');
}

void
api_write_course(const struct api_call *call)
{
    const struct pipeline *pipeline = call->api->setup.pipeline;
    struct views_course *course = &call->api->course;
    uint32_t campaign;
    if (!api_find_campaign(call, &campaign)) {
        return;
    }
    struct api_now now = api_now(call->api);
    views_course(pipeline, campaign, course);
    json_writer_open(call->body, '{');
    json_writer_put_text(call->body, "campaign",
                         views_campaign_name(pipeline, campaign));
    api_put_as_of(call, &now);
    put_time(call->body, "start_ms", course->count != 0 ? course->start : USEC_NONE);
    put_time(call->body, "width_ms", course->width);
    put_bins(call, "posts", offsetof(struct views_course_bin, posts));
    put_bins(call, "acts", offsetof(struct views_course_bin, acts));
    put_bins(call, "joined", offsetof(struct views_course_bin, people));
    put_classes(call);
    json_writer_close(call->body, '}');
}

// ── whom to talk to ────────────────────────────────────────────────────────

static void
put_person(const struct api_call *call, uint32_t campaign, uint32_t rank,
           const struct views_entry *entry)
{
    struct pipeline *pipeline = call->api->setup.pipeline;
    struct views_person person = views_person(pipeline, entry->owner);
    usec done = api_marks_find(&call->api->marks,
                               views_campaign_name(pipeline, campaign), person.id);
    struct change change;
    json_writer_open(call->body, '{');
    json_writer_put_u64(call->body, "rank", rank);
    json_writer_put_text(call->body, "id", person.id);
    json_writer_name(call->body, SLICE_LIT("value"));
    api_put_score(call->body, entry->score, VIEWS_OUTREACH_UNIT);
    json_writer_put_text(call->body, "handle", person.handle);
    json_writer_put_text(call->body, "name", person.name);
    views_campaign_person(pipeline, campaign, entry->owner, &change);
    api_put_fields(call->body, &change);
    if (done != USEC_NONE) {
        json_writer_put_i64(call->body, "done_ms", usec_floor_div(done, USEC_PER_MS));
    }
    json_writer_close(call->body, '}');
}

void
api_write_outreach(const struct api_call *call)
{
    const struct pipeline *pipeline = call->api->setup.pipeline;
    struct views_entry *entries = call->api->entries;
    uint32_t campaign;
    size_t limit;
    if (!api_find_campaign(call, &campaign) || !api_limit(call, &limit)) {
        return;
    }
    struct api_now now = api_now(call->api);
    uint32_t count =
        views_campaign_outreach(pipeline, campaign, entries, (uint32_t)limit);
    json_writer_open(call->body, '{');
    json_writer_put_text(call->body, "campaign",
                         views_campaign_name(pipeline, campaign));
    api_put_as_of(call, &now);
    json_writer_name(call->body, SLICE_LIT("entries"));
    json_writer_open(call->body, '[');
    for (uint32_t i = 0; i < count; i++) {
        put_person(call, campaign, i + 1, &entries[i]);
    }
    json_writer_close(call->body, ']');
    json_writer_close(call->body, '}');
}
