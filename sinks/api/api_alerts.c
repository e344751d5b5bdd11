#include "sinks/api/api_alerts.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/person_text.h"

static struct api_alerts_row *
row_of(struct api_alerts *alerts, uint64_t number)
{
    return &alerts->rows[number % API_ALERTS_MAX];
}

static void
drop_oldest(struct api_alerts *alerts)
{
    struct api_alerts_row *row = row_of(alerts, alerts->first++);
    alerts->bytes -= row->size;
    free(row->json);
    *row = (struct api_alerts_row){0};
}

void
api_alerts_fini(struct api_alerts *alerts)
{
    while (alerts->first != alerts->next) {
        drop_oldest(alerts);
    }
}

void
api_alerts_add(struct api_alerts *alerts, struct slice json)
{
    if (json.len > API_ALERTS_BYTES) {
        return;
    }
    while (api_alerts_count(alerts) == API_ALERTS_MAX ||
           alerts->bytes > API_ALERTS_BYTES - json.len) {
        drop_oldest(alerts);
    }
    char *copy = malloc(json.len + 1);
    if (copy == NULL) {
        return;
    }
    memcpy(copy, json.ptr, json.len);
    *row_of(alerts, alerts->next++) = (struct api_alerts_row){copy, json.len};
    alerts->bytes += json.len;
}

static bool
is_object(struct slice json)
{
    json_t *root = json_loadb(json.ptr, json.len, JSON_ALLOW_NUL, NULL);
    bool is_one = json_is_object(root);
    json_decref(root);
    return is_one;
}

void
api_alerts_recall(struct api_alerts *alerts, struct slice json)
{
    for (size_t i = 0; i < api_alerts_count(alerts); i++) {
        if (slice_equal(api_alerts_at(alerts, i), json)) {
            return;
        }
    }
    if (is_object(json)) {
        api_alerts_add(alerts, json);
    }
}

void
api_alerts_forget(struct api_alerts *alerts, const struct person_text *person)
{
    uint64_t kept = alerts->first;
    for (uint64_t i = alerts->first; i != alerts->next; i++) {
        struct api_alerts_row row = *row_of(alerts, i);
        *row_of(alerts, i) = (struct api_alerts_row){0};
        if (person_text_is_in(person, (struct slice){row.json, row.size})) {
            alerts->bytes -= row.size;
            free(row.json);
        } else {
            *row_of(alerts, kept++) = row;
        }
    }
    alerts->next = kept;
}

size_t
api_alerts_count(const struct api_alerts *alerts)
{
    return (size_t)(alerts->next - alerts->first);
}

struct slice
api_alerts_at(const struct api_alerts *alerts, size_t age)
{
    const struct api_alerts_row *row =
        &alerts->rows[(alerts->next - 1 - age) % API_ALERTS_MAX];
    return (struct slice){row->json, row->size};
}
