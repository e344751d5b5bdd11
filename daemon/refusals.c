#include "daemon/refusals.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "ingest/decode/decode.h"
#include "ingest/frames/file_kind.h"

void
refusals_begin_file(struct refusals *refusals)
{
    refusals->is_used = false;
    refusals->count = 0;
    refusals->waiting_count = 0;
}

static void
say(struct refusals *refusals, const char *file, const struct refusal *refusal)
{
    for (size_t i = 0; i < refusals->logged_count; i++) {
        if (refusals->logged[i] == refusal->reason) {
            return;
        }
    }
    if (refusals->logged_count < REFUSALS_KINDS) {
        refusals->logged[refusals->logged_count++] = refusal->reason;
        log_warn_of("message_refused", "file", file,
                    "%s:%" PRIu64 ": refused: %s (the first of its kind)", file,
                    refusal->line, refusal->reason);
    }
}

void
refusals_use(struct refusals *refusals, const char *file)
{
    if (refusals->is_used) {
        return;
    }
    refusals->is_used = true;
    for (size_t i = 0; i < refusals->waiting_count && !refusals->is_verbose; i++) {
        say(refusals, file, &refusals->waiting[i]);
    }
    refusals->waiting_count = 0;
}

void
refusals_add(struct refusals *refusals, const char *file, const char *reason,
             uint64_t line)
{
    const struct refusal refusal = {reason, line};
    refusals->count++;
    if (refusals->is_verbose) {
        log_info_of("message_refused", "file", file, "%s:%" PRIu64 ": refused: %s",
                    file, line, reason);
    }
    if (refusals->is_used) {
        if (!refusals->is_verbose) {
            say(refusals, file, &refusal);
        }
        return;
    }
    for (size_t i = 0; i < refusals->waiting_count; i++) {
        if (refusals->waiting[i].reason == reason) {
            return;
        }
    }
    if (refusals->waiting_count < REFUSALS_KINDS) {
        refusals->waiting[refusals->waiting_count++] = refusal;
    }
}

bool
refusals_unread(struct refusals *refusals, const char *file, uint64_t bytes)
{
    uint64_t unread = bytes - refusals->unread;
    refusals->unread = bytes;
    if (unread != 0) {
        log_error_of("array_unread", "file", file,
                     "%s: %" PRIu64 " bytes of its array are not read: behind a broken "
                     "element the next one cannot be found; write one element per line",
                     file, unread);
    }
    return unread != 0;
}

static bool
is_reason(const struct refusal *refusal, enum decode_reason reason)
{
    return strcmp(refusal->reason, decode_reason_name(reason)) == 0;
}

bool
refusals_end_file(struct refusals *refusals, const char *file, struct slice head)
{
    if (refusals->is_used || refusals->count == 0) {
        return false;
    }
    struct file_kind kind = file_kind_guess(head);
    const struct refusal *first = &refusals->waiting[0];
    bool is_dated = is_reason(first, DECODE_REASON_TIME);
    bool is_post = is_reason(first, DECODE_REASON_VALUE) ||
                   is_reason(first, DECODE_REASON_MISSING) ||
                   is_reason(first, DECODE_REASON_SELF);
    log_error_of("file_unusable", "file", file,
                 "%s: nothing in it can be used (%" PRIu64
                 " refused, the first in line %" PRIu64 ": %s); %s%s: %s",
                 file, refusals->count, first->line, first->reason,
                 is_dated  ? "it has a time that cannot be read"
                 : is_post ? "an id, time or reference of its posts is missing or bad"
                           : "it looks like ",
                 is_dated || is_post ? "" : kind.name,
                 is_dated  ? "give integer milliseconds or RFC 3339"
                 : is_post ? "-v logs each message that is refused"
                           : kind.advice);
    refusals->unusable += refusals->count;
    return true;
}
