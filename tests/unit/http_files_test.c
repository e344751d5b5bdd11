#include "sinks/http/http_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>
#include <cmocka.h>

enum { TEXT_MAX = 4096 };

static const struct http_file files[] = {
    {"a.js",
     "text/javascript",
     "0123456789abcdef0123456789abcdef",
     {"abc", 3},
     {"z", 1}},
    {"index.html",
     "text/html",
     "fedcba9876543210fedcba9876543210",
     {"<p>\n<!--first-board-->\n</p>", 27},
     {"z", 1}},
    {0},
};

static uint64_t version;
static int boards_written;

static void
write_board(void *context, struct buffer *html)
{
    (void)context;
    boards_written++;
    buffer_append(html, SLICE_LIT("<ol>board</ol>"));
}

static uint64_t
version_now(void *context)
{
    (void)context;
    return version;
}

struct asked {
    struct http_files pages;
    struct buffer body;
    struct http_reply reply;
    struct http_request request;
};

static int
set_up(void **state)
{
    static struct asked asked;
    memset(&asked, 0, sizeof(asked));
    http_files_init(&asked.pages,
                    &(struct http_files_setup){files, write_board, version_now, NULL});
    buffer_init(&asked.body, TEXT_MAX);
    version = 1;
    boards_written = 0;
    *state = &asked;
    return 0;
}

static int
tear_down(void **state)
{
    struct asked *asked = *state;
    http_files_fini(&asked->pages);
    buffer_fini(&asked->body);
    return 0;
}

static const struct http_reply *
ask(struct asked *asked, const char *path)
{
    char text[TEXT_MAX];
    struct http_route route;
    const struct http_pages pages = {http_files_pages, &asked->pages};
    asked->reply = (struct http_reply){0};
    asked->request.path = slice_of(path);
    assert_int_equal(http_router_find(&pages, 1, &asked->request, text, &route),
                     STATUS_OK);
    route.page->answer(route.context, &asked->request, &asked->body, &asked->reply);
    return &asked->reply;
}

static const char *
header_of(const struct http_reply *reply, const char *name)
{
    const struct http_header *header = reply->headers;
    while (header->name != NULL && strcmp(header->name, name) != 0) {
        header++;
    }
    return header->value;
}

static void
a_file_is_compressed_for_those_who_accept_it(void **state)
{
    struct asked *asked = *state;
    const struct http_reply *reply = ask(asked, "/page/a.js");
    assert_int_equal(reply->code, HTTP_CODE_OK);
    assert_true(slice_equal(reply->text, SLICE_LIT("abc")));
    assert_string_equal(reply->type, "text/javascript");
    assert_string_equal(reply->tag, "\"0123456789abcdef0123456789abcdef\"");
    assert_null(header_of(reply, "Content-Encoding"));
    assert_string_equal(header_of(reply, "Vary"), "Accept-Encoding");
    asked->request.accept_encoding = SLICE_LIT("br, gzip");
    reply = ask(asked, "/page/a.js");
    assert_true(slice_equal(reply->text, SLICE_LIT("z")));
    assert_string_equal(reply->tag, "\"0123456789abcdef0123456789abcdef-gzip\"");
    assert_string_equal(header_of(reply, "Content-Encoding"), "gzip");
}

static void
a_known_file_is_not_sent_again(void **state)
{
    struct asked *asked = *state;
    asked->request.none_match = SLICE_LIT("\"0123456789abcdef0123456789abcdef\"");
    const struct http_reply *reply = ask(asked, "/page/a.js");
    assert_int_equal(reply->code, HTTP_CODE_SAME);
    assert_int_equal(reply->text.len, 0);
    assert_non_null(header_of(reply, "Content-Security-Policy"));
    asked->request.accept_encoding = SLICE_LIT("gzip");
    assert_int_equal(ask(asked, "/page/a.js")->code, HTTP_CODE_OK);
}

static void
only_the_embedded_board_may_be_framed_by_others(void **state)
{
    struct asked *asked = *state;
    static const char *const paths[] = {"/", "/cascade/bsky:at://a/b", "/user/x:1",
                                        "/campaign/cup", "/page/index.html"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const struct http_reply *reply = ask(asked, paths[i]);
        assert_int_equal(reply->code, HTTP_CODE_OK);
        assert_string_equal(reply->type, "text/html");
        const char *policy = header_of(reply, "Content-Security-Policy");
        assert_non_null(strstr(policy, "frame-ancestors 'none'"));
        assert_null(strstr(policy, "unsafe"));
    }
    assert_int_equal(ask(asked, "/embed/board/posts/1h")->code, HTTP_CODE_UNKNOWN);
}

static void
a_page_contains_the_board_of_its_moment(void **state)
{
    struct asked *asked = *state;
    const struct http_reply *reply = ask(asked, "/");
    assert_true(slice_equal(reply->text, SLICE_LIT("<p>\n<ol>board</ol>\n</p>")));
    assert_string_equal(reply->tag, "\"fedcba9876543210fedcba9876543210-1\"");
    (void)ask(asked, "/");
    assert_int_equal(boards_written, 1);
    asked->request.none_match = SLICE_LIT("\"fedcba9876543210fedcba9876543210-1\"");
    assert_int_equal(ask(asked, "/")->code, HTTP_CODE_SAME);
    version = 2;
    assert_int_equal(ask(asked, "/")->code, HTTP_CODE_OK);
    assert_int_equal(boards_written, 2);
}

static void
the_page_with_its_board_is_compressed_too(void **state)
{
    struct asked *asked = *state;
    char text[TEXT_MAX];
    asked->request.accept_encoding = SLICE_LIT("gzip");
    const struct http_reply *reply = ask(asked, "/");
    z_stream stream = {.next_in = (const Bytef *)reply->text.ptr,
                       .avail_in = (uInt)reply->text.len,
                       .next_out = (Bytef *)text,
                       .avail_out = sizeof(text)};
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    inflateEnd(&stream);
    assert_true(slice_equal((struct slice){text, stream.total_out},
                            SLICE_LIT("<p>\n<ol>board</ol>\n</p>")));
}

static void
an_unknown_name_is_refused(void **state)
{
    struct asked *asked = *state;
    const char *const paths[] = {"/page/b.js", "/page/..%2findex.html", "/page/%00",
                                 "/page/a.js%00", "/page/A.JS"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        assert_int_equal(ask(asked, paths[i])->code, HTTP_CODE_UNKNOWN);
    }
}

static void
the_embedded_files_are_what_they_were(void **state)
{
    (void)state;
    size_t count = 0;
    for (const struct http_file *file = http_files_embedded; file->name != NULL;
         file++) {
        char text[1 << 16];
        z_stream stream = {.next_in = (const Bytef *)file->gzip.ptr,
                           .avail_in = (uInt)file->gzip.len,
                           .next_out = (Bytef *)text,
                           .avail_out = sizeof(text)};
        assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
        assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
        inflateEnd(&stream);
        assert_true(slice_equal((struct slice){text, stream.total_out}, file->plain));
        assert_int_equal(strlen(file->hash), 64);
        count++;
    }
    assert_true(count >= 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_compressed_for_those_who_accept_it),
        TEST(a_known_file_is_not_sent_again),
        TEST(only_the_embedded_board_may_be_framed_by_others),
        TEST(a_page_contains_the_board_of_its_moment),
        TEST(the_page_with_its_board_is_compressed_too),
        TEST(an_unknown_name_is_refused),
        TEST(the_embedded_files_are_what_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
