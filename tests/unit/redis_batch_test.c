// Changes → the bytes of a transaction.
#include "sinks/redis/redis_batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sinks/redis/redis_change.h"
#include "sinks/redis/redis_cursors.h"
#include "sinks/redis/redis_sink.h"

static struct redis_keys keys;

static int
set_up(void **state)
{
    static struct redis_batch batch;
    redis_keys_init(&keys, "p:");
    redis_batch_init(&batch);
    redis_batch_begin(&batch);
    *state = &batch;
    return 0;
}

static int
tear_down(void **state)
{
    redis_batch_fini(*state);
    return 0;
}

static size_t
number_at(const char **at, char mark)
{
    assert_int_equal(**at, mark);
    char *end;
    size_t number = strtoul(*at + 1, &end, 10);
    assert_memory_equal(end, "\r\n", 2);
    *at = end + 2;
    return number;
}

// The commands as "WORD word word; …", read back from their form.
static const char *
commands_of(const struct redis_batch *batch)
{
    static char text[1 << 16];
    size_t used = 0;
    struct slice bytes = buffer_text(&batch->text);
    const char *at = bytes.ptr;
    while (at < bytes.ptr + bytes.len) {
        for (size_t words = number_at(&at, '*'); words > 0; words--) {
            size_t length = number_at(&at, '$');
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%.*s%s",
                                     (int)length, at, words > 1 ? " " : "; ");
            assert_memory_equal(at + length, "\r\n", 2);
            at += length + 2;
        }
    }
    text[used] = '\0';
    return text;
}

static void
a_transaction_watches_and_reads_the_epoch(void **state)
{
    struct redis_batch *batch = *state;
    redis_batch_set(batch, redis_keys_name(&keys, REDIS_KEY_OWNER, SLICE_NONE),
                    SLICE_LIT("me"));
    redis_batch_end(batch, &keys);
    assert_string_equal(commands_of(batch),
                        "MULTI; SET p:owner me; EXEC; WATCH p:epoch; GET p:epoch; ");
    assert_int_equal(batch->commands, 1);
}

static const struct change_field fields[] = {
    {{"posts:1h", 8}, {"5", 1}},
    {{"name", 4}, {NULL, 0}},
    {{"handle", 6}, {"", 0}},
};

static struct change
user(void)
{
    return (struct change){
        .kind = CHANGE_USER,
        .name = SLICE_LIT("x:1"),
        .ttl = 90 * USEC_PER_S,
        .fields = fields,
        .field_count = 3,
    };
}

static void
a_partial_user_sets_and_removes_fields(void **state)
{
    struct change change = user();
    redis_change_add(*state, &keys, &change);
    assert_string_equal(commands_of(*state),
                        "MULTI; HSET p:user:x:1 posts:1h 5 handle ; "
                        "HDEL p:user:x:1 name; ");
}

static void
a_whole_user_replaces_the_key_and_its_time_to_live(void **state)
{
    struct change change = user();
    change.is_whole = true;
    change.field_count = 1;
    redis_change_add(*state, &keys, &change);
    assert_string_equal(commands_of(*state),
                        "MULTI; UNLINK p:user:x:1; HSET p:user:x:1 "
                        "posts:1h 5; EXPIRE p:user:x:1 90; ");
}

static void
a_fresh_user_needs_no_removal(void **state)
{
    struct change change = user();
    change.is_whole = true;
    change.is_fresh = true;
    change.field_count = 1;
    change.ttl = 1;
    redis_change_add(*state, &keys, &change);
    assert_string_equal(commands_of(*state),
                        "MULTI; HSET p:user:x:1 posts:1h 5; EXPIRE p:user:x:1 1; ");
}

static void
a_removed_user_is_deleted_with_the_handle(void **state)
{
    struct change change = user();
    change.is_gone = true;
    change.field_count = 0;
    change.handle_gone = SLICE_LIT("x:ann");
    redis_change_add(*state, &keys, &change);
    assert_string_equal(commands_of(*state),
                        "MULTI; UNLINK p:user:x:1; UNLINK p:handle:x:ann; ");
}

static void
a_handle_moves(void **state)
{
    struct change change = user();
    change.field_count = 0;
    change.handle_gone = SLICE_LIT("x:ann");
    change.handle_set = SLICE_LIT("x:anna");
    redis_change_add(*state, &keys, &change);
    assert_string_equal(commands_of(*state),
                        "MULTI; UNLINK p:handle:x:ann; SET p:handle:x:anna x:1; ");
}

static void
a_board_removes_before_it_adds(void **state)
{
    const struct change_entry entries[] = {
        {SLICE_LIT("a"), 7}, {SLICE_LIT("b"), 0}, {SLICE_LIT("c"), UINT64_MAX}};
    struct change change = {
        .kind = CHANGE_BOARD,
        .name = SLICE_LIT("reach:1h"),
        .entries = entries,
        .entry_count = 3,
    };
    redis_change_add(*state, &keys, &change);
    assert_string_equal(commands_of(*state),
                        "MULTI; ZREM p:top:reach:1h b; "
                        "ZADD p:top:reach:1h 7 a 18446744073709551615 c; ");
    redis_batch_begin(*state);
    change.is_whole = true;
    change.entry_count = 1;
    redis_change_add(*state, &keys, &change);
    assert_string_equal(commands_of(*state),
                        "MULTI; UNLINK p:top:reach:1h; ZADD p:top:reach:1h 7 a; ");
}

static void
scores_in_units_are_written_as_decimals(void **state)
{
    const struct change_entry entries[] = {{SLICE_LIT("a"), 318420000001},
                                           {SLICE_LIT("b"), 2500000000},
                                           {SLICE_LIT("c"), 1},
                                           {SLICE_LIT("d"), 9000000000000000},
                                           {SLICE_LIT("e"), 0}};
    struct change change = {
        .kind = CHANGE_BOARD,
        .name = SLICE_LIT("carriers"),
        .entries = entries,
        .entry_count = 5,
        .unit = 1000000000,
    };
    redis_change_add(*state, &keys, &change);
    assert_string_equal(commands_of(*state),
                        "MULTI; ZREM p:top:carriers e; ZADD p:top:carriers "
                        "318.420000001 a 2.5 b 0.000000001 c 9000000 d; ");
}

static void
a_hash_without_a_time_to_live_does_not_expire(void **state)
{
    const struct change_field acts = {SLICE_LIT("acts"), SLICE_LIT("1.5")};
    const struct change change = {
        .kind = CHANGE_CARRIER,
        .name = SLICE_LIT("x:1"),
        .is_whole = true,
        .fields = &acts,
        .field_count = 1,
    };
    redis_change_add(*state, &keys, &change);
    assert_string_equal(commands_of(*state),
                        "MULTI; UNLINK p:carrier:x:1; HSET p:carrier:x:1 acts 1.5; ");
}

static void
a_long_board_is_written_in_chunks(void **state)
{
    enum { MEMBERS = 1201 };
    static char names[MEMBERS][8];
    static struct change_entry entries[MEMBERS];
    struct redis_batch *batch = *state;
    for (size_t i = 0; i < MEMBERS; i++) {
        int length = snprintf(names[i], sizeof(names[i]), "m%zu", i);
        entries[i] =
            (struct change_entry){{names[i], (size_t)length}, i % 2 == 0 ? i + 1 : 0};
    }
    const struct change change = {.kind = CHANGE_BOARD,
                                  .name = SLICE_LIT("b"),
                                  .entries = entries,
                                  .entry_count = MEMBERS};
    redis_change_add(batch, &keys, &change);
    assert_int_equal(batch->commands, 4);
    const char *text = commands_of(batch);
    assert_non_null(strstr(text, " m999; ZREM p:top:b m1001 "));
    assert_non_null(strstr(text, " 999 m998; ZADD p:top:b 1001 m1000 "));
    assert_non_null(strstr(text, " 1201 m1200; "));
}

static void
meta_contains_what_is_known(void **state)
{
    struct redis_change_meta meta = {
        .state = {.clock = 5 * USEC_PER_S,
                  .posts = 7,
                  .interactions = 9,
                  .users_from = 2,
                  .cascades_from = 3,
                  .is_complete = true},
        .version = "1.2",
        .now = 8 * USEC_PER_S + 999,
        .lag = USEC_NONE,
    };
    redis_change_add_meta(*state, &keys, &meta);
    assert_string_equal(
        commands_of(*state),
        "MULTI; HSET p:meta schema 1 version 1.2 clock_ms 5000 as_of_ms 8000 "
        "lag_ms 3000 posts 7 interactions 9 complete 1 users_from 2 cascades_from 3 "
        "http  control ; ");
    redis_batch_begin(*state);
    meta.state =
        (struct changes_meta){.clock = USEC_NONE, .users_from = 1, .cascades_from = 1};
    const char *const places[] = {"http://[::1]:1", "/run/c"};
    meta.places = places;
    redis_change_add_meta(*state, &keys, &meta);
    assert_string_equal(
        commands_of(*state),
        "MULTI; HSET p:meta schema 1 version 1.2 as_of_ms 8000 lag_ms 0 posts 0 "
        "interactions 0 complete 0 users_from 1 cascades_from 1 http http://[::1]:1 "
        "control /run/c; HDEL p:meta clock_ms; ");
}

static void
the_key_of_each_command_is_found_again(void **state)
{
    struct redis_batch *batch = *state;
    struct change change = user();
    change.name = SLICE_LIT("\r\n*1\0$");
    redis_change_add(batch, &keys, &change);
    redis_batch_unlink(batch, (struct redis_name){SLICE_LIT("k"), SLICE_NONE});
    redis_batch_end(batch, &keys);
    assert_int_equal(batch->commands, 3);
    assert_true(slice_equal(redis_batch_key(batch, 0), SLICE_LIT("p:user:\r\n*1\0$")));
    assert_true(slice_equal(redis_batch_key(batch, 1), SLICE_LIT("p:user:\r\n*1\0$")));
    assert_true(slice_equal(redis_batch_key(batch, 2), SLICE_LIT("k")));
}

static void
a_prefix_is_escaped_in_the_pattern(void **state)
{
    (void)state;
    struct redis_keys strange;
    redis_keys_init(&strange, "a*[b]?\\:");
    assert_string_equal(strange.pattern, "a\\*\\[b\\]\\?\\\\:*");
    struct slice tail = SLICE_NONE;
    assert_int_equal(
        redis_keys_owned(&strange, SLICE_LIT("a*[b]?\\:top:posts:1h"), &tail),
        REDIS_KEY_TOP);
    assert_true(slice_equal(tail, SLICE_LIT("posts:1h")));
    static const char *const others[] = {
        "a*[b]?\\:meta",           "a*[b]?\\:users:1",    "axb:user:1",
        "a*[b]?\\:user:",          "a*[b]?\\:top:posts",  "a*[b]?\\:top:posts:1",
        "a*[b]?\\:top:posts:1h:2", "a*[b]?\\:handle:ann", "a*[b]?\\:handle::ann"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_int_equal(redis_keys_owned(&strange, slice_of(others[i]), &tail),
                         REDIS_KEY_KINDS);
    }
}

static enum status
set(struct redis_cursors *cursors, struct slice name, struct redis_fields all)
{
    struct redis_cursor_key key = {&keys, REDIS_KEY_CURSOR, name};
    return redis_cursors_set(cursors, &key, all);
}

static void
a_lost_cursor_is_due_again_unless_there_is_a_newer_one(void **state)
{
    (void)state;
    struct redis_cursors cursors;
    struct change_field field = {SLICE_LIT("pos"), SLICE_LIT("1")};
    const struct redis_fields all = {&field, 1};
    redis_cursors_init(&cursors);
    assert_int_equal(set(&cursors, SLICE_LIT("s"), all), STATUS_OK);
    assert_true(redis_cursors_is_due(&cursors));
    redis_cursors_take(&cursors);
    assert_false(redis_cursors_is_due(&cursors));
    assert_string_equal(commands_of(&cursors.taken),
                        "UNLINK p:cursor:s; HSET p:cursor:s pos 1; ");
    redis_cursors_lost(&cursors);
    assert_true(redis_cursors_is_due(&cursors));
    redis_cursors_take(&cursors);
    field.value = SLICE_LIT("2");
    assert_int_equal(set(&cursors, SLICE_LIT("s"), all), STATUS_OK);
    assert_string_equal(commands_of(&cursors.taken),
                        "UNLINK p:cursor:s; HSET p:cursor:s pos 1; ");
    redis_cursors_written(&cursors);
    assert_true(redis_cursors_is_due(&cursors));
    redis_cursors_take(&cursors);
    assert_string_equal(commands_of(&cursors.taken),
                        "UNLINK p:cursor:s; HSET p:cursor:s pos 2; ");
    redis_cursors_written(&cursors);
    assert_false(redis_cursors_is_due(&cursors));
    redis_cursors_fini(&cursors);
}

static void
cursors_have_a_number_and_a_size(void **state)
{
    (void)state;
    static char large[REDIS_CURSOR_BYTES];
    struct redis_cursors cursors;
    struct change_field field = {SLICE_LIT("pos"), {large, sizeof(large) - 4}};
    const struct redis_fields all = {&field, 1};
    redis_cursors_init(&cursors);
    assert_int_equal(set(&cursors, SLICE_LIT("s"), all), STATUS_OK);
    field.value.len++;
    assert_int_equal(set(&cursors, SLICE_LIT("s"), all), STATUS_FULL);
    field.value.len = 1;
    for (int i = 1; i < REDIS_CURSORS_MAX; i++) {
        char name[16];
        snprintf(name, sizeof(name), "s%d", i);
        assert_int_equal(set(&cursors, slice_of(name), all), STATUS_OK);
    }
    assert_int_equal(set(&cursors, SLICE_LIT("more"), all), STATUS_FULL);
    assert_int_equal(set(&cursors, SLICE_LIT("s"), all), STATUS_OK);
    redis_cursors_fini(&cursors);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_transaction_watches_and_reads_the_epoch),
        TEST(a_partial_user_sets_and_removes_fields),
        TEST(a_whole_user_replaces_the_key_and_its_time_to_live),
        TEST(a_fresh_user_needs_no_removal),
        TEST(a_removed_user_is_deleted_with_the_handle),
        TEST(a_handle_moves),
        TEST(a_board_removes_before_it_adds),
        TEST(scores_in_units_are_written_as_decimals),
        TEST(a_hash_without_a_time_to_live_does_not_expire),
        TEST(a_long_board_is_written_in_chunks),
        TEST(meta_contains_what_is_known),
        TEST(the_key_of_each_command_is_found_again),
        TEST(a_prefix_is_escaped_in_the_pattern),
        TEST(a_lost_cursor_is_due_again_unless_there_is_a_newer_one),
        TEST(cursors_have_a_number_and_a_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
