#include "daemon/file_marks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

// A mark is compared with those of other runs, so the key is constant. A secret key
// would protect nothing: who can write the file can write any post into it.
static const struct hash_key key = {0x66696c65, 0x6d61726b};

struct file_mark
file_mark_of(int fd, uint32_t head_len)
{
    struct {
        uint64_t device;
        uint64_t inode;
        char head[FILE_MARKS_HEAD];
    } known = {0};
    struct file_mark mark = {0};
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        return mark;
    }
    ssize_t got = pread(fd, known.head, head_len, 0);
    if (got < 0) {
        return mark;
    }
    known.device = (uint64_t)status.st_dev;
    known.inode = (uint64_t)status.st_ino;
    mark.head_len = (uint32_t)got;
    mark.hash = hash_slice(
        &key, (struct slice){(const char *)&known,
                             sizeof(known) - FILE_MARKS_HEAD + mark.head_len});
    mark.hash += mark.hash == 0;
    return mark;
}

// False if the file ends before tail_end; *ret_tail is then the hash of the bytes that
// exist.
static bool
tail_of(int fd, uint64_t tail_end, uint64_t *ret_tail)
{
    char bytes[FILE_MARKS_TAIL];
    size_t size = tail_end < sizeof(bytes) ? (size_t)tail_end : sizeof(bytes);
    size_t len = 0;
    ssize_t got = 1;
    while (len < size && got > 0 && tail_end <= INT64_MAX) {
        got = pread(fd, bytes + len, size - len, (off_t)(tail_end - size + len));
        len += got > 0 ? (size_t)got : 0;
    }
    uint64_t tail = hash_slice(&key, (struct slice){bytes, len});
    *ret_tail = tail + (tail == 0);
    return len == size;
}

void
file_mark_see(struct file_mark *mark, int fd, uint64_t tail_end)
{
    mark->tail_end = tail_end;
    (void)tail_of(fd, tail_end, &mark->tail); // the file was cut in the meantime: the
                                              // mark will not match
}

bool
file_mark_fits(const struct file_mark *mark, int fd)
{
    uint64_t tail;
    struct file_mark now = file_mark_of(fd, mark->head_len);
    return mark->hash != 0 && now.hash == mark->hash &&
           now.head_len == mark->head_len &&
           (mark->tail == 0 ||
            (tail_of(fd, mark->tail_end, &tail) && tail == mark->tail));
}

const struct file_mark *
file_marks_find(const struct file_marks *marks, int fd)
{
    for (size_t i = marks->count; i-- > 0;) {
        if (file_mark_fits(&marks->items[i], fd)) {
            return &marks->items[i];
        }
    }
    return NULL;
}

bool
file_marks_put(struct file_marks *marks, uint64_t before, const struct file_mark *mark)
{
    bool has_room = true;
    size_t at = 0;
    while (at < marks->count && marks->items[at].hash != before &&
           marks->items[at].hash != mark->hash) {
        at++;
    }
    if (at == marks->count && at == FILE_MARKS_MAX) {
        has_room = false;
        at = 0;
    }
    if (at < marks->count) {
        memmove(&marks->items[at], &marks->items[at + 1],
                (marks->count - at - 1) * sizeof(marks->items[0]));
        marks->count--;
    }
    marks->items[marks->count++] = *mark;
    return has_room;
}

size_t
file_mark_write(const struct file_mark *mark, char *text)
{
    return (size_t)snprintf(
        text, FILE_MARKS_TEXT + 1,
        "%" PRIx64 " %" PRIx32 " %" PRIx64 " %" PRIx64 " %d %" PRIx64 " %" PRIx64 "\n",
        mark->hash, mark->head_len, mark->place.offset, mark->place.number,
        (int)mark->place.form, mark->tail, mark->tail_end);
}

const char *
file_mark_read(const char *text, struct file_mark *ret_mark)
{
    struct file_mark mark = {0};
    int form = 0;
    int len = 0;
    int more = 0;
    if (sscanf(text, "%16" SCNx64 " %3" SCNx32 " %16" SCNx64 " %16" SCNx64 " %1d%n",
               &mark.hash, &mark.head_len, &mark.place.offset, &mark.place.number,
               &form, &len) != 5 ||
        mark.head_len > FILE_MARKS_HEAD || form < LINES_UNKNOWN || form > LINES_ARRAY) {
        return NULL;
    }
    mark.place.form = (enum lines_form)form;
    text += len;
    if (*text == ' ' && sscanf(text, " %16" SCNx64 " %16" SCNx64 "%n", &mark.tail,
                               &mark.tail_end, &more) != 2) {
        return NULL;
    }
    *ret_mark = mark;
    return text + more;
}
