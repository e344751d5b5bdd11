#include "daemon/reload.h"

#include <string.h>

#include "base/buffer.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "daemon/alert_delivery.h"
#include "daemon/campaign_setup.h"
#include "daemon/config.h"
#include "daemon/config_shown.h"
#include "daemon/people.h"
#include "daemon/streams.h"
#include "pipeline/pipeline.h"

enum { FAULTS_MAX = 1 << 18, CHANGES_MAX = 1 << 22 };

// ── the report ─────────────────────────────────────────────────────────────

struct report {
    struct buffer *json;  // NULL: none is wanted
    struct buffer faults; // an open array
    size_t fault_count;
};

static void
add_fault(struct report *report, const struct error *error)
{
    struct buffer *json = &report->faults;
    report->fault_count++;
    json_writer_open(json, '{');
    if (error->file[0] != '\0') {
        json_writer_put_text(json, "file", slice_of(error->file));
    }
    if (error->line != 0) {
        json_writer_put_i64(json, "line", error->line);
    }
    json_writer_put_text(json, "text", slice_of(error->text));
    json_writer_close(json, '}');
}

// Of the configuration.
static void
note_config_fault(void *context, const struct error *error)
{
    config_log_error(NULL, error);
    add_fault(context, error);
}

static void
note_fault(struct report *report, const char *event, const struct error *error)
{
    log_error(event, "%s", error->text);
    add_fault(report, error);
}

static void
begin_report(struct report *report, struct buffer *json)
{
    *report = (struct report){.json = json};
    buffer_init(&report->faults, FAULTS_MAX);
    json_writer_open(&report->faults, '[');
}

static void
end_report(struct report *report, const struct reload *reload, struct slice changes)
{
    struct buffer *json = report->json;
    json_writer_close(&report->faults, ']');
    if (json != NULL) {
        json_writer_open(json, '{');
        json_writer_name(json, SLICE_LIT("ok"));
        json_writer_bool(json, report->fault_count == 0);
        json_writer_name(json, SLICE_LIT("changes"));
        json_writer_json(json, changes);
        json_writer_name(json, SLICE_LIT("faults"));
        json_writer_json(json, report->faults.is_failed ? SLICE_LIT("[]")
                                                        : buffer_text(&report->faults));
        json_writer_put_u64(json, "sources", reload->streams->count);
        json_writer_put_u64(json, "alerts", reload->settings->alert_count);
        json_writer_put_u64(json, "webhooks", reload->settings->webhook_count);
        json_writer_close(json, '}');
    }
    buffer_fini(&report->faults);
}

// ── the parts ──────────────────────────────────────────────────────────────

// Most options outside groups are read once, when the process starts.
static void
report_unchangeable(const struct settings *now, const struct settings *next)
{
    for (size_t i = 0; i < settings_part_count; i++) {
        const struct settings_part *part = &settings_parts[i];
        for (const struct option *row = part->rows; row->name != NULL; row++) {
            if (!row->is_reloadable &&
                !option_equal(row, (const char *)now + part->offset,
                              (const char *)next + part->offset)) {
                log_warn("restart_needed", "%s has changed; restart to apply it",
                         row->name);
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

static void
apply_webhooks(const struct reload *reload, const struct settings *next,
               struct report *report)
{
    const struct settings *now = reload->settings;
    for (size_t i = 0; i < now->webhook_count; i++) {
        if (settings_find_item(next, "webhook", now->webhooks[i].name) == NULL) {
            alert_delivery_drop(reload->delivery, now->webhooks[i].name);
        }
    }
    for (size_t i = 0; i < next->webhook_count; i++) {
        const struct webhook_options *webhook = &next->webhooks[i];
        const struct webhook_options *before =
            settings_find_item(now, "webhook", webhook->name);
        struct error error = {0};
        if ((before == NULL ||
             !settings_equal(webhook_options_rows, before, webhook)) &&
            alert_delivery_put(reload->delivery, webhook, &error) != STATUS_OK) {
            note_fault(report, "webhook_unusable", &error);
        }
    }
    settings_replace(reload->settings, next, "webhook");
}

// What belongs to a campaign of the same name still does; its words apply to posts from
// now on.
static void
apply_campaigns(const struct reload *reload, const struct settings *next,
                struct report *report)
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
        struct error fault = {0};
        error_set(&fault, error.code, "%s; the previous campaigns stay in use",
                  error.text);
        note_fault(report, "campaigns_failed", &fault);
        return;
    }
    settings_replace(now, next, "campaign");
    log_info(
        "campaigns_changed",
        "the campaigns have changed: %zu, before %zu; they apply to posts from now "
        "on",
        now->campaign_count, before);
}

// ── the reload ─────────────────────────────────────────────────────────────

static void
apply(const struct reload *reload, const struct settings *next, struct report *report)
{
    struct error error = {0};
    report_unchangeable(reload->settings, next);
    reload->settings->log = next->log;
    log_options_apply(&next->log, true);
    settings_replace(reload->settings, next, "source");
    settings_replace(reload->settings, next, "alert");
    pipeline_set_rules(reload->pipeline, reload->settings->alerts,
                       reload->settings->alert_count);
    apply_campaigns(reload, next, report);
    people_read_again(reload->people);
    apply_thresholds(reload, &next->pipeline);
    apply_webhooks(reload, next, report);
    if (!streams_apply(reload->streams, reload->settings, &error)) {
        note_fault(report, "source_unusable", &error);
    }
    log_info(
        "reloaded",
        "the configuration was reloaded: %zu sources, %zu alert rules, %zu webhooks",
        reload->streams->count, reload->settings->alert_count,
        reload->settings->webhook_count);
}

void
reload_settings(const struct reload *reload, struct buffer *report)
{
    static struct settings next;
    struct report noted;
    struct buffer changes;
    buffer_init(&changes, CHANGES_MAX);
    begin_report(&noted, report);
    log_settle(true); // a second attempt shows its faults again
    if (!config_load(reload->place, &next, note_config_fault, &noted)) {
        log_error("reload_failed",
                  "the configuration has errors; the previous one stays in use");
    } else if (!settings_has_input(&next)) {
        struct error error = {0};
        error_set(&error, STATUS_RANGE,
                  "the configuration has no source; the previous one stays in use");
        note_fault(&noted, "reload_failed", &error);
    } else {
        if (report != NULL) {
            config_shown_changes(reload->settings, &next, &changes);
        }
        apply(reload, &next, &noted);
    }
    end_report(&noted, reload,
               changes.size == 0 || changes.is_failed ? SLICE_LIT("[]")
                                                      : buffer_text(&changes));
    buffer_fini(&changes);
}
