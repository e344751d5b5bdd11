#include "ingest/frames/decompress.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { ZSTD_WINDOW_LOG_MAX = 27, GZIP_ONLY = 16, BYTES_MAX = 1 << 30 };

struct decompress {
    enum decompress_format format;
    bool is_begun; // within a member
    union {
        z_stream gzip;
        bz_stream bzip2;
        lzma_stream xz;
        ZSTD_DCtx *zstd;
    } as;
};

enum decompress_format
decompress_guess(struct slice bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.ptr;
    if (slice_starts(bytes, SLICE_LIT("\x1f\x8b\x08"))) {
        return DECOMPRESS_GZIP;
    }
    // "BZh", the size of its blocks, and the first block or the end.
    if (slice_starts(bytes, SLICE_LIT("BZh")) && bytes.len > 4 && at[3] >= '1' &&
        at[3] <= '9' && (at[4] == 0x31 || at[4] == 0x17)) {
        return DECOMPRESS_BZIP2;
    }
    if (slice_starts(bytes, SLICE_LIT("\xfd\x37zXZ\0"))) {
        return DECOMPRESS_XZ;
    }
    // A frame, or a skippable frame, with which parallel compressors begin.
    if (slice_starts(bytes, SLICE_LIT("\x28\xb5\x2f\xfd")) ||
        (bytes.len >= 4 && at[0] >> 4 == 5 && at[1] == 0x2a && at[2] == 0x4d &&
         at[3] == 0x18)) {
        return DECOMPRESS_ZSTD;
    }
    return DECOMPRESS_NONE;
}

const char *
decompress_name(enum decompress_format format)
{
    static const char *const names[DECOMPRESS_FORMAT_COUNT] = {
        [DECOMPRESS_NONE] = "none",   [DECOMPRESS_GZIP] = "gzip",
        [DECOMPRESS_BZIP2] = "bzip2", [DECOMPRESS_XZ] = "xz",
        [DECOMPRESS_ZSTD] = "zstd",
    };
    return names[format];
}

// ── members ────────────────────────────────────────────────────────────────

static bool
begin_member(struct decompress *decompress)
{
    switch (decompress->format) {
    case DECOMPRESS_GZIP:
        decompress->as.gzip = (z_stream){0};
        return inflateInit2(&decompress->as.gzip, MAX_WBITS + GZIP_ONLY) == Z_OK;
    case DECOMPRESS_BZIP2:
        decompress->as.bzip2 = (bz_stream){0};
        return BZ2_bzDecompressInit(&decompress->as.bzip2, 0, 0) == BZ_OK;
    case DECOMPRESS_XZ:
        decompress->as.xz = (lzma_stream)LZMA_STREAM_INIT;
        return lzma_stream_decoder(&decompress->as.xz, DECOMPRESS_MEMORY_MAX, 0) ==
               LZMA_OK;
    case DECOMPRESS_ZSTD:
        decompress->as.zstd = ZSTD_createDCtx();
        return decompress->as.zstd != NULL &&
               !ZSTD_isError(ZSTD_DCtx_setParameter(
                   decompress->as.zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX));
    case DECOMPRESS_NONE:
    case DECOMPRESS_FORMAT_COUNT:
        break;
    }
    return false;
}

static void
end_member(struct decompress *decompress)
{
    switch (decompress->format) {
    case DECOMPRESS_GZIP:
        (void)inflateEnd(&decompress->as.gzip);
        break;
    case DECOMPRESS_BZIP2:
        (void)BZ2_bzDecompressEnd(&decompress->as.bzip2);
        break;
    case DECOMPRESS_XZ:
        lzma_end(&decompress->as.xz);
        break;
    case DECOMPRESS_ZSTD:
        (void)ZSTD_freeDCtx(decompress->as.zstd);
        break;
    case DECOMPRESS_NONE:
    case DECOMPRESS_FORMAT_COUNT:
        break;
    }
    decompress->is_begun = false;
}

// One call of the library. *ret_is_end: the member is over.
struct step {
    struct slice *input;
    char *room;
    size_t size;
    size_t written;
    bool is_end;
};

static enum status
read_gzip(z_stream *stream, struct step *step)
{
    stream->next_in = (Bytef *)(uintptr_t)step->input->ptr;
    stream->avail_in = (uInt)step->input->len;
    stream->next_out = (Bytef *)step->room;
    stream->avail_out = (uInt)step->size;
    int result = inflate(stream, Z_NO_FLUSH);
    step->written = step->size - stream->avail_out;
    step->input->ptr += step->input->len - stream->avail_in;
    step->input->len = stream->avail_in;
    step->is_end = result == Z_STREAM_END;
    return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR ? STATUS_OK
           : result == Z_MEM_ERROR ? STATUS_NOMEM
                                   : STATUS_PARSE;
}

static enum status
read_bzip2(bz_stream *stream, struct step *step)
{
    stream->next_in = (char *)(uintptr_t)step->input->ptr;
    stream->avail_in = (unsigned)step->input->len;
    stream->next_out = step->room;
    stream->avail_out = (unsigned)step->size;
    int result = BZ2_bzDecompress(stream);
    step->written = step->size - stream->avail_out;
    step->input->ptr += step->input->len - stream->avail_in;
    step->input->len = stream->avail_in;
    step->is_end = result == BZ_STREAM_END;
    return result == BZ_OK || result == BZ_STREAM_END ? STATUS_OK
           : result == BZ_MEM_ERROR                   ? STATUS_NOMEM
                                                      : STATUS_PARSE;
}

static enum status
read_xz(lzma_stream *stream, struct step *step)
{
    stream->next_in = (const uint8_t *)step->input->ptr;
    stream->avail_in = step->input->len;
    stream->next_out = (uint8_t *)step->room;
    stream->avail_out = step->size;
    lzma_ret result = lzma_code(stream, LZMA_RUN);
    step->written = step->size - stream->avail_out;
    step->input->ptr += step->input->len - stream->avail_in;
    step->input->len = stream->avail_in;
    step->is_end = result == LZMA_STREAM_END;
    return result == LZMA_OK || result == LZMA_STREAM_END || result == LZMA_BUF_ERROR
               ? STATUS_OK
           : result == LZMA_MEMLIMIT_ERROR ? STATUS_RANGE
           : result == LZMA_MEM_ERROR      ? STATUS_NOMEM
                                           : STATUS_PARSE;
}

static enum status
read_zstd(ZSTD_DCtx *context, struct step *step)
{
    ZSTD_inBuffer in = {step->input->ptr, step->input->len, 0};
    ZSTD_outBuffer out = {step->room, step->size, 0};
    size_t result = ZSTD_decompressStream(context, &out, &in);
    step->written = out.pos;
    step->input->ptr += in.pos;
    step->input->len -= in.pos;
    step->is_end = result == 0;
    if (!ZSTD_isError(result)) {
        return STATUS_OK;
    }
    switch ((int)ZSTD_getErrorCode(result)) {
    case ZSTD_error_frameParameter_windowTooLarge:
        return STATUS_RANGE;
    case ZSTD_error_memory_allocation:
        return STATUS_NOMEM;
    default:
        return STATUS_PARSE;
    }
}

static enum status
read_member(struct decompress *decompress, struct step *step)
{
    switch (decompress->format) {
    case DECOMPRESS_GZIP:
        return read_gzip(&decompress->as.gzip, step);
    case DECOMPRESS_BZIP2:
        return read_bzip2(&decompress->as.bzip2, step);
    case DECOMPRESS_XZ:
        return read_xz(&decompress->as.xz, step);
    case DECOMPRESS_ZSTD:
        return read_zstd(decompress->as.zstd, step);
    case DECOMPRESS_NONE:
    case DECOMPRESS_FORMAT_COUNT:
        break;
    }
    return STATUS_PARSE;
}

// ── life ───────────────────────────────────────────────────────────────────

struct decompress *
decompress_create(enum decompress_format format)
{
    struct decompress *decompress = calloc(1, sizeof(*decompress));
    if (decompress != NULL) {
        decompress->format = format;
    }
    return decompress;
}

void
decompress_destroy(struct decompress **decompress)
{
    if (*decompress != NULL && (*decompress)->is_begun) {
        end_member(*decompress);
    }
    free(*decompress);
    *decompress = NULL;
}

enum status
// NOLINTNEXTLINE(readability-non-const-parameter): the libraries write into the room
decompress_read(struct decompress *decompress, struct slice *input, char *room,
                size_t size, size_t *ret_size)
{
    assert(size != 0 && size < BYTES_MAX && input->len < BYTES_MAX);
    *ret_size = 0;
    while (input->len != 0 || decompress->is_begun) {
        if (!decompress->is_begun) {
            if (*input->ptr == '\0') { // padding, as from a tape
                input->ptr++;
                input->len--;
                continue;
            }
            decompress->is_begun = true;
            if (!begin_member(decompress)) {
                return STATUS_NOMEM;
            }
        }
        struct step step = {input, room, size, 0, false};
        size_t before = input->len;
        enum status status = read_member(decompress, &step);
        *ret_size = step.written;
        if (step.is_end) {
            end_member(decompress);
        }
        if (status != STATUS_OK || step.written != 0 ||
            (input->len == before && !step.is_end)) {
            return status;
        }
    }
    return STATUS_OK;
}

bool
decompress_is_whole(const struct decompress *decompress)
{
    return !decompress->is_begun;
}
