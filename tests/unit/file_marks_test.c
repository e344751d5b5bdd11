#include "daemon/file_marks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { SIZE = 20000 };

static char bytes[SIZE];

static FILE *
made_file(size_t size)
{
    for (size_t i = 0; i < SIZE; i++) {
        bytes[i] = (char)('a' + i % 7);
    }
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(pwrite(fileno(file), bytes, size, 0), size);
    return file;
}

static struct file_mark
seen(FILE *file, uint64_t end)
{
    struct file_mark mark = file_mark_of(fileno(file), FILE_MARKS_HEAD);
    mark.place = (struct lines_place){end, 3, LINES_PLAIN};
    file_mark_see(&mark, fileno(file), end);
    return mark;
}

static void
change(FILE *file, off_t at)
{
    assert_int_equal(pwrite(fileno(file), "X", 1, at), 1);
}

static void
a_file_is_known_by_its_head_and_by_what_was_read_last(void **state)
{
    (void)state;
    FILE *file = made_file(SIZE);
    struct file_mark mark = seen(file, SIZE - 100);
    assert_true(file_mark_fits(&mark, fileno(file)));
    change(file, SIZE - 100); // behind what was read
    assert_true(file_mark_fits(&mark, fileno(file)));
    change(file, SIZE - 101);
    assert_false(file_mark_fits(&mark, fileno(file)));
    mark = seen(file, SIZE - 100);
    change(file, SIZE - 100 - FILE_MARKS_TAIL);
    assert_false(file_mark_fits(&mark, fileno(file)));
    mark = seen(file, SIZE - 100);
    change(file, FILE_MARKS_HEAD - 1);
    assert_false(file_mark_fits(&mark, fileno(file)));
    fclose(file);
}

static void
a_file_that_ends_before_what_was_read_is_another_one(void **state)
{
    (void)state;
    FILE *file = made_file(SIZE);
    struct file_mark mark = seen(file, SIZE);
    assert_int_equal(ftruncate(fileno(file), SIZE - 1), 0);
    assert_false(file_mark_fits(&mark, fileno(file)));
    // Also if it was cut off while it was read, and has grown since.
    mark = seen(file, SIZE);
    assert_int_equal(pwrite(fileno(file), "X", 1, SIZE - 1), 1);
    assert_false(file_mark_fits(&mark, fileno(file)));
    fclose(file);
}

static void
assert_same(const struct file_mark *one, const struct file_mark *other)
{
    char texts[2][FILE_MARKS_TEXT + 1];
    file_mark_write(one, texts[0]);
    file_mark_write(other, texts[1]);
    assert_string_equal(texts[0], texts[1]);
    assert_int_equal(one->tail, other->tail);
    assert_int_equal(one->tail_end, other->tail_end);
}

static void
marks_are_read_as_written_and_as_older_versions_wrote_them(void **state)
{
    (void)state;
    char text[2 * FILE_MARKS_TEXT + 1];
    FILE *file = made_file(SIZE);
    struct file_mark mark = seen(file, SIZE);
    struct file_mark most = {.hash = UINT64_MAX,
                             .head_len = FILE_MARKS_HEAD,
                             .place = {UINT64_MAX, UINT64_MAX, LINES_ARRAY},
                             .tail = UINT64_MAX,
                             .tail_end = UINT64_MAX};
    struct file_mark read;
    size_t len = file_mark_write(&most, text);
    assert_true(len <= FILE_MARKS_TEXT);
    file_mark_write(&mark, text + len);
    const char *rest = file_mark_read(text, &read);
    assert_same(&read, &most);
    assert_non_null(rest);
    rest = file_mark_read(rest, &read);
    assert_same(&read, &mark);
    assert_null(file_mark_read(rest, &read));

    snprintf(text, sizeof(text), "%llx 400 4e20 3 1\n%llx 400 64 1 2\n",
             (unsigned long long)mark.hash, (unsigned long long)mark.hash);
    rest = file_mark_read(text, &read);
    assert_int_equal(read.place.offset, SIZE);
    assert_int_equal(read.tail, 0);
    assert_true(file_mark_fits(&read, fileno(file)));
    change(file, SIZE - 1); // which they do not notice
    assert_true(file_mark_fits(&read, fileno(file)));
    assert_non_null(file_mark_read(rest, &read));
    assert_int_equal(read.place.form, LINES_ARRAY);
    fclose(file);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_known_by_its_head_and_by_what_was_read_last),
        cmocka_unit_test(a_file_that_ends_before_what_was_read_is_another_one),
        cmocka_unit_test(marks_are_read_as_written_and_as_older_versions_wrote_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
