#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "daemon/people_file.h"
#include "ingest/text/text.h"

static const struct hash_key key = {1, 2};
static char folder[64];
static char path[96];
static struct handle_form form;
static const struct account_needs needs = {&key, &form};
static struct known_people people;
static struct people_file_counts counts;
static char described[PEOPLE_FILE_TEXT_MAX];
static struct error error;

static int
begin_all(void **state)
{
    (void)state;
    const char *place = getenv("TMPDIR");
    snprintf(folder, sizeof(folder), "%s/people_file_test.XXXXXX",
             place != NULL && strlen(place) < 32 ? place : "/tmp");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(path, sizeof(path), "%s/customers.txt", folder);
    handle_form_init(&form);
    form.fold = text_fold;
    return 0;
}

static int
end_all(void **state)
{
    (void)state;
    handle_form_fini(&form);
    unlink(path);
    return rmdir(folder);
}

static int
begin(void **state)
{
    (void)state;
    known_people_init(&people);
    error = (struct error){0};
    return 0;
}

static int
end(void **state)
{
    (void)state;
    known_people_fini(&people);
    return 0;
}

static void
write_file(struct slice text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
}

// Reads the rest, three lines at a time, and takes the people.
static enum status
read_rest(struct people_file *file)
{
    char text[PEOPLE_FILE_TEXT_MAX];
    enum status status = STATUS_AGAIN;
    while (status == STATUS_AGAIN) {
        status = people_file_read(file, 3, &error);
    }
    counts = *people_file_counts(file);
    const char *line = people_file_describe(file, text);
    snprintf(described, sizeof(described), "%s",
             strstr(line, "customers.txt") != NULL ? strstr(line, "customers.txt")
                                                   : line);
    if (status == STATUS_OK) {
        known_people_swap(&people, people_file_people(file));
    }
    people_file_close(&file);
    return status;
}

static enum status
read_file(const char *place)
{
    struct people_file *file = NULL;
    known_people_fini(&people);
    error = (struct error){0};
    enum status status = people_file_open(place, needs, &file, &error);
    return status == STATUS_OK ? read_rest(file) : status;
}

static enum status
read_bytes(struct slice text)
{
    write_file(text);
    return read_file(path);
}

static void
read_text(const char *text)
{
    assert_int_equal(read_bytes(slice_of(text)), STATUS_OK);
}

static bool
has(const char *account)
{
    return known_people_has(&people, account_hash(needs, slice_of(account)));
}

static void
expect(uint64_t lines, uint64_t entries, uint64_t faults, uint64_t first_fault)
{
    assert_int_equal(counts.lines, lines);
    assert_int_equal(counts.entries, entries);
    assert_int_equal(counts.faults, faults);
    assert_int_equal(counts.first_fault, first_fault);
}

// ── what is understood ─────────────────────────────────────────────────────

static void
a_line_names_an_id_or_a_handle(void **state)
{
    (void)state;
    read_text("# customers\n"
              "x:783214\n"
              "@Ann\n"
              "\n"
              "bsky:@ann.example # of the shop\n"
              "bsky:did:plc:abc\n"
              "masto:https://tea.example/@joe#me\n"
              "  @ola@tea.example\t\n"
              "@\xc3\x84rger");
    expect(9, 7, 0, 0);
    assert_int_equal(people.count, 7);
    assert_int_equal(counts.without_network, 0);
    assert_true(has("x:783214"));
    assert_true(has("@ann"));
    assert_true(has("bsky:@ann.example"));
    assert_true(has("bsky:did:plc:abc"));
    assert_true(has("masto:https://tea.example/@joe#me"));
    assert_true(has("@OLA@tea.example"));
    assert_true(has("@\xc3\xa4rger"));
    assert_false(has("x:@ann"));
    assert_false(has("X:783214"));
}

static void
an_export_with_columns_names_them_in_its_first(void **state)
{
    (void)state;
    read_text("\xef\xbb\xbf\"Handle, as given\";Name\r\n"
              "\"@ann\";\"Ann \"\"the\r\nquick\"\" Miller\";\"a;b\"\r\n"
              "'@bob;x:1\r\n"
              "\"x:2\"\r\n"
              "x:3\tthree\r\n"
              "\"x:4\",\"never closed\r\n"
              "@ann,again\r\n"
              ",without\r\n"
              "\"\"\r\n");
    expect(10, 6, 0, 0);
    assert_int_equal(people.count, 5);
    assert_true(has("@ann"));
    assert_true(has("@bob"));
    assert_true(has("x:2"));
    assert_true(has("x:3"));
    assert_true(has("x:4"));
    assert_false(has("x:1"));
}

static void
a_line_that_names_no_one_is_counted_and_the_first_is_known(void **state)
{
    (void)state;
    read_text("user name\n"
              "@ann\n"
              "Ann Miller\n"
              "ann@mail.example\n"
              "@\n"
              "x:\n"
              ":7\n"
              ":@ann\n"
              "\"@bob\" and more\n"
              "\"@joe\n"
              "@a\x01\n"
              "@a\xff\n"
              "@eve\n");
    expect(13, 2, 10, 3);
    assert_string_equal(
        described,
        "customers.txt: 2 people; 10 of 13 lines not understood, the first is line 3: "
        "neither "
        "an id with its network, such as x:783214, nor a handle such as @ann");
    assert_true(has("@ann"));
    assert_true(has("@eve"));
}

static void
a_word_without_network_is_the_id_of_a_native_post(void **state)
{
    (void)state;
    read_text("user_id\nu7\n783214,Ann\n");
    expect(3, 3, 0, 0);
    assert_true(has("u7"));
    assert_string_equal(
        described, "customers.txt: 3 people; 2 without a network or @, taken as ids of "
                   "native posts");
}

static void
an_empty_file_names_no_one(void **state)
{
    (void)state;
    const char *const texts[] = {"",   "\n", "\xef\xbb\xbf", "\r\n\r\n", "# none",
                                 "\"", "@"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        read_text(texts[i]);
        assert_int_equal(people.count, 0);
        assert_int_equal(counts.faults, 0);
    }
}

// ── limits ─────────────────────────────────────────────────────────────────

static void
a_long_line_is_used_up_to_its_limit(void **state)
{
    (void)state;
    struct buffer text;
    buffer_init(&text, 1 << 22);
    for (int i = 0; i < 3; i++) {
        buffer_append(&text, i == 1 ? SLICE_LIT("\"@ann\",\"") : SLICE_LIT("@bob,"));
        memset(buffer_extend(&text, 200000), i == 2 ? '"' : 'a', 200000);
        buffer_append(&text, i == 1 ? SLICE_LIT("\"\n") : SLICE_LIT("\n"));
    }
    memset(buffer_extend(&text, 300000), '@', 300000);
    buffer_append(&text, SLICE_LIT("\n@eve"));
    assert_int_equal(read_bytes(buffer_text(&text)), STATUS_OK);
    expect(5, 4, 1, 4);
    assert_true(has("@ann"));
    assert_true(has("@bob"));
    assert_true(has("@eve"));
    buffer_fini(&text);
}

static void
more_people_than_the_limit_are_refused(void **state)
{
    (void)state;
    write_file(SLICE_LIT("x:1\nx:1\n@ann\n"));
    struct people_file *file = NULL;
    assert_int_equal(people_file_open(path, needs, &file, &error), STATUS_OK);
    for (uint64_t i = 2; i <= KNOWN_PEOPLE_MAX; i++) {
        assert_int_equal(known_people_add(people_file_people(file),
                                          i * UINT64_C(0x9e3779b97f4a7c15)),
                         STATUS_OK);
    }
    assert_int_equal(read_rest(file), STATUS_FULL);
    assert_non_null(strstr(error.text, "customers.txt: more than 2000000 people"));
    assert_int_equal(people.count, 0);
    assert_false(has("x:1"));
}

static void
what_is_no_list_is_refused_by_name(void **state)
{
    (void)state;
    assert_int_equal(read_file("/nowhere/a"), STATUS_IO);
    assert_string_equal(error.text,
                        "cannot read /nowhere/a: No such file or directory");
    error = (struct error){0};
    assert_int_equal(read_file(folder), STATUS_IO);
    assert_non_null(strstr(error.text, ": it is not a regular file"));
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    error = (struct error){0};
    assert_int_equal(read_file(path), STATUS_IO);
    assert_non_null(strstr(error.text, ": it is not a regular file"));
    unlink(path);
    assert_int_equal(read_bytes((struct slice){"\xff\xfe@\0a\0n\0n\0", 10}), STATUS_OK);
    assert_int_equal(people.count, 0);
    struct slice zip = {"PK\3\4", 600};
    char bytes[600] = "";
    memcpy(bytes, zip.ptr, 4);
    assert_int_equal(read_bytes((struct slice){bytes, sizeof(bytes)}), STATUS_PARSE);
}

// ── chance ─────────────────────────────────────────────────────────────────

static uint64_t dice = 20261130;

static uint32_t
roll(uint32_t sides)
{
    dice = dice * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)((dice >> 33) % sides);
}

static void
add_row(struct buffer *text, uint32_t number, uint64_t *lines)
{
    static const struct {
        const char *before;
        const char *after;
        uint64_t breaks;
    } shapes[] = {
        {"x:", "", 0},        {"@u", "", 0},          {" x:", "  # known", 0},
        {"\"x:", "\"", 0},    {"\"@u", "\",a,b", 0},  {"x:", ";\"a\"\"\nb\"", 1},
        {"'@u", ",\",\"", 0}, {"x:", "\t\"a\" b", 0}, {"  \"x:", "\";\"\n\n\"", 2},
    };
    uint32_t shape = roll(sizeof(shapes) / sizeof(shapes[0]));
    buffer_append(text, slice_of(shapes[shape].before));
    buffer_append_u64(text, number);
    buffer_append(text, slice_of(shapes[shape].after));
    buffer_append(text, roll(2) != 0 ? SLICE_LIT("\n") : SLICE_LIT("\r\n"));
    *lines += 1 + shapes[shape].breaks;
}

static void
every_person_of_a_random_file_is_found_and_every_fault(void **state)
{
    (void)state;
    static const char *const junk[] = {"a b\n", "\"a\" b\n", "a@b\n", "\xff\n",
                                       "\x7f\n"};
    struct buffer text;
    buffer_init(&text, 1 << 24);
    uint64_t lines = 1;
    uint64_t faults = 0;
    uint64_t first = 0;
    buffer_append(&text, SLICE_LIT("id\n"));
    for (uint32_t i = 0; i < 50000; i++) {
        add_row(&text, i, &lines);
        if (roll(10) == 0) {
            buffer_append(&text, slice_of(junk[roll(5)]));
            lines++;
            faults++;
            first = first != 0 ? first : lines;
        }
    }
    assert_int_equal(read_bytes(buffer_text(&text)), STATUS_OK);
    expect(lines, 50001, faults, first);
    assert_int_equal(people.count, 50001);
    for (uint32_t i = 0; i < 50000; i++) {
        char id[16];
        char handle[16];
        snprintf(id, sizeof(id), "x:%u", i);
        snprintf(handle, sizeof(handle), "@U%u", i);
        assert_int_equal(has(id) + has(handle), 1);
    }
    buffer_fini(&text);
}

static void
any_bytes_are_read_line_by_line(void **state)
{
    (void)state;
    static const char bytes[] = "\"\"\"\n\n\r,;\t@:x#' \xef\xbb\xbf\xff\x00";
    for (int round = 0; round < 300; round++) {
        struct buffer text;
        buffer_init(&text, 1 << 20);
        uint64_t lines = 0;
        uint32_t size = roll(round % 50 == 0 ? 400000 : 300);
        for (uint32_t i = 0; i < size; i++) {
            char byte = round % 2 != 0 ? bytes[roll(sizeof(bytes))] : (char)roll(256);
            buffer_append_byte(&text, byte);
            lines += byte == '\n';
        }
        lines += size != 0 && text.bytes[size - 1] != '\n';
        enum status status = read_bytes(buffer_text(&text));
        if (status == STATUS_OK) {
            assert_int_equal(counts.lines, lines);
            assert_true(counts.entries + counts.faults <= lines);
            assert_true((counts.first_fault != 0) == (counts.faults != 0));
        }
        buffer_fini(&text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_names_an_id_or_a_handle, begin, end),
        cmocka_unit_test_setup_teardown(an_export_with_columns_names_them_in_its_first,
                                        begin, end),
        cmocka_unit_test_setup_teardown(
            a_line_that_names_no_one_is_counted_and_the_first_is_known, begin, end),
        cmocka_unit_test_setup_teardown(
            a_word_without_network_is_the_id_of_a_native_post, begin, end),
        cmocka_unit_test_setup_teardown(an_empty_file_names_no_one, begin, end),
        cmocka_unit_test_setup_teardown(a_long_line_is_used_up_to_its_limit, begin,
                                        end),
        cmocka_unit_test_setup_teardown(more_people_than_the_limit_are_refused, begin,
                                        end),
        cmocka_unit_test_setup_teardown(what_is_no_list_is_refused_by_name, begin, end),
        cmocka_unit_test_setup_teardown(
            every_person_of_a_random_file_is_found_and_every_fault, begin, end),
        cmocka_unit_test_setup_teardown(any_bytes_are_read_line_by_line, begin, end),
    };
    return cmocka_run_group_tests(tests, begin_all, end_all);
}
