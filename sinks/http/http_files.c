#include "sinks/http/http_files.h"

#include <inttypes.h>
#include <stdio.h>
#define ZLIB_CONST // zlib then does not take its input as changeable
#include <zlib.h>

#define POLICY                                                                         \
    "default-src 'none'; script-src 'self'; style-src 'self'; "                        \
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
#define PLACE SLICE_LIT("<!--first-board-->")

enum {
    PAGE_BYTES_MAX = 1 << 20,
    HASH_DIGITS = 32,
    GZIP_WINDOW = 15 + 16, // the greatest window, in the format of gzip
    GZIP_LEVEL = 6,
    GZIP_MEMORY = 8,
};

struct policy {
    struct http_header headers[5];
};

// By whether other sites may show the page in a frame, and whether it is compressed.
static const struct policy policies[2][2] = {
    {{{{"Content-Security-Policy", POLICY "frame-ancestors 'none'"},
       {"Referrer-Policy", "no-referrer"},
       {"Vary", "Accept-Encoding"}}},
     {{{"Content-Security-Policy", POLICY "frame-ancestors 'none'"},
       {"Referrer-Policy", "no-referrer"},
       {"Vary", "Accept-Encoding"},
       {"Content-Encoding", "gzip"}}}},
    {{{{"Content-Security-Policy", POLICY "frame-ancestors *"},
       {"Referrer-Policy", "no-referrer"},
       {"Vary", "Accept-Encoding"}}},
     {{{"Content-Security-Policy", POLICY "frame-ancestors *"},
       {"Referrer-Policy", "no-referrer"},
       {"Vary", "Accept-Encoding"},
       {"Content-Encoding", "gzip"}}}},
};

// ── the first board ────────────────────────────────────────────────────────

static bool
compress_to(struct buffer *gzip, struct slice text)
{
    z_stream stream = {0};
    if (deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        return false;
    }
    size_t most = deflateBound(&stream, text.len);
    char *bytes = buffer_extend(gzip, most);
    bool is_done = false;
    if (bytes != NULL) {
        stream.next_in = (const Bytef *)text.ptr;
        stream.avail_in = (uInt)text.len;
        stream.next_out = (Bytef *)bytes;
        stream.avail_out = (uInt)most;
        is_done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
        gzip->size = stream.total_out;
    }
    deflateEnd(&stream);
    return is_done;
}

// Where the board belongs in the page; its length if it has no such line.
static size_t
find_place(struct slice page)
{
    size_t at = 0;
    while (at < page.len &&
           !slice_starts((struct slice){page.ptr + at, page.len - at}, PLACE)) {
        at++;
    }
    return at;
}

// The page with the board of now; the page as it is if there is none, or no memory.
static const struct http_file *
with_board(struct http_files *files, const struct http_file *file)
{
    if (file != files->page || files->setup.write_board == NULL) {
        return file;
    }
    uint64_t version = files->setup.version(files->setup.context);
    if (files->rendered.name != NULL && version == files->version) {
        return &files->rendered;
    }
    buffer_reset(&files->plain);
    buffer_reset(&files->gzip);
    buffer_append(&files->plain, (struct slice){file->plain.ptr, files->place});
    files->setup.write_board(files->setup.context, &files->plain);
    size_t rest = files->place + PLACE.len;
    buffer_append(&files->plain,
                  (struct slice){file->plain.ptr + rest, file->plain.len - rest});
    files->rendered.name = NULL;
    if (files->plain.is_failed ||
        !compress_to(&files->gzip, buffer_text(&files->plain))) {
        return file;
    }
    files->version = version;
    snprintf(files->hash, sizeof(files->hash), "%.*s-%" PRIu64, HASH_DIGITS, file->hash,
             version);
    files->rendered =
        (struct http_file){file->name, file->type, files->hash,
                           buffer_text(&files->plain), buffer_text(&files->gzip)};
    return &files->rendered;
}

// ── answers ────────────────────────────────────────────────────────────────

static void
answer_file(struct http_files *files, const struct http_request *request,
            struct slice name, bool is_framed, struct http_reply *reply)
{
    const struct http_file *file = files->setup.files;
    while (file->name != NULL && !slice_equal(slice_of(file->name), name)) {
        file++;
    }
    if (file->name == NULL) {
        return;
    }
    file = with_board(files, file);
    bool is_gzip = http_request_accepts(request, SLICE_LIT("gzip"));
    *reply = (struct http_reply){
        .code = HTTP_CODE_OK,
        .type = file->type,
        .text = is_gzip ? file->gzip : file->plain,
        .is_kept = file != &files->rendered,
        .headers = policies[is_framed][is_gzip].headers,
    };
    snprintf(reply->tag, sizeof(reply->tag), "\"%s%s\"", file->hash,
             is_gzip ? "-gzip" : "");
    if (http_request_is_known(request, slice_of(reply->tag))) {
        reply->code = HTTP_CODE_SAME;
        reply->text = SLICE_LIT("");
    }
}

static void
answer_or_refuse(struct http_files *files, const struct http_request *request,
                 struct slice name, bool is_framed, struct buffer *body,
                 struct http_reply *reply)
{
    answer_file(files, request, name, is_framed, reply);
    if (reply->code == 0) {
        http_reply_refuse(reply, HTTP_CODE_UNKNOWN, "not_found",
                          "there is no such page", body);
    }
}

static void
answer_index(void *context, const struct http_request *request, struct buffer *body,
             struct http_reply *reply)
{
    answer_or_refuse(context, request, SLICE_LIT("index.html"), false, body, reply);
}

static void
answer_embed(void *context, const struct http_request *request, struct buffer *body,
             struct http_reply *reply)
{
    answer_or_refuse(context, request, SLICE_LIT("embed.html"), true, body, reply);
}

static void
answer_openapi(void *context, const struct http_request *request, struct buffer *body,
               struct http_reply *reply)
{
    answer_or_refuse(context, request, SLICE_LIT("openapi.json"), false, body, reply);
}

static void
answer_named(void *context, const struct http_request *request, struct buffer *body,
             struct http_reply *reply)
{
    answer_or_refuse(context, request, request->words[0], false, body, reply);
}

const struct http_page http_files_pages[] = {
    {"/", answer_index},
    {"/cascade/**", answer_index},
    {"/user/**", answer_index},
    {"/campaign/**", answer_index},
    {"/embed/board/*/*", answer_embed},
    {"/api/v1/openapi.json", answer_openapi},
    {"/page/*", answer_named},
    {NULL, NULL},
};

// ── life ───────────────────────────────────────────────────────────────────

void
http_files_init(struct http_files *files, const struct http_files_setup *setup)
{
    *files = (struct http_files){.setup = *setup, .page = setup->files};
    while (files->page->name != NULL &&
           (files->place = find_place(files->page->plain)) == files->page->plain.len) {
        files->page++;
    }
    buffer_init(&files->plain, PAGE_BYTES_MAX);
    buffer_init(&files->gzip, PAGE_BYTES_MAX);
}

void
http_files_fini(struct http_files *files)
{
    buffer_fini(&files->plain);
    buffer_fini(&files->gzip);
}
