#include "sinks/redis/redis_manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct redis_manifest good = {
    .format = "cascade2",
    .version = "1.0",
    .sha256 = "00ff",
    .first = 40,
    .chunks = 3,
    .bytes = 2 * (uint64_t)REDIS_CHUNK_BYTES + 1,
    .epoch = 7,
    .run = 1700000000,
    .number = 12,
    .from = 37,
    .until = 43,
};

static void
what_is_written_is_read_again(void **state)
{
    (void)state;
    struct redis_manifest read = {.chunks = 0};
    struct slice name;
    char value[REDIS_MANIFEST_TEXT];
    size_t count = 0;
    for (; redis_manifest_field(&good, count, &name, value); count++) {
        assert_true(redis_manifest_take(&read, name, slice_of(value)));
    }
    assert_int_equal(count, REDIS_MANIFEST_TEXTS + REDIS_MANIFEST_NUMBERS);
    assert_memory_equal(&read, &good, sizeof(read));
    assert_true(redis_manifest_is_whole(&read));
}

static void
a_manifest_whose_numbers_do_not_fit_is_not_whole(void **state)
{
    (void)state;
    struct redis_manifest manifest = good;
    manifest.bytes = 3 * (uint64_t)REDIS_CHUNK_BYTES + 1; // one chunk more
    assert_false(redis_manifest_is_whole(&manifest));
    manifest.bytes = 2 * (uint64_t)REDIS_CHUNK_BYTES; // one fewer
    assert_false(redis_manifest_is_whole(&manifest));
    manifest = good;
    manifest.until = 42;
    assert_false(redis_manifest_is_whole(&manifest));
    manifest = good;
    manifest.chunks = (UINT64_C(1) << 45) + 3; // times the size of one it wraps
    manifest.until = manifest.first + manifest.chunks;
    assert_false(redis_manifest_is_whole(&manifest));
    manifest.chunks = 0;
    assert_false(redis_manifest_is_whole(&manifest));
}

static void
values_that_cannot_be_are_refused(void **state)
{
    (void)state;
    struct redis_manifest manifest = good;
    char long_text[REDIS_MANIFEST_TEXT];
    memset(long_text, 'a', sizeof(long_text));
    const struct slice too_long = {long_text, sizeof(long_text)};
    assert_false(redis_manifest_take(&manifest, slice_of("bytes"), slice_of("-1")));
    assert_false(redis_manifest_take(&manifest, slice_of("bytes"), slice_of("")));
    assert_false(redis_manifest_take(&manifest, slice_of("sha256"), too_long));
    assert_true(redis_manifest_take(&manifest, slice_of("later"), slice_of("-1")));
}

static void
a_later_worker_is_newer_and_then_a_later_entry(void **state)
{
    (void)state;
    struct redis_manifest later = good;
    assert_false(redis_manifest_is_newer(&later, &good));
    later.number++;
    assert_true(redis_manifest_is_newer(&later, &good));
    later.run--;
    assert_false(redis_manifest_is_newer(&later, &good));
    later.epoch++;
    assert_true(redis_manifest_is_newer(&later, &good));
    assert_false(redis_manifest_is_newer(&good, &later));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(a_manifest_whose_numbers_do_not_fit_is_not_whole),
        cmocka_unit_test(values_that_cannot_be_are_refused),
        cmocka_unit_test(a_later_worker_is_newer_and_then_a_later_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
