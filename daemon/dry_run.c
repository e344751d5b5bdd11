#include "daemon/dry_run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "base/redact.h"
#include "daemon/campaign_setup.h"
#include "daemon/settings.h"
#include "daemon/wall_clock.h"
#include "ingest/decode/decode.h"
#include "ingest/decode/decode_format.h"
#include "ingest/text/text.h"
#include "pipeline/changes.h"

enum { DRAIN_EVERY = 1024 }; // posts

int
dry_run_out_of_memory(void)
{
    log_error("dry_run_failed", "no memory to read the recording");
    return EX_OSERR;
}

// Discards all changes, as Redis would take them.
static void
drain(struct dry_run *run)
{
    size_t count;
    run->undrained = 0;
    do {
        struct change change;
        count = 0;
        changes_begin(run->pipeline);
        while (changes_next(run->pipeline, &change)) {
            count++;
        }
        changes_written(run->pipeline, count);
    } while (count == CHANGES_IN_FLIGHT_MAX);
}

// ── signals ────────────────────────────────────────────────────────────────

// Signal handlers have no context argument.
static volatile sig_atomic_t is_stopped;

static void
on_signal(int number)
{
    (void)number;
    is_stopped = 1;
}

// A second signal ends the process. A read from a pipe is interrupted.
static void
catch_signals(void)
{
    const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct sigaction before;
        struct sigaction action = {.sa_handler = on_signal};
        action.sa_flags = (int)SA_RESETHAND;
        sigemptyset(&action.sa_mask);
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
            sigaction(numbers[i], &action, NULL);
        }
    }
}

static int
stopped(const struct dry_run *run, const char *file)
{
    log_error_of("dry_run_stopped", "file", file,
                 "%s: stopped by a signal behind line %" PRIu64 ": there is no result",
                 file, run->lines.number);
    return EX_TEMPFAIL;
}

// ── reading ───────────────────────────────────────────────────────────────

static void
counted(struct dry_run *run)
{
    if (run->setup.counted != NULL && !run->setup.counted(run->setup.context)) {
        run->is_failed = true;
    }
}

// Passes everything whose date is judged to the pipeline.
static void
push(struct dry_run *run)
{
    usec wall = wall_clock_now();
    while (recording_next(&run->recording, wall) != NULL) {
        while (recording_push(&run->recording, wall) == STATUS_AGAIN) {
            counted(run);
            drain(run);
        }
        if (run->first == USEC_NONE && pipeline_clock(run->pipeline) != 0) {
            run->first = pipeline_clock(run->pipeline);
        }
        counted(run);
        // What no window contains any more is only freed when changes are taken.
        if (++run->undrained == DRAIN_EVERY || !pipeline_alerts_fit(run->pipeline)) {
            drain(run);
        }
    }
}

static void
feed(struct dry_run *run, const struct lines_message *message, const char *file)
{
    enum decode_reason reason =
        recording_read(&run->recording, message->event, message->data);
    if (reason == DECODE_REASON_NONE) {
        refusals_use(&run->refusals, file);
        reason = decoder_refusal(run->recording.feed.decoder);
    }
    if (reason != DECODE_REASON_NONE) {
        refusals_add(&run->refusals, file, decode_reason_name(reason), message->number);
    }
    push(run);
}

// One read. False at the end of the file, or with *ret_exit_code set if the file cannot
// be read further.
static bool
fill(struct dry_run *run, const char *name, int *ret_exit_code)
{
    struct error error = {0};
    size_t size;
    size_t got;
    char *room = lines_room(&run->lines, &size);
    enum status status = file_input_read(&run->bytes, room, size, &got, &error);
    lines_filled(&run->lines, got);
    if (status == STATUS_IO) {
        log_error_of("file_failed", "file", name, "cannot read %s: %s", name,
                     strerror(errno));
        *ret_exit_code = errno == EISDIR ? EX_NOINPUT : EX_IOERR;
    } else if (status != STATUS_OK && status != STATUS_AGAIN) {
        log_error_of("file_failed", "file", name, "%s: %s", name, error.text);
        *ret_exit_code = status == STATUS_NOMEM ? EX_OSERR : EX_DATAERR;
    }
    return status == STATUS_AGAIN || (status == STATUS_OK && got != 0);
}

// Returns an exit code; errors are logged.
static int
read_file(struct dry_run *run, const char *name)
{
    char shown[REDACT_MAX];
    int exit_code = EX_OK;
    int fd =
        strcmp(name, "-") == 0 ? dup(STDIN_FILENO) : open(name, O_RDONLY | O_CLOEXEC);
    redact(slice_of(name), shown);
    if (fd < 0) {
        log_error_of("file_failed", "file", shown, "cannot read %s: %s", shown,
                     strerror(errno));
        return EX_NOINPUT;
    }
    lines_reset(&run->lines);
    file_input_init(&run->bytes, fd);
    refusals_begin_file(&run->refusals);
    bool has_more = true;
    while (has_more && !run->is_failed && !is_stopped) {
        struct lines_message message;
        has_more = fill(run, shown, &exit_code);
        if (!has_more) {
            lines_end(&run->lines);
        }
        while (lines_next(&run->lines, &message)) {
            feed(run, &message, shown);
        }
    }
    close(fd);
    if (is_stopped) {
        return stopped(run, shown);
    }
    recording_end(&run->recording);
    push(run);
    if (refusals_unread(&run->refusals, shown, run->metrics.unread_bytes) ||
        refusals_end_file(&run->refusals, shown, file_input_head(&run->bytes))) {
        exit_code = EX_DATAERR;
    }
    return exit_code;
}

int
dry_run_read(struct dry_run *run)
{
    run->first = USEC_NONE;
    for (int i = 0; i < run->setup.file_count; i++) {
        int exit_code = read_file(run, run->setup.files[i]);
        if (exit_code != EX_OK) {
            return exit_code;
        }
    }
    while (pipeline_settle(run->pipeline)) {
    }
    changes_renew(run->pipeline);
    counted(run);
    drain(run);
    return run->is_failed ? dry_run_out_of_memory() : EX_OK;
}

void
dry_run_report(const struct dry_run *run)
{
    recording_report(&run->recording, pipeline_metrics(run->pipeline)->late);
}

// ── life ───────────────────────────────────────────────────────────────────

int
dry_run_init(struct dry_run *run, const struct dry_run_setup *setup)
{
    *run = (struct dry_run){.setup = *setup, .first = USEC_NONE};
    catch_signals();
    if (getrandom(&run->key, sizeof(run->key), 0) != (ssize_t)sizeof(run->key) ||
        !lines_init(&run->lines, &run->metrics)) {
        return dry_run_out_of_memory();
    }
    return EX_OK;
}

int
dry_run_prepare(struct dry_run *run)
{
    const struct settings *settings = run->setup.settings;
    struct error error = {0};
    enum decode_format format = DECODE_AUTO;
    enum status status =
        decode_format_parse(slice_of(settings->daemon.format), &format);
    run->pipeline = pipeline_create(&settings->pipeline, &run->key, true, &error);
    bool is_good = status == STATUS_OK && run->pipeline != NULL &&
                   recording_init(&run->recording, run->pipeline, NULL, format, &error);
    if (is_good) {
        pipeline_fold_handles(run->pipeline, text_fold);
        recording_find_campaigns(&run->recording, &run->campaigns);
        is_good = campaign_setup_apply(settings, run->pipeline, &run->campaigns,
                                       &error) == STATUS_OK;
    }
    if (!is_good) {
        log_error("dry_run_failed", "%s", error.text);
        return EX_OSERR;
    }
    return EX_OK;
}

void
dry_run_forget(struct dry_run *run)
{
    recording_fini(&run->recording);
    pipeline_destroy(&run->pipeline);
}

void
dry_run_fini(struct dry_run *run)
{
    recording_fini(&run->recording);
    campaign_words_fini(&run->campaigns);
    pipeline_destroy(&run->pipeline);
    file_input_fini(&run->bytes);
    lines_fini(&run->lines);
}
