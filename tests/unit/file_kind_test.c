#include "ingest/frames/file_kind.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct row {
    struct slice head;
    const char *name;
    const char *advice; // a part of it
};

static void
check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct file_kind kind = file_kind_guess(rows[i].head);
        assert_string_equal(kind.name, rows[i].name);
        if (strstr(kind.advice, rows[i].advice) == NULL) {
            fail_msg("%s: \"%s\"", kind.name, kind.advice);
        }
    }
}

#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void
other_encodings_are_named_with_the_command_that_converts_them(void **state)
{
    (void)state;
    const struct row rows[] = {
        {SLICE_LIT("\xff\xfe{\0\"\0a\0"), "UTF-16", "iconv -f UTF-16 -t UTF-8"},
        {SLICE_LIT("\xfe\xff\0{\0\"\0a"), "UTF-16", "iconv -f UTF-16 -t UTF-8"},
        {SLICE_LIT("{\0\"\0a\0\"\0:\0001\0}\0\n\0"), "UTF-16", "-f UTF-16LE"},
        {SLICE_LIT("\0{\0\"\0a\0\"\0:\0001\0}\0\n"), "UTF-16", "-f UTF-16BE"},
        {SLICE_LIT("\xff\xfe\0\0{\0\0\0"), "UTF-32", "-f UTF-32"},
        {SLICE_LIT("{\"text\":\"caf\xe9 au lait\"}\n"),
         "text in another encoding than UTF-8", "iconv -f WINDOWS-1252"},
        {SLICE_LIT("{\"text\":\"caf\xc3\xa9\xf0\x9f\x98"),
         "JSON, but not posts of a known format", "formats"},
    };
    CHECK(rows);
}

static void
archives_and_databases_are_named(void **state)
{
    (void)state;
    char tar[512] = "posts.ndjson";
    memcpy(tar + 257, "ustar", 5);
    const struct row rows[] = {
        {{tar, sizeof(tar)}, "a tar archive", "tar -xOf"},
        {SLICE_LIT("PK\x03\x04\x14\0"), "a zip archive", "unzip -p"},
        {SLICE_LIT("7z\xbc\xaf\x27\x1c\0\4"), "a 7z archive", "unpack"},
        {SLICE_LIT("\x1f\x8b\x08\0\0"), "a file that was compressed twice", "zcat"},
        {SLICE_LIT("\x04\x22\x4d\x18\x64"), "lz4", "lz4 -dc"},
        {SLICE_LIT("SQLite format 3\0\x10"), "an SQLite database",
         "JSON object per line"},
        {SLICE_LIT("PAR1\x15\0"), "Parquet", "JSON object per line"},
        {SLICE_LIT("\x7f"
                   "ELF\2\1\1\0\0"),
         "binary data", "formats"},
        {SLICE_LIT("\x01\x02\x03\x04\x05"), "binary data", "formats"},
    };
    CHECK(rows);
}

static void
archives_and_databases_are_recognized_before_anything_is_read(void **state)
{
    (void)state;
    char tar[512] = "posts.ndjson";
    char old_tar[512] = "a";
    memcpy(tar + 257, "ustar", 5);
    memcpy(old_tar + 148, "000541\0 ", 8); // 'a' and eight spaces
    const struct slice containers[] = {
        {tar, sizeof(tar)},
        {old_tar, sizeof(old_tar)},
        SLICE_LIT("PK\x03\x04\x14\0"),
        SLICE_LIT("070701000"),
        SLICE_LIT("\xc7\x71\x00"),
        SLICE_LIT("!<arch>\n"),
        SLICE_LIT("SQLite format 3\0\x10"),
        SLICE_LIT("Obj\x01\4"),
        SLICE_LIT("WARC/1.0\r\n"),
        SLICE_LIT("From ann@example.org Mon Mar  2 09:00:00 2026\n"),
    };
    const struct slice others[] = {
        {tar, 256},
        SLICE_LIT("{\"id\":1}\n"),
        SLICE_LIT("[{\"id\":1}]\n"),
        SLICE_LIT("id,time,text\n"),
        SLICE_LIT("data: {}\n"),
        SLICE_LIT("\xff\xfe{\0"),
        SLICE_LIT(""),
    };
    struct file_kind kind;
    for (size_t i = 0; i < sizeof(containers) / sizeof(containers[0]); i++) {
        assert_true(file_kind_is_container(containers[i], &kind));
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_false(file_kind_is_container(others[i], &kind));
    }
    old_tar[0] = 'b';
    assert_false(file_kind_is_container(containers[1], &kind));
}

static void
json_in_another_layout_is_named(void **state)
{
    (void)state;
    const struct row rows[] = {
        {SLICE_LIT("{\n  \"id\": 1,\n"), "pretty-printed JSON", "jq -c ."},
        {SLICE_LIT("\xef\xbb\xbf\n{\r\n\t\"id\": 1,\r\n"), "pretty-printed JSON",
         "jq -c ."},
        {SLICE_LIT("{\"id\": 1,\n \"text\": 2}\n"), "pretty-printed JSON", "jq -c ."},
        {SLICE_LIT("window.YTD.tweets.part0 = [\n  {\n"),
         "the archive of an X account (window.YTD...)", "no author"},
        {SLICE_LIT("var posts = [{\"a\":1}]"), "JavaScript", "first bracket"},
        {SLICE_LIT("{\"a\":1},\n{\"a\":2},\n"), "a JSON array without its brackets",
         "sed"},
        {SLICE_LIT("{\"a\":1}\n{\"a\":2}\n"), "JSON, but not posts of a known format",
         "--describe formats"},
        {SLICE_LIT("{\"a\":1}{\"a\":2}\n"),
         "JSON objects without line ends between them", "jq -c ."},
        {SLICE_LIT("{\"a\":\"} {\",\"b\":{}} {\"a\":2,"),
         "JSON objects without line ends between them", "jq -c ."},
        {SLICE_LIT("{\"a\":\"}{\"}\n"), "JSON, but not posts of a known format",
         "--describe formats"},
        {SLICE_LIT("{\"a\":1}\r{\"a\":2}\r"), "lines that end in CR alone",
         "tr '\\r' '\\n'"},
        {SLICE_LIT("\x1e{\"a\":1,\"b\":2,\"c\":3}\n"),
         "a JSON text sequence (RFC 7464)", "tr -d"},
        {SLICE_LIT("[1,2]\n"), "JSON, but not posts of a known format", "formats"},
    };
    CHECK(rows);
}

static void
text_that_is_no_json_is_named(void **state)
{
    (void)state;
    const struct row rows[] = {
        {SLICE_LIT("id,time,author\n1,2,3\n"), "CSV", "JSON object per line"},
        {SLICE_LIT("id\ttime\tauthor\n"), "CSV", "JSON object per line"},
        {SLICE_LIT("data: {\"a\":1,\"b\":2,\"c\":3}\ndata: {}\n"),
         "server-sent events without blank lines between them", "sed"},
        {SLICE_LIT("<!DOCTYPE html>\n<html>"), "HTML", "fetch it again"},
        {SLICE_LIT("<?xml version=\"1.0\"?>"), "XML", "formats"},
        {SLICE_LIT("hello\n"), "text", "formats"},
        {SLICE_LIT(""), "text", "formats"},
    };
    CHECK(rows);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_encodings_are_named_with_the_command_that_converts_them),
        cmocka_unit_test(archives_and_databases_are_named),
        cmocka_unit_test(archives_and_databases_are_recognized_before_anything_is_read),
        cmocka_unit_test(json_in_another_layout_is_named),
        cmocka_unit_test(text_that_is_no_json_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
