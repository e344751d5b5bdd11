#include "ingest/frames/file_input.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "ingest/frames/file_kind.h"

void
file_input_init(struct file_input *input, int fd)
{
    file_input_fini(input);
    input->fd = fd;
    input->format = DECOMPRESS_NONE;
    input->is_guessed = false;
    input->is_ended = false;
    input->has_more = false;
    input->bytes = 0;
    input->raw_at = 0;
    input->raw_end = 0;
    input->head_len = 0;
}

void
file_input_resume(struct file_input *input, int fd)
{
    file_input_init(input, fd);
    input->is_guessed = true;
}

void
file_input_fini(struct file_input *input)
{
    decompress_destroy(&input->decompress);
}

static enum status
read_bytes(struct file_input *input, char *room, size_t size, size_t *ret_size)
{
    ssize_t got = read(input->fd, room, size);
    if (got < 0) {
        return errno == EINTR || errno == EAGAIN ? STATUS_AGAIN : STATUS_IO;
    }
    input->is_ended = got == 0;
    input->bytes += (uint64_t)got;
    *ret_size = (size_t)got;
    return STATUS_OK;
}

static enum status
read_ahead(struct file_input *input)
{
    size_t got;
    if (input->raw_at == input->raw_end) {
        input->raw_at = input->raw_end = 0;
    }
    enum status status = read_bytes(input, input->raw + input->raw_end,
                                    sizeof(input->raw) - input->raw_end, &got);
    if (status == STATUS_OK) {
        input->raw_end += got;
    }
    return status;
}

// STATUS_AGAIN until there are enough bytes to decide.
static enum status
guess(struct file_input *input, struct error *error)
{
    enum status status = read_ahead(input);
    if (status != STATUS_OK) {
        return status;
    }
    if (input->raw_end < DECOMPRESS_MAGIC_MAX && !input->is_ended) {
        return STATUS_AGAIN;
    }
    input->format = decompress_guess((struct slice){input->raw, input->raw_end});
    input->is_guessed = true;
    if (input->format != DECOMPRESS_NONE) {
        input->decompress = decompress_create(input->format);
        if (input->decompress == NULL) {
            return error_set(error, STATUS_NOMEM, "no memory to decompress");
        }
    }
    return STATUS_OK;
}

static enum status
fail(const struct file_input *input, enum status status, struct error *error)
{
    const char *name = decompress_name(input->format);
    if (status == STATUS_NOMEM) {
        return error_set(error, status, "no memory to decompress %s", name);
    }
    if (status == STATUS_RANGE) {
        return error_set(error, status,
                         "decompressing %s needs more than %d MiB of memory: "
                         "decompress it outside, as in %s | cascaded -",
                         name, DECOMPRESS_MEMORY_MAX >> 20,
                         input->format == DECOMPRESS_ZSTD ? "zstd -dc --long=31 FILE"
                                                          : "xz -dc FILE");
    }
    return error_set(error, STATUS_PARSE,
                     input->is_ended && input->raw_at == input->raw_end
                         ? "the %s data ends early, after %" PRIu64
                           " bytes: messages before that place are counted"
                         : "the %s data is damaged within its first %" PRIu64
                           " bytes: messages before that place are counted",
                     name, input->bytes);
}

static enum status
read_packed(struct file_input *input, char *room, size_t size, size_t *ret_size,
            struct error *error)
{
    if (!file_input_is_ready(input) && !input->is_ended) {
        enum status status = read_ahead(input);
        if (status != STATUS_OK) {
            return status;
        }
    }
    struct slice raw = {input->raw + input->raw_at, input->raw_end - input->raw_at};
    size_t got = 0;
    enum status status = decompress_read(input->decompress, &raw, room, size, &got);
    input->raw_at = input->raw_end - raw.len;
    input->has_more = got == size;
    *ret_size = got;
    if (status != STATUS_OK) {
        return fail(input, status, error);
    }
    if (got == 0 && input->is_ended) {
        return decompress_is_whole(input->decompress)
                   ? STATUS_OK
                   : fail(input, STATUS_PARSE, error);
    }
    return got != 0 ? STATUS_OK : STATUS_AGAIN;
}

static enum status
read_plain(struct file_input *input, char *room, size_t size, size_t *ret_size)
{
    size_t ahead = input->raw_end - input->raw_at;
    if (ahead == 0) {
        return read_bytes(input, room, size, ret_size);
    }
    ahead = ahead < size ? ahead : size;
    memcpy(room, input->raw + input->raw_at, ahead);
    input->raw_at += ahead;
    *ret_size = ahead;
    return STATUS_OK;
}

enum status
file_input_read(struct file_input *input, char *room, size_t size, size_t *ret_size,
                struct error *error)
{
    enum status status = STATUS_OK;
    size_t got = 0;
    if (!input->is_guessed) {
        status = guess(input, error);
    }
    if (status == STATUS_OK) {
        status = input->decompress != NULL ? read_packed(input, room, size, &got, error)
                                           : read_plain(input, room, size, &got);
    }
    size_t more = sizeof(input->head) - input->head_len;
    more = more < got ? more : got;
    memcpy(input->head + input->head_len, room, more);
    input->head_len += more;
    struct file_kind kind;
    if (more != 0 && file_kind_is_container(file_input_head(input), &kind)) {
        *ret_size = 0;
        return error_set(error, STATUS_PARSE, "it looks like %s: %s", kind.name,
                         kind.advice);
    }
    *ret_size = got;
    return status;
}

bool
file_input_is_ready(const struct file_input *input)
{
    return input->raw_at != input->raw_end || input->has_more;
}

struct slice
file_input_head(const struct file_input *input)
{
    return (struct slice){input->head, input->head_len};
}
