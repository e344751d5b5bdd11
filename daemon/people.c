#include "daemon/people.h"

#include <stdint.h>

#include "base/log.h"
#include "daemon/people_file.h"
#include "daemon/settings.h"
#include "ingest/text/text.h"
#include "pipeline/pipeline.h"

enum { LINES_AT_ONCE = 2048 };

static const struct campaign *
campaign_of(const struct people *people)
{
    return &people->settings->campaigns[people->campaign];
}

static enum status
blame(const struct campaign *campaign, const struct error *why, struct error *error)
{
    return error_set(error, why->code, "campaign \"%s\": people_file: %s",
                     campaign->name, why->text);
}

static void
report(const struct campaign *campaign, const struct people_file *file, bool is_quiet)
{
    const struct people_file_counts *counts = people_file_counts(file);
    char text[PEOPLE_FILE_TEXT_MAX];
    (void)people_file_describe(file, text);
    if (counts->faults != 0 || counts->without_network != 0) {
        log_warn_of("people_file", "campaign", campaign->name, "campaign \"%s\": %s",
                    campaign->name, text);
    } else if (!is_quiet) {
        log_info_of("people_file", "campaign", campaign->name, "campaign \"%s\": %s",
                    campaign->name, text);
    }
}

// ── one file ───────────────────────────────────────────────────────────────

static enum status
begin(const struct campaign *campaign, struct account_needs needs,
      struct people_file **ret_file, struct error *error)
{
    struct error why = {0};
    enum status status = people_file_open(campaign->people_file, needs, ret_file, &why);
    return status == STATUS_OK ? status : blame(campaign, &why, error);
}

// Reads a part of the file of the campaign. STATUS_AGAIN: there is more.
static enum status
go_on(struct people *people, struct error *error)
{
    const struct campaign *campaign = campaign_of(people);
    struct error why = {0};
    enum status status = STATUS_OK;
    if (campaign->people_file[0] == '\0') {
        struct known_people none;
        known_people_init(&none);
        pipeline_set_known_people(people->pipeline, people->campaign, &none);
        return STATUS_OK;
    }
    if (people->file == NULL) {
        status = begin(campaign, pipeline_account_needs(people->pipeline),
                       &people->file, error);
        return status == STATUS_OK ? STATUS_AGAIN : status;
    }
    status = people_file_read(people->file, LINES_AT_ONCE, &why);
    if (status == STATUS_AGAIN) {
        return status;
    }
    if (status == STATUS_OK) {
        report(campaign, people->file, false);
        pipeline_set_known_people(people->pipeline, people->campaign,
                                  people_file_people(people->file));
    } else {
        (void)blame(campaign, &why, error);
    }
    people_file_close(&people->file);
    return status;
}

// ── all files ──────────────────────────────────────────────────────────────

static void
on_step(void *context)
{
    struct people *people = context;
    struct error error = {0};
    enum status status = go_on(people, &error);
    if (status != STATUS_OK && status != STATUS_AGAIN) {
        log_error("people_file_failed", "%s; the people read before stay in use",
                  error.text);
    }
    people->campaign += status != STATUS_AGAIN;
    if (people->campaign < people->settings->campaign_count) {
        timer_set(&people->step, 0);
    }
}

enum status
people_init(struct people *people, struct event_base *base,
            const struct settings *settings, struct pipeline *pipeline)
{
    *people = (struct people){.settings = settings, .pipeline = pipeline};
    return timer_init(&people->step, base, on_step, people);
}

void
people_fini(struct people *people)
{
    timer_fini(&people->step);
    people_file_close(&people->file);
}

enum status
people_read(struct people *people, struct error *error)
{
    enum status status = STATUS_OK;
    while (people->campaign < people->settings->campaign_count &&
           (status == STATUS_OK || status == STATUS_AGAIN)) {
        status = go_on(people, error);
        people->campaign += status == STATUS_OK;
    }
    return status;
}

void
people_read_again(struct people *people)
{
    timer_stop(&people->step);
    people_file_close(&people->file);
    people->campaign = 0;
    if (people->settings->campaign_count != 0) {
        timer_set(&people->step, 0);
    }
}

static enum status
check_one(const struct campaign *campaign, struct account_needs needs,
          struct error *error)
{
    struct people_file *file = NULL;
    struct error why = {0};
    enum status status = begin(campaign, needs, &file, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = people_file_read(file, SIZE_MAX, &why);
    if (status == STATUS_OK) {
        report(campaign, file, true);
    } else {
        (void)blame(campaign, &why, error);
    }
    people_file_close(&file);
    return status;
}

enum status
people_check(const struct settings *settings, struct error *error)
{
    static const struct hash_key key; // nothing is compared with others
    struct handle_form form;
    enum status status = STATUS_OK;
    handle_form_init(&form);
    form.fold = text_fold;
    for (size_t i = 0; i < settings->campaign_count && status == STATUS_OK; i++) {
        if (settings->campaigns[i].people_file[0] != '\0') {
            status = check_one(&settings->campaigns[i],
                               (struct account_needs){&key, &form}, error);
        }
    }
    handle_form_fini(&form);
    return status;
}
