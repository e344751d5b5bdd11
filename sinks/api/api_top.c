#include "base/hash.h"
#include "base/json_writer.h"
#include "sinks/api/api_inside.h"

enum {
    NETWORK_MAX = 64,
    CURVES = 20, // entries whose growth is listed
    POINTS = 24, // of each
};

// One list of entries while it is written.
struct list {
    struct api *api;
    struct buffer *text;
    uint32_t campaign; // VIEWS_NONE: the boards of everybody
    uint32_t index;
    struct views_board board;
    usec clock;
    struct slice network; // none: all
    size_t count;         // of entries written
};

static void
put_carrier(const struct list *list, uint32_t cascade)
{
    const struct pipeline *pipeline = list->api->setup.pipeline;
    uint64_t people;
    uint32_t user = views_first_carrier(pipeline, cascade, &people);
    if (user == VIEWS_NONE) {
        return;
    }
    struct views_person person = views_person(pipeline, user);
    json_writer_name(list->text, SLICE_LIT("via"));
    json_writer_open(list->text, '{');
    json_writer_put_text(list->text, "id", person.id);
    json_writer_put_text(list->text, "handle", person.handle);
    json_writer_put_u64(list->text, "value", people);
    json_writer_close(list->text, '}');
}

static void
put_cascade(const struct list *list, uint32_t cascade)
{
    static const struct {
        struct slice field;
        const char *name;
        bool is_number;
    } shown[] = {
        {{"author", 6}, "author", false},
        {{"handle", 6}, "handle", false},
        {{"text", 4}, "text", false},
        {{"network", 7}, "network", false},
        {{"created_ms", 10}, "root_ms", true},
        {{"size", 4}, "size", true},
        {{"velocity_5m", 11}, "speed", true},
        {{"forecast", 8}, "forecast", true},
        {{"forecast_low", 12}, "forecast_low", true},
        {{"forecast_high", 13}, "forecast_high", true},
        {{"stage", 5}, "stage", false},
    };
    struct pipeline *pipeline = list->api->setup.pipeline;
    struct change change;
    views_cascade_line(pipeline, cascade, &change);
    for (size_t i = 0; i < change.field_count; i++) {
        const struct change_field *field = &change.fields[i];
        for (size_t k = 0; k < sizeof(shown) / sizeof(shown[0]); k++) {
            if (slice_is_none(field->value) ||
                !slice_equal(field->name, shown[k].field)) {
                continue;
            }
            json_writer_name(list->text, slice_of(shown[k].name));
            if (shown[k].is_number) {
                json_writer_number(list->text, field->value);
            } else {
                json_writer_string(list->text, field->value);
            }
        }
    }
    uint32_t author = views_author(pipeline, cascade);
    if (author != VIEWS_NONE) {
        json_writer_put_text(list->text, "name", views_person(pipeline, author).name);
    }
    put_carrier(list, cascade);
    if (list->count < CURVES) {
        api_put_growth(list->text, pipeline, cascade, POINTS);
    }
}

// The windows of one metric follow each other.
static bool
is_new(const struct list *list, uint32_t user)
{
    const struct pipeline *pipeline = list->api->setup.pipeline;
    return list->campaign != VIEWS_NONE &&
           views_course_is_new(pipeline, list->campaign, user,
                               list->index % views_windows(pipeline));
}

static void
put_person(const struct list *list, uint32_t user)
{
    struct pipeline *pipeline = list->api->setup.pipeline;
    struct views_person person = views_person(pipeline, user);
    json_writer_put_text(list->text, "handle", person.handle);
    json_writer_put_text(list->text, "name", person.name);
    if (is_new(list, user)) {
        json_writer_name(list->text, SLICE_LIT("new"));
        json_writer_bool(list->text, true);
    }
    struct change change;
    bool has_reason = slice_equal(list->board.window, SLICE_LIT("all")) &&
                      views_carrier(pipeline, user, &change);
    for (size_t i = 0; has_reason && i < change.field_count; i++) {
        if (slice_equal(change.fields[i].name, SLICE_LIT("why"))) {
            json_writer_put_text(list->text, "why", change.fields[i].value);
        }
    }
}

static uint32_t
boards_of(const struct list *list)
{
    const struct pipeline *pipeline = list->api->setup.pipeline;
    return list->campaign == VIEWS_NONE
               ? views_boards(pipeline)
               : views_campaign_boards(pipeline, list->campaign);
}

// 0: it is not known.
static uint32_t
rank_before(const struct list *list, struct slice id)
{
    const struct api *api = list->api;
    uint64_t hash = hash_known(id);
    if (list->campaign == VIEWS_NONE) {
        return api_ranks_before(&api->ranks, list->index, list->clock, hash);
    }
    uint32_t board = list->campaign * boards_of(list) + list->index;
    bool is_noted = api->campaigns_order == views_campaigns_order(api->setup.pipeline);
    return is_noted && board < api->campaign_ranks.boards
               ? api_ranks_before(&api->campaign_ranks, board, list->clock, hash)
               : 0;
}

static void
put_entry(const struct list *list, uint32_t rank, const struct views_entry *entry)
{
    enum views_owner kind = list->board.owner;
    struct slice id = views_owner_id(list->api->setup.pipeline, kind, entry->owner);
    uint32_t before = rank_before(list, id);
    json_writer_open(list->text, '{');
    json_writer_put_u64(list->text, "rank", rank);
    json_writer_put_text(list->text, "id", id);
    json_writer_name(list->text, SLICE_LIT("value"));
    api_put_score(list->text, entry->score,
                  list->board.unit != 0 ? list->board.unit : 1);
    json_writer_name(list->text, SLICE_LIT("previous_rank"));
    if (before != 0) {
        json_writer_u64(list->text, before);
    } else {
        json_writer_null(list->text);
    }
    if (kind == VIEWS_CASCADES) {
        put_cascade(list, entry->owner);
    } else if (kind == VIEWS_PEOPLE) {
        put_person(list, entry->owner);
    }
    json_writer_close(list->text, '}');
}

// words: the board and the window.
static bool
find_board(struct list *list, const struct slice words[2])
{
    const struct pipeline *pipeline = list->api->setup.pipeline;
    uint32_t count = boards_of(list);
    for (list->index = 0; list->index < count; list->index++) {
        list->board = list->campaign == VIEWS_NONE
                          ? views_board(pipeline, list->index)
                          : views_campaign_board(pipeline, list->campaign, list->index);
        if (slice_equal(list->board.metric, words[0]) &&
            slice_equal(list->board.window, words[1])) {
            return true;
        }
    }
    return false;
}

// The parameter `network`. False: it was refused.
static bool
read_network(const struct api_call *call, char text[NETWORK_MAX],
             struct slice *ret_network)
{
    if (http_request_parameter(call->request, SLICE_LIT("network"), text, NETWORK_MAX,
                               ret_network) == STATUS_OK) {
        *ret_network = ret_network->len != 0 ? *ret_network : SLICE_NONE;
        return true;
    }
    api_refuse(call, HTTP_CODE_BAD, "bad_network",
               "network is the beginning of ids, such as x, bsky or masto");
    return false;
}

// Hashtags are of all networks.
static bool
is_of_network(const struct list *list, const struct views_entry *entry)
{
    enum views_owner kind = list->board.owner;
    size_t len = list->network.len;
    if (slice_is_none(list->network) || kind == VIEWS_HASHTAGS) {
        return true;
    }
    struct slice id = views_owner_id(list->api->setup.pipeline, kind, entry->owner);
    return slice_starts(id, list->network) && id.len > len && id.ptr[len] == ':';
}

static uint32_t
read_entries(const struct list *list, uint32_t most)
{
    const struct pipeline *pipeline = list->api->setup.pipeline;
    struct views_entry *space = list->api->entries;
    return list->campaign == VIEWS_NONE
               ? views_entries(pipeline, list->index, space, most)
               : views_campaign_entries(pipeline, list->campaign, list->index, space,
                                        most);
}

static void
put_entries(struct list *list, size_t limit)
{
    const struct api *api = list->api;
    uint32_t count = read_entries(list, slice_is_none(list->network)
                                            ? (uint32_t)limit
                                            : views_top(api->setup.pipeline));
    json_writer_name(list->text, SLICE_LIT("entries"));
    json_writer_open(list->text, '[');
    for (uint32_t i = 0; i < count && list->count < limit; i++) {
        if (is_of_network(list, &api->entries[i])) {
            put_entry(list, i + 1, &api->entries[i]);
            list->count++;
        }
    }
    json_writer_close(list->text, ']');
}

static void
write_list(const struct api_call *call, struct list *list)
{
    char network[NETWORK_MAX];
    size_t limit;
    if (!api_limit(call, &limit) || !read_network(call, network, &list->network)) {
        return;
    }
    struct api_now now = api_now(list->api);
    list->clock = now.meta.clock;
    json_writer_open(call->body, '{');
    if (list->campaign != VIEWS_NONE) {
        json_writer_put_text(
            call->body, "campaign",
            views_campaign_name(list->api->setup.pipeline, list->campaign));
    }
    json_writer_put_text(call->body, "board", list->board.metric);
    json_writer_put_text(call->body, "window", list->board.window);
    api_put_as_of(call, &now);
    put_entries(list, limit);
    json_writer_close(call->body, '}');
}

void
api_write_top(const struct api_call *call)
{
    struct list list = {call->api, call->body, .campaign = VIEWS_NONE};
    if (find_board(&list, call->request->words)) {
        write_list(call, &list);
    } else {
        api_unknown(call, "there is no such board: /api/v1/status has the names of "
                          "boards and windows; one without a window is called all");
    }
}

void
api_write_campaign_top(const struct api_call *call)
{
    struct list list = {call->api, call->body, .campaign = VIEWS_NONE};
    if (!api_find_campaign(call, &list.campaign)) {
        return;
    }
    if (find_board(&list, call->request->words + 1)) {
        write_list(call, &list);
    } else {
        api_unknown(call, "there is no such board: /api/v1/campaigns/NAME has the "
                          "names of boards, /api/v1/status those of windows");
    }
}
