#include "daemon/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "pipeline/changes.h"
#include "sinks/redis_sink.h"

enum { NUMBER_TEXT = 24 };

static const char *const source_name = "replay";

static void
on_field(void *context, enum redis_recalled what, const char *name,
         const struct change_field *field)
{
    (void)name;
    struct progress *progress = context;
    char number[NUMBER_TEXT];
    if (what != REDIS_RECALLED_CURSOR) {
        return;
    }
    snprintf(number, sizeof(number), "%.*s", SLICE_ARG(field->value));
    if (slice_equal(field->name, SLICE_LIT("file"))) {
        snprintf(progress->committed_file, sizeof(progress->committed_file), "%.*s",
                 SLICE_ARG(field->value));
        progress->committed.file = progress->committed_file;
    } else if (slice_equal(field->name, SLICE_LIT("offset"))) {
        progress->committed.offset = strtoull(number, NULL, 10);
    }
}

void
progress_init(struct progress *progress, char **files, int file_count)
{
    memset(progress, 0, sizeof(*progress));
    progress->files = files;
    progress->file_count = file_count;
    progress->request = (struct redis_recall){
        .names = &source_name, .count = 1, .on_field = on_field, .context = progress};
}

void
progress_note(const struct replay_place *place, char *note)
{
    int len = snprintf(note, STATE_NOTE_MAX, "replay %" PRIu64 " %" PRIu64 " %s",
                       place->offset, place->line, place->file);
    if (len >= STATE_NOTE_MAX) {
        note[0] = '\0';
    }
}

bool
progress_read(struct progress *progress, const char *note,
              struct replay_place *ret_place)
{
    struct replay_place place = {NULL, 0, 0};
    int file_at = 0;
    if (sscanf(note, "replay %" SCNu64 " %" SCNu64 " %n", &place.offset, &place.line,
               &file_at) != 2) {
        return false;
    }
    snprintf(progress->noted_file, sizeof(progress->noted_file), "%s", note + file_at);
    place.file = progress->noted_file;
    *ret_place = place;
    return true;
}

void
progress_save(const struct replay_place *place, struct redis_sink *sink)
{
    char offset[NUMBER_TEXT];
    snprintf(offset, sizeof(offset), "%" PRIu64, place->offset);
    const struct change_field fields[] = {
        {SLICE_LIT("file"), slice_of(place->file)},
        {SLICE_LIT("offset"), slice_of(offset)},
    };
    if (redis_sink_set_cursor(sink, slice_of(source_name), fields,
                              sizeof(fields) / sizeof(fields[0])) != STATUS_OK) {
        log_warn("the name of %s is too long for a cursor in Redis", place->file);
    }
}

// The file's place in the order; file_count if it is none of them.
static int
order_of(const struct progress *progress, const char *file)
{
    int i = 0;
    while (i < progress->file_count && strcmp(progress->files[i], file) != 0) {
        i++;
    }
    return i;
}

bool
progress_is_behind(const struct progress *progress, const struct replay_place *place)
{
    const struct replay_place *goal = &progress->committed;
    if (goal->file == NULL || order_of(progress, goal->file) == progress->file_count) {
        return false;
    }
    int here = order_of(progress, place->file);
    int there = order_of(progress, goal->file);
    return here < there || (here == there && place->offset < goal->offset);
}
