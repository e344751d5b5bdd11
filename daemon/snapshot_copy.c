#include "daemon/snapshot_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/scale.h"
#include "daemon/state.h"
#include "daemon/state_read.h"

#define EPOCH "epoch"

enum { FILE_MODE = 0600 };

// ── what a snapshot contains ───────────────────────────────────────────────

void
snapshot_copy_note(uint64_t epoch, char line[SNAPSHOT_COPY_LINE])
{
    snprintf(line, SNAPSHOT_COPY_LINE, EPOCH " %" PRIu64 "\n", epoch);
}

// Lines of a note: "epoch 7", and the cursor of the stream (daemon/streams.c).
static void
take_note(const char *note, struct redis_manifest *manifest)
{
    for (const char *line = note; *line != '\0';) {
        uint64_t place;
        (void)sscanf(line, EPOCH " %" SCNu64, &manifest->epoch);
        if (sscanf(line, SCALE_SOURCE " %*255s stream seq %" SCNu64, &place) == 1) {
            manifest->run = place >> 32;
            manifest->number = place & UINT32_MAX;
        }
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
}

static bool
read_at(int fd, uint64_t at, void *bytes, size_t size)
{
    char *to = bytes;
    while (size != 0) {
        ssize_t done = pread(fd, to, size, (off_t)at);
        if (done <= 0) {
            return false;
        }
        to += done;
        at += (uint64_t)done;
        size -= (size_t)done;
    }
    return true;
}

// Of an open file: its note and its last bytes, without a proof that it is whole.
static bool
read_ends(int fd, struct redis_manifest *ret_manifest)
{
    static char note[STATE_NOTE_MAX];
    struct redis_manifest manifest = {.chunks = 0};
    unsigned char digest[STATE_READ_DIGEST_LEN];
    uint64_t note_len;
    struct stat status;
    if (fstat(fd, &status) != 0 || status.st_size < STATE_READ_DIGEST_LEN ||
        !read_at(fd, 0, manifest.format, STATE_READ_MAGIC_LEN) ||
        !read_at(fd, STATE_READ_MAGIC_LEN, &note_len, sizeof(note_len)) ||
        note_len >= STATE_NOTE_MAX ||
        !read_at(fd, STATE_READ_MAGIC_LEN + sizeof(note_len), note, note_len)) {
        return false;
    }
    manifest.bytes = (uint64_t)status.st_size;
    if (!read_at(fd, manifest.bytes - sizeof(digest), digest, sizeof(digest))) {
        return false;
    }
    for (size_t i = 0; i < sizeof(digest); i++) {
        snprintf(manifest.sha256 + 2 * i, 3, "%02x", digest[i]);
    }
    snprintf(manifest.version, sizeof(manifest.version), "%s", CASCADED_VERSION);
    note[note_len] = '\0';
    take_note(note, &manifest);
    *ret_manifest = manifest;
    return true;
}

// Verifies all of it.
static bool
look_at(int dir, const char *name, struct redis_manifest *ret_manifest,
        struct error *why)
{
    static char note[STATE_NOTE_MAX];
    struct state_read read = {.dir = dir, .name = name, .note = note};
    if (state_read(&read, why) != STATE_READ_GOOD) {
        return false;
    }
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool is_read = fd >= 0 && read_ends(fd, ret_manifest);
    if (fd >= 0) {
        close(fd);
    }
    return is_read;
}

bool
snapshot_copy_look(int dir, struct redis_manifest *ret_manifest)
{
    struct error why = {0};
    return look_at(dir, STATE_NEWEST, ret_manifest, &why);
}

// ── reading ────────────────────────────────────────────────────────────────

bool
snapshot_reader_open(struct snapshot_reader *reader, int dir,
                     struct redis_manifest *ret_manifest)
{
    reader->fd = openat(dir, STATE_NEWEST, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return reader->fd >= 0 && read_ends(reader->fd, ret_manifest);
}

bool
snapshot_reader_get(struct snapshot_reader *reader, uint64_t at, char *bytes,
                    size_t size)
{
    return read_at(reader->fd, at, bytes, size);
}

void
snapshot_reader_close(struct snapshot_reader *reader)
{
    if (reader->fd >= 0) {
        close(reader->fd);
        reader->fd = -1;
    }
}

// ── writing ────────────────────────────────────────────────────────────────

void
snapshot_writer_open(struct snapshot_writer *writer, int dir,
                     const struct redis_manifest *manifest)
{
    snapshot_writer_close(writer);
    *writer = (struct snapshot_writer){.dir = dir, .manifest = *manifest};
    if (unlinkat(dir, STATE_PART, 0) != 0 && errno != ENOENT) {
        writer->reason = errno;
    }
    writer->fd =
        openat(dir, STATE_PART, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    if (writer->fd < 0) {
        writer->reason = errno;
    }
}

bool
snapshot_writer_put(struct snapshot_writer *writer, struct slice bytes)
{
    writer->bytes += bytes.len;
    if (writer->reason != 0 || writer->bytes > writer->manifest.bytes) {
        return false;
    }
    while (bytes.len != 0) {
        ssize_t done = write(writer->fd, bytes.ptr, bytes.len);
        if (done <= 0) {
            writer->reason = done < 0 ? errno : ENOSPC;
            return false;
        }
        bytes = (struct slice){bytes.ptr + done, bytes.len - (size_t)done};
    }
    return true;
}

bool
snapshot_writer_end(struct snapshot_writer *writer, struct error *error)
{
    struct redis_manifest found;
    struct error why = {0};
    if (writer->reason == 0 && fsync(writer->fd) != 0) {
        writer->reason = errno;
    }
    if (writer->reason != 0) {
        return false;
    }
    if (writer->bytes != writer->manifest.bytes ||
        !look_at(writer->dir, STATE_PART, &found, &why) ||
        strcmp(found.sha256, writer->manifest.sha256) != 0) {
        error_set(error, STATUS_PARSE, "it is damaged");
        return false;
    }
    writer->reason = state_install(writer->dir);
    return writer->reason == 0;
}

void
snapshot_writer_close(struct snapshot_writer *writer)
{
    if (writer->fd > 0) {
        close(writer->fd);
        (void)unlinkat(writer->dir, STATE_PART, 0);
    }
    writer->fd = -1;
}
