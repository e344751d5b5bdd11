#include "daemon/campaign_report.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/output.h"
#include "base/similar.h"
#include "daemon/campaign_report_data.h"
#include "daemon/campaign_report_html.h"
#include "daemon/campaign_report_json.h"
#include "daemon/campaign_report_text.h"
#include "daemon/dry_run.h"
#include "daemon/people.h"
#include "daemon/settings.h"
#include "ingest/text/cell.h"

enum { OUTPUT_MAX = 64 << 20, SHOWN_MAX = 64 };

// ── the command line ───────────────────────────────────────────────────────

// Returns the number of the campaign, or how many there are.
static size_t
find(const struct campaign_report *report)
{
    const struct settings *settings = report->settings;
    size_t number = 0;
    while (number < settings->campaign_count &&
           strcmp(settings->campaigns[number].name, report->name) != 0) {
        number++;
    }
    return number;
}

static int
refuse_name(const struct campaign_report *report)
{
    const struct settings *settings = report->settings;
    struct similar similar;
    similar_init(&similar, slice_of(report->name));
    for (size_t i = 0; i < settings->campaign_count; i++) {
        similar_offer(&similar, slice_of(settings->campaigns[i].name));
    }
    if (slice_is_none(similar.nearest)) {
        log_error("usage", "--report %.*s: there is no campaign of that name",
                  SHOWN_MAX, report->name);
    } else {
        log_error("usage",
                  "--report %.*s: there is no campaign of that name; did you mean "
                  "%.*s?",
                  SHOWN_MAX, report->name, SLICE_ARG(similar.nearest));
    }
    return EX_USAGE;
}

static int
check(const struct campaign_report *report)
{
    if (report->file_count == 0) {
        log_error("usage", "name the FILEs to report on");
        return EX_USAGE;
    }
    if (report->settings->campaign_count == 0) {
        log_error("usage", "no campaign is configured; write for example: campaign "
                           "\"cup\" { words = {\"acme cup\"} }");
        return EX_CONFIG;
    }
    if (find(report) == report->settings->campaign_count) {
        return refuse_name(report);
    }
    return EX_OK;
}

// ── the result ─────────────────────────────────────────────────────────────

static int
print(const struct campaign_report *report, const struct campaign_report_data *data)
{
    struct buffer out;
    buffer_init(&out, OUTPUT_MAX);
    switch (report->form) {
    case CAMPAIGN_REPORT_TEXT:
        campaign_report_text(data, &out);
        break;
    case CAMPAIGN_REPORT_JSON:
        campaign_report_json(data, &out);
        break;
    case CAMPAIGN_REPORT_HTML:
        campaign_report_html(data, &out);
        break;
    }
    int exit_code = out.is_failed ? dry_run_out_of_memory() : EX_OK;
    if (exit_code == EX_OK) {
        (void)fwrite(buffer_text(&out).ptr, 1, out.size, stdout);
    }
    buffer_fini(&out);
    return exit_code;
}

static int
show(const struct campaign_report *report, const struct dry_run *run)
{
    size_t number = find(report);
    const struct campaign_report_source source = {
        .pipeline = run->pipeline,
        .campaign = (uint32_t)number,
        .has_rivals = report->settings->campaigns[number].rivals.count != 0,
        .first = run->first,
    };
    struct campaign_report_data data = {0};
    enum status status = campaign_report_data_init(&data, &source);
    int exit_code =
        status == STATUS_OK ? print(report, &data) : dry_run_out_of_memory();
    campaign_report_data_fini(&data);
    return exit_code;
}

static int
read_all(const struct campaign_report *report, struct dry_run *run)
{
    struct people people = {.settings = report->settings, .pipeline = run->pipeline};
    struct error error = {0};
    enum status status = people_read(&people, &error);
    people_fini(&people);
    if (status != STATUS_OK) {
        log_error("people_file_failed", "%s", error.text);
        return EX_NOINPUT;
    }
    int exit_code = dry_run_read(run);
    if (exit_code == EX_OK) {
        dry_run_report(run);
    }
    return exit_code;
}

int
campaign_report_run(const struct campaign_report *report)
{
    static struct dry_run run;
    const struct dry_run_setup setup = {
        .settings = report->settings,
        .files = report->files,
        .file_count = report->file_count,
    };
    int exit_code = check(report);
    if (exit_code != EX_OK) {
        return exit_code;
    }
    if (cell_init() != 0) {
        log_error("start_failed", "this system lacks the locale C.UTF-8");
        return EX_OSERR;
    }
    exit_code = dry_run_init(&run, &setup);
    if (exit_code == EX_OK) {
        exit_code = dry_run_prepare(&run);
    }
    if (exit_code == EX_OK) {
        exit_code = read_all(report, &run);
    }
    if (exit_code == EX_OK) {
        exit_code = show(report, &run);
    }
    dry_run_fini(&run);
    return exit_code;
}
