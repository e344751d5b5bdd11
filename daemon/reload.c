#include "daemon/reload.h"

#include <string.h>

#include "base/log.h"
#include "daemon/alert_delivery.h"
#include "daemon/campaign_setup.h"
#include "daemon/config.h"
#include "daemon/people.h"
#include "daemon/streams.h"
#include "pipeline/pipeline.h"

// Most options outside groups are read once, when the process starts.
static void
report_unchangeable(const struct settings *now, const struct settings *next)
{
    for (size_t i = 0; i < settings_part_count; i++) {
        const struct settings_part *part = &settings_parts[i];
        for (const struct option *row = part->rows; row->name != NULL; row++) {
            const struct option one[] = {*row, OPTION_END};
            if (!row->is_reloadable &&
                !settings_equal(one, (const char *)now + part->offset,
                                (const char *)next + part->offset)) {
                log_warn("%s has changed; restart to apply it", row->name);
            }
        }
    }
}

static void
apply_thresholds(const struct reload *reload, const struct pipeline_options *next)
{
    struct pipeline_options *now = &reload->settings->pipeline;
    now->users_from = next->users_from;
    now->cascades_from = next->cascades_from;
    pipeline_set_thresholds(reload->pipeline, now->users_from, now->cascades_from);
}

static const struct webhook_options *
find_webhook(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->webhook_count; i++) {
        if (strcmp(settings->webhooks[i].name, name) == 0) {
            return &settings->webhooks[i];
        }
    }
    return NULL;
}

static void
apply_webhooks(const struct reload *reload, const struct settings *next)
{
    const struct settings *now = reload->settings;
    for (size_t i = 0; i < now->webhook_count; i++) {
        if (find_webhook(next, now->webhooks[i].name) == NULL) {
            alert_delivery_drop(reload->delivery, now->webhooks[i].name);
        }
    }
    for (size_t i = 0; i < next->webhook_count; i++) {
        const struct webhook_options *webhook = &next->webhooks[i];
        const struct webhook_options *before = find_webhook(now, webhook->name);
        struct error error = {0};
        if ((before == NULL ||
             !settings_equal(webhook_options_rows, before, webhook)) &&
            alert_delivery_put(reload->delivery, webhook, &error) != STATUS_OK) {
            log_error("%s", error.text);
        }
    }
    settings_replace(reload->settings, next, "webhook");
}

// What belongs to a campaign of the same name still does; its words apply to posts from
// now on.
static void
apply_campaigns(const struct reload *reload, const struct settings *next)
{
    struct settings *now = reload->settings;
    struct error error = {0};
    size_t before = now->campaign_count;
    bool is_changed = before != next->campaign_count;
    for (size_t i = 0; i < before && !is_changed; i++) {
        is_changed = !campaign_equal(&now->campaigns[i], &next->campaigns[i]);
    }
    if (!is_changed) {
        settings_replace(now, next, "campaign"); // the people files may be others
        return;
    }
    if (campaign_setup_apply(next, reload->pipeline, reload->campaigns, &error) !=
        STATUS_OK) {
        log_error("%s; the previous campaigns stay in use", error.text);
        return;
    }
    settings_replace(now, next, "campaign");
    log_info(
        "the campaigns have changed: %zu, before %zu; they apply to posts from now "
        "on",
        now->campaign_count, before);
}

void
reload_settings(const struct reload *reload)
{
    static struct settings next;
    if (!config_load(reload->place, &next, config_log_error, NULL)) {
        log_error("the configuration has errors; the previous one stays in use");
        return;
    }
    if (!settings_has_input(&next)) {
        log_error("the configuration has no source; the previous one stays in use");
        return;
    }
    struct error error = {0};
    report_unchangeable(reload->settings, &next);
    settings_replace(reload->settings, &next, "source");
    settings_replace(reload->settings, &next, "alert");
    pipeline_set_rules(reload->pipeline, reload->settings->alerts,
                       reload->settings->alert_count);
    apply_campaigns(reload, &next);
    people_read_again(reload->people);
    apply_thresholds(reload, &next.pipeline);
    apply_webhooks(reload, &next);
    if (!streams_apply(reload->streams, reload->settings, &error)) {
        log_error("%s", error.text);
    }
    log_info(
        "the configuration was reloaded: %zu sources, %zu alert rules, %zu webhooks",
        reload->streams->count, reload->settings->alert_count,
        reload->settings->webhook_count);
}
