// Texts of alerts that wait to be written.
#include "pipeline/alerts/alert_texts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/snapshot.h"

enum { COUNT_MAX = 1000 };

static struct slice
text_of(size_t number)
{
    static char text[64];
    return (struct slice){text, (size_t)snprintf(text, sizeof(text), "%0*zu",
                                                 (int)(1 + number % 9), number)};
}

static void
texts_leave_in_order_and_keep_their_places(void **state)
{
    (void)state;
    static uint64_t places[COUNT_MAX];
    struct alert_texts texts;
    alert_texts_init(&texts);
    size_t added = 0;
    size_t written = 0;
    for (size_t round = 0; round < 200; round++) {
        for (size_t i = 0; i < round % 7; i++, added++) {
            assert_true(alert_texts_add(&texts, text_of(added), &places[added]));
        }
        for (size_t i = written; i < added; i++) {
            struct slice wanted = text_of(i);
            assert_true(
                slice_equal(alert_texts_at(&texts, places[i], wanted.len), wanted));
        }
        written += (added - written) / 2;
        if (written < added) {
            alert_texts_drop(&texts, places[written]);
        }
        assert_true(texts.bytes.size <= 1000);
    }
    assert_true(added > written && written > 500);
    alert_texts_fini(&texts);
}

static void
there_is_room_up_to_a_size(void **state)
{
    (void)state;
    static char large[ALERT_TEXTS_BYTES];
    struct alert_texts texts;
    uint64_t place;
    alert_texts_init(&texts);
    assert_true(alert_texts_has_room(&texts));
    assert_true(alert_texts_add(&texts, SLICE_LIT("x"), &place));
    assert_true(alert_texts_has_room(&texts));
    assert_true(alert_texts_add(&texts, (struct slice){large, sizeof(large)}, &place));
    assert_false(alert_texts_has_room(&texts));
    alert_texts_drop(&texts, place + sizeof(large) - 1);
    assert_true(alert_texts_has_room(&texts));
    alert_texts_fini(&texts);
}

struct file {
    char bytes[256];
    size_t size;
    size_t read;
};

static bool
save(void *context, void *bytes, size_t size)
{
    struct file *file = context;
    memcpy(file->bytes + file->size, bytes, size);
    file->size += size;
    return true;
}

static bool
load(void *context, void *bytes, size_t size)
{
    struct file *file = context;
    memcpy(bytes, file->bytes + file->read, size);
    file->read += size;
    return true;
}

static void
a_snapshot_contains_what_is_needed(void **state)
{
    (void)state;
    struct file file = {.size = 0};
    struct snapshot saving = {.move = save, .context = &file};
    struct snapshot loading = {.move = load, .context = &file};
    struct alert_texts texts;
    struct alert_texts loaded;
    uint64_t place;
    alert_texts_init(&texts);
    alert_texts_init(&loaded);
    assert_true(alert_texts_add(&texts, SLICE_LIT("one"), &place));
    assert_true(alert_texts_add(&texts, SLICE_LIT("and two"), &place));
    alert_texts_drop(&texts, place);
    alert_texts_move(&texts, &saving);
    alert_texts_move(&loaded, &loading);
    assert_false(saving.is_failed || loading.is_failed);
    assert_int_equal(file.size, 16 + 7);
    assert_int_equal(file.read, file.size);
    assert_true(slice_equal(alert_texts_at(&loaded, place, 7), SLICE_LIT("and two")));
    assert_true(alert_texts_add(&loaded, SLICE_LIT("three"), &place));
    assert_true(slice_equal(alert_texts_at(&loaded, place, 5), SLICE_LIT("three")));
    alert_texts_fini(&loaded);
    alert_texts_fini(&texts);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_leave_in_order_and_keep_their_places),
        cmocka_unit_test(there_is_room_up_to_a_size),
        cmocka_unit_test(a_snapshot_contains_what_is_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
