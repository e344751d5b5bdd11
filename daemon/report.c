#include "daemon/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/log.h"
#include "base/output.h"

int
report_flush(int exit_code)
{
    int reason = output_flush();
    if (reason != 0) {
        log_error("output_failed", "cannot write to standard output: %s",
                  strerror(reason));
    }
    return reason != 0 && exit_code == EX_OK ? EX_IOERR : exit_code;
}

int
report_figures(const struct report *report)
{
    const struct pipeline_metrics *now = report->now;
    const struct pipeline_metrics *before = report->before;
    struct replay_figures figures;
    replay_figures(report->replay, &figures);
    uint64_t posts = now->posts - before->posts;
    uint64_t duplicates = now->duplicates - before->duplicates;
    uint64_t refused = now->refused - before->refused;
    printf("replayed posts=%" PRIu64 " interactions=%" PRIu64 " duplicates=%" PRIu64
           " rejected=%" PRIu64 " seconds=%.3f posts_per_s=%.0f\n",
           posts, now->interactions - before->interactions, duplicates,
           figures.rejected, figures.seconds,
           figures.seconds > 0 ? (double)posts / figures.seconds : (double)posts);
    int exit_code = report_flush(EX_OK);
    if (figures.rejected > figures.unusable) {
        log_warn("messages_refused", "%" PRIu64 " messages could not be used%s",
                 figures.rejected, report->is_verbose ? "" : " (-v logs each of them)");
    }
    if (refused != 0) {
        log_warn("posts_refused",
                 "%" PRIu64 " posts were not counted because a capacity was reached; "
                 "raise users.capacity, cascades.capacity, memory.windows or "
                 "memory.texts",
                 refused);
    }
    replay_report_dates(report->replay, now->late - before->late);
    if (posts + duplicates == 0 && figures.rejected != 0 && exit_code == EX_OK) {
        exit_code = EX_DATAERR;
    }
    return exit_code;
}

void
report_stop(const struct replay_place *place, bool keeps_place)
{
    if (place->is_read && place->files_left == 0) {
        return;
    }
    log_warn_of("replay_stopped", "file", place->name,
                "%s: stopped by a signal before its end: lines up to %" PRIu64
                " are counted, later ones in part or not at all%s; %s",
                place->name, place->mark.place.number,
                place->files_left != 0 ? ", the files after it are not" : "",
                !keeps_place ? "the next run begins at its start"
                : place->mark.hash != 0
                    ? "the next run with this state.dir continues there"
                    : "no run can continue there, as it is not a file");
}
