#include "daemon/state_read.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/state.h"
#include "pipeline/snapshot.h"

// First bytes of snapshots of versions without a common head.
#define MAGIC_BEFORE "cascaded"

enum { PIECE = 1 << 18 };

struct reader {
    FILE *file;
    uint64_t left; // bytes before the digest
    int reason;    // 0, or errno of a read that failed
};

static enum state_read_result
fail(struct state_read *read, int reason, struct error *why)
{
    read->reason = reason;
    error_set(why, STATUS_IO, "%s", strerror(reason));
    return STATE_READ_FAILED;
}

// A file that has become shorter since it was opened is being changed.
static bool
get(struct reader *reader, void *bytes, size_t size)
{
    errno = 0;
    if (fread(bytes, 1, size, reader->file) == size) {
        return true;
    }
    reader->reason = errno != 0 ? errno : EIO;
    return false;
}

static bool
read_bytes(void *context, void *bytes, size_t size)
{
    struct reader *reader = context;
    if (size > reader->left) {
        return false;
    }
    reader->left -= size;
    return get(reader, bytes, size);
}

// True if the file's last bytes are the digest of those before. False also if the
// digest could not be computed; reader->reason is then set.
static bool
is_whole(struct reader *reader)
{
    static char piece[PIECE];
    unsigned char expected[STATE_READ_DIGEST_LEN];
    unsigned char found[STATE_READ_DIGEST_LEN] = {0};
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool is_computed =
        digest != NULL && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;
    bool is_read = true;
    for (uint64_t left = reader->left; is_computed && is_read && left != 0;) {
        size_t part = left < PIECE ? (size_t)left : (size_t)PIECE;
        is_read = get(reader, piece, part);
        is_computed = is_read && EVP_DigestUpdate(digest, piece, part) == 1;
        left -= part;
    }
    is_read = is_read && get(reader, expected, STATE_READ_DIGEST_LEN);
    is_computed =
        is_read && is_computed && EVP_DigestFinal_ex(digest, found, NULL) == 1;
    EVP_MD_CTX_free(digest);
    if (is_read && !is_computed) {
        reader->reason = ENOMEM; // no other failure of a digest is possible
    }
    return is_computed && memcmp(expected, found, STATE_READ_DIGEST_LEN) == 0;
}

static enum status
read_content(struct reader *reader, struct state_read *read, struct error *why)
{
    char magic[STATE_READ_MAGIC_LEN];
    uint64_t note_len;
    if (!read_bytes(reader, magic, STATE_READ_MAGIC_LEN)) {
        return error_set(why, STATUS_IO, "it ends early");
    }
    if (memcmp(magic, MAGIC_BEFORE, STATE_READ_MAGIC_LEN) == 0) {
        return error_set(why, STATUS_PARSE, "it was made by an older version");
    }
    if (memcmp(magic, STATE_READ_MAGIC, STATE_READ_MAGIC_LEN) != 0 ||
        !read_bytes(reader, &note_len, sizeof(note_len)) ||
        note_len >= STATE_NOTE_MAX || !read_bytes(reader, read->note, note_len)) {
        return error_set(why, STATUS_PARSE, "it was not made by this program");
    }
    read->note[note_len] = '\0';
    if (read->pipeline == NULL) {
        return STATUS_OK;
    }
    enum status status = snapshot_load(read->pipeline, read_bytes, reader, why);
    if (status == STATUS_OK && reader->left != 0) {
        status = error_set(why, STATUS_PARSE,
                           "it is too long: it was made by another version");
    }
    return status;
}

static enum state_read_result
read_file(struct reader *reader, struct state_read *read, struct error *why)
{
    if (!is_whole(reader)) {
        if (reader->reason != 0) {
            return fail(read, reader->reason, why);
        }
        error_set(why, STATUS_PARSE, "it is damaged");
        return STATE_READ_DAMAGED;
    }
    rewind(reader->file);
    struct error error = {0};
    enum status status = read_content(reader, read, &error);
    if (reader->reason != 0) {
        return fail(read, reader->reason, why);
    }
    error_set(why, error.code, "%s", error.text);
    return status == STATUS_OK ? STATE_READ_GOOD : STATE_READ_OTHER;
}

enum state_read_result
state_read(struct state_read *read, struct error *why)
{
    // A FIFO would block without O_NONBLOCK; for a regular file the flag has no effect.
    int fd = openat(read->dir, read->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return errno == ENOENT ? STATE_READ_NONE : fail(read, errno, why);
    }
    struct stat status;
    int reason = fstat(fd, &status) != 0    ? errno
                 : !S_ISREG(status.st_mode) ? EINVAL
                                            : 0;
    struct reader reader = {.file = reason == 0 ? fdopen(fd, "rb") : NULL};
    if (reader.file == NULL) {
        reason = reason != 0 ? reason : errno;
        close(fd);
        return fail(read, reason, why);
    }
    enum state_read_result result = STATE_READ_DAMAGED;
    read->made = status.st_mtime;
    if (status.st_size < STATE_READ_DIGEST_LEN) {
        error_set(why, STATUS_PARSE, "it is truncated");
    } else {
        reader.left = (uint64_t)status.st_size - STATE_READ_DIGEST_LEN;
        result = read_file(&reader, read, why);
    }
    fclose(reader.file);
    return result;
}
