#include "pipeline/records/users.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { CAPACITY = 8, TEXTS = 1 << 20 };

struct fixture {
    struct handle_form form;
    struct slab *texts;
    struct users users;
};

static void
ignore(void *context, uint32_t user)
{
    (void)context;
    (void)user;
}

static int
setup(void **state)
{
    static struct fixture fixture;
    const struct hash_key key = {1, 2};
    fixture.texts = slab_create(TEXTS);
    *state = &fixture;
    handle_form_init(&fixture.form);
    const struct users_needs needs = {
        .texts = fixture.texts,
        .key = &key,
        .form = &fixture.form,
        .renamed = ignore,
    };
    return users_init(&fixture.users, CAPACITY, &needs) ? 0 : -1;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    users_fini(&f->users);
    handle_form_fini(&f->form);
    slab_destroy(&f->texts);
    return 0;
}

static struct slice
text_of(char c, size_t length)
{
    static char bytes[1 << 16];
    memset(bytes, c, sizeof(bytes));
    return (struct slice){bytes, length};
}

static void
assert_text(const struct fixture *f, uint32_t user, enum user_text which, char c,
            size_t length)
{
    struct slice text = users_text(&f->users, user, which);
    assert_int_equal(text.len, length);
    for (size_t i = 0; i < length; i++) {
        assert_int_equal(text.ptr[i], c);
    }
}

static void
texts_of_every_length_are_kept_and_change_no_others(void **state)
{
    static const size_t lengths[] = {1,   2,   126,  127,  128,  129,           255,
                                     256, 257, 1023, 1024, 4096, USER_TEXT_MAX, 0};
    struct fixture *f = *state;
    struct post_user profile = {.id = SLICE_LIT("x:1")};
    uint32_t user = users_see(&f->users, &profile, 0);
    size_t used = slab_used(f->texts);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
            users_set_text(&f->users, user, USER_HANDLE, text_of('h', lengths[i]));
            users_set_text(&f->users, user, USER_NAME, text_of('n', lengths[k]));
            assert_true(slice_equal(users_id(&f->users, user), SLICE_LIT("x:1")));
            assert_text(f, user, USER_HANDLE, 'h', lengths[i]);
            assert_text(f, user, USER_NAME, 'n', lengths[k]);
            assert_text(f, user, USER_STALE_HANDLE, ' ', 0);
        }
    }
    // The last lengths were 0: every piece between was given back.
    assert_int_equal(slab_used(f->texts), used);
}

static void
a_text_that_is_too_long_is_cut(void **state)
{
    struct fixture *f = *state;
    struct post_user profile = {.id = SLICE_LIT("x:1")};
    uint32_t user = users_see(&f->users, &profile, 0);
    users_set_text(&f->users, user, USER_NAME, text_of('n', USER_TEXT_MAX + 1));
    assert_text(f, user, USER_NAME, 'n', USER_TEXT_MAX);
}

// Handles of every length around a word of eight bytes.
static void
handles_compare_without_the_case_of_letters_of_ascii_only(void **state)
{
    struct fixture *f = *state;
    for (size_t length = 1; length <= 17; length++) {
        for (int c = 0; c < 256; c++) {
            char handle[17];
            char other[17];
            char expected[17];
            char form[HANDLE_FORM_MAX];
            memset(handle, 'A', sizeof(handle));
            memset(other, 'a', sizeof(other));
            memset(expected, 'a', sizeof(expected));
            size_t at = (size_t)c % length;
            handle[at] = other[at] = (char)c;
            expected[at] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
            struct slice shown = {handle, length};
            assert_int_equal(handle_form_put(&f->form, shown, form), length);
            assert_memory_equal(form, expected, length);
            assert_true(
                handle_form_same(&f->form, shown, (struct slice){other, length}));
        }
    }
}

static void
a_new_person_takes_the_handle_of_another_at_once(void **state)
{
    struct fixture *f = *state;
    struct slice handle = SLICE_LIT("LongHandle_1");
    struct post_user old = {.id = SLICE_LIT("x:1"), .handle = handle};
    struct post_user new = {.id = SLICE_LIT("x:2"), .handle = handle};
    uint32_t first = users_see(&f->users, &old, 0);
    assert_int_equal(users_holder(&f->users, SLICE_LIT("x"), SLICE_LIT("longhandle_1")),
                     first);
    f->users.rows[first].flags |= USER_HANDLE_SENT;
    uint32_t second = users_see(&f->users, &new, 0);
    assert_int_equal(users_holder(&f->users, SLICE_LIT("x"), SLICE_LIT("LONGHANDLE_1")),
                     second);
    assert_int_equal(f->users.rows[first].flags & USER_HOLDS, 0);
    // The receiver may have the key of the first.
    assert_true((f->users.rows[first].identity & USER_STALE) != 0);
    users_set_text(&f->users, first, USER_STALE_HANDLE, SLICE_NONE);
    assert_int_equal(f->users.rows[first].identity & USER_STALE, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            texts_of_every_length_are_kept_and_change_no_others, setup, teardown),
        cmocka_unit_test_setup_teardown(a_text_that_is_too_long_is_cut, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            handles_compare_without_the_case_of_letters_of_ascii_only, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_new_person_takes_the_handle_of_another_at_once, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
