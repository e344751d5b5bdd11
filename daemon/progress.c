#include "daemon/progress.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "pipeline/changes.h"
#include "sinks/redis/redis_sink.h"

enum { NUMBER_TEXT = 24 };

static const char *const source_name = "replay";
static const char *const note_head = "replay 2\n";
_Static_assert(FILE_MARKS_MAX *FILE_MARKS_TEXT + 16 <= STATE_NOTE_MAX, "marks fit");

static void
on_field(void *context, enum redis_resume_kind what, const char *name,
         const struct change_field *field)
{
    (void)name;
    struct progress *progress = context;
    char text[FILE_MARKS_TEXT + 1];
    if (what != REDIS_RESUME_CURSOR) {
        return;
    }
    snprintf(text, sizeof(text), "%.*s", SLICE_ARG(field->value));
    if (slice_equal(field->name, SLICE_LIT("file"))) {
        snprintf(progress->committed_file, sizeof(progress->committed_file), "%.*s",
                 SLICE_ARG(field->value));
        progress->committed.file = progress->committed_file;
    } else if (slice_equal(field->name, SLICE_LIT("mark"))) {
        (void)file_mark_read(text, &progress->committed.mark);
    }
}

void
progress_init(struct progress *progress, char **files, int file_count)
{
    memset(progress, 0, sizeof(*progress));
    progress->files = files;
    progress->file_count = file_count;
    progress->request = (struct redis_resume_request){
        .names = &source_name, .count = 1, .on_field = on_field, .context = progress};
}

void
progress_note(const struct progress *progress, char *note)
{
    size_t len = (size_t)snprintf(note, STATE_NOTE_MAX, "%s", note_head);
    for (size_t i = 0; i < progress->marks.count; i++) {
        len += file_mark_write(&progress->marks.items[i], note + len);
    }
}

void
progress_read(struct progress *progress, const char *note)
{
    struct file_mark mark;
    if (strncmp(note, note_head, strlen(note_head)) != 0) {
        return;
    }
    note += strlen(note_head);
    while ((note = file_mark_read(note, &mark)) != NULL) {
        (void)file_marks_put(&progress->marks, mark.hash, &mark);
    }
}

void
progress_save(const struct replay_place *place, struct redis_sink *sink)
{
    char offset[NUMBER_TEXT];
    char mark[FILE_MARKS_TEXT + 1];
    snprintf(offset, sizeof(offset), "%" PRIu64, place->mark.place.offset);
    size_t len = file_mark_write(&place->mark, mark);
    const struct change_field fields[] = {
        {SLICE_LIT("file"), slice_of(place->file)},
        {SLICE_LIT("offset"), slice_of(offset)},
        {SLICE_LIT("mark"), {mark, len}},
    };
    if (redis_sink_set_cursor(sink, slice_of(source_name), fields,
                              sizeof(fields) / sizeof(fields[0])) != STATUS_OK) {
        log_warn_of("place_unsaved", "file", place->file,
                    "the name of %s is too long for a cursor in Redis", place->file);
    }
}

// The file's index in the order; file_count if not found.
static int
order_of(const struct progress *progress, const char *file)
{
    int i = 0;
    while (i < progress->file_count && strcmp(progress->files[i], file) != 0) {
        i++;
    }
    return i;
}

// The same for the file at which Redis was. It may have been renamed, and its name may
// be used by another file. What is not a regular file is identified by its name alone.
static int
order_of_committed(const struct progress *progress)
{
    const struct replay_place *goal = &progress->committed;
    if (goal->mark.hash == 0) {
        return order_of(progress, goal->file);
    }
    bool is_found = false;
    int i = 0;
    while (!is_found && i < progress->file_count) {
        int fd = open(progress->files[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        is_found = fd >= 0 && file_mark_fits(&goal->mark, fd);
        if (fd >= 0) {
            close(fd);
        }
        i += !is_found;
    }
    return i;
}

bool
progress_is_behind(struct progress *progress, const struct replay_place *place)
{
    const struct replay_place *goal = &progress->committed;
    if (goal->file == NULL) {
        return false;
    }
    if (!progress->is_ordered) {
        progress->is_ordered = true;
        progress->committed_order = order_of_committed(progress);
    }
    int there = progress->committed_order;
    int here = order_of(progress, place->file);
    return there != progress->file_count &&
           (here < there ||
            (here == there && place->mark.place.offset < goal->mark.place.offset));
}
