#include "ingest/frames/unpack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>
#include <zstd_errors.h>

#include "base/redact.h"
#include "ingest/frames/lines.h"

struct unpack {
    ZSTD_DCtx *context;
    ZSTD_DDict *dictionary;
    char message[LINES_MAX + LINES_PADDING];
};

static enum status
read_file(const char *path, char *bytes, size_t *ret_size, struct error *error)
{
    char shown[REDACT_MAX];
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        return error_set(error, STATUS_IO, "dictionary_file: cannot read %s: %s",
                         redact_path(path, errno, shown), strerror(errno));
    }
    size_t size = fread(bytes, 1, UNPACK_DICTIONARY_MAX, file);
    bool is_whole = !ferror(file) && size < UNPACK_DICTIONARY_MAX;
    fclose(file);
    if (!is_whole) {
        return error_set(error, STATUS_IO,
                         "dictionary_file: %s cannot be read, or is over 1 MiB", path);
    }
    *ret_size = size;
    return STATUS_OK;
}

enum status
unpack_create(const char *dictionary_file, struct unpack **ret_unpack,
              struct error *error)
{
    struct unpack *unpack = calloc(1, sizeof(*unpack));
    size_t size = 0;
    if (unpack == NULL) {
        return error_set(error, STATUS_NOMEM, "no memory for a dictionary");
    }
    // The room of messages is used for the file; zstd makes a copy.
    enum status status = read_file(dictionary_file, unpack->message, &size, error);
    if (status == STATUS_OK) {
        unpack->context = ZSTD_createDCtx();
        unpack->dictionary = ZSTD_createDDict(unpack->message, size);
        if (unpack->context == NULL || unpack->dictionary == NULL) {
            status = error_set(error, STATUS_NOMEM, "no memory for a dictionary");
        } else if (unpack_dictionary(unpack) == 0) {
            status = error_set(error, STATUS_PARSE,
                               "dictionary_file: %s is not a zstd dictionary",
                               dictionary_file);
        }
    }
    if (status != STATUS_OK) {
        unpack_destroy(&unpack);
        return status;
    }
    *ret_unpack = unpack;
    return STATUS_OK;
}

void
unpack_destroy(struct unpack **unpack)
{
    if (*unpack != NULL) {
        (void)ZSTD_freeDDict((*unpack)->dictionary);
        (void)ZSTD_freeDCtx((*unpack)->context);
        free(*unpack);
        *unpack = NULL;
    }
}

uint32_t
unpack_dictionary(const struct unpack *unpack)
{
    return ZSTD_getDictID_fromDDict(unpack->dictionary);
}

enum status
unpack_message(struct unpack *unpack, struct slice packed, struct slice *ret_message)
{
    size_t size =
        ZSTD_decompress_usingDDict(unpack->context, unpack->message, LINES_MAX,
                                   packed.ptr, packed.len, unpack->dictionary);
    if (ZSTD_isError(size)) {
        return ZSTD_getErrorCode(size) == ZSTD_error_dstSize_tooSmall ? STATUS_FULL
                                                                      : STATUS_PARSE;
    }
    *ret_message = (struct slice){unpack->message, size};
    return STATUS_OK;
}
