#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

// CPython 3.11 hashes bytes with SipHash-1-3; PYTHONHASHSEED=0 makes the key 0.
static void
hash_agrees_with_cpython_under_the_zero_key(void **state)
{
    (void)state;
    struct hash_key key = {0, 0};
    assert_int_equal(hash_slice(&key, SLICE_LIT("a")), 0x407448d2b89b1813);
    assert_int_equal(hash_slice(&key, SLICE_LIT("abcdefg")), 0x6db12aae9070f506);
    assert_int_equal(hash_slice(&key, SLICE_LIT("abcdefgh")), 0x3f7b849c0b8e35ea);
    assert_int_equal(hash_slice(&key, SLICE_LIT("abcdefghijklmno")),
                     0x1fd27a29b0e9dc7a);
}

// Key and message bytes count up from 0, as in the paper's test vector for SipHash-2-4.
static void
hash_agrees_with_a_second_implementation_at_every_tail_length(void **state)
{
    (void)state;
    struct hash_key key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    static const struct {
        size_t len;
        uint64_t hash;
    } vectors[] = {
        {0, 0xabac0158050fc4dc},  {1, 0xc9f49bf37d57ca93},  {3, 0x8bf80ab8e7ddf7fb},
        {7, 0xd3927d989bb11140},  {8, 0x369095118d299a8e},  {9, 0x25a48eb36c063de4},
        {15, 0xd320d86d2a519956}, {16, 0xcc4fdd1a7d908b66}, {63, 0x9d199062b7bbb3a8},
    };
    char bytes[63];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (char)i;
    }
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct slice message = {bytes, vectors[i].len};
        assert_int_equal(hash_slice(&key, message), vectors[i].hash);
    }
}

// Lengths 0 to 299 in one number: each hash turned left by its length mod 64, then
// xored.
static void
hash_of_bytes_above_127_agrees_as_well(void **state)
{
    (void)state;
    struct hash_key key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    char bytes[300];
    uint64_t fold = 0;
    for (size_t len = 0; len < sizeof(bytes); len++) {
        uint64_t hash = hash_slice(&key, (struct slice){bytes, len});
        unsigned turn = (unsigned)(len % 64);
        fold ^= turn != 0 ? hash << turn | hash >> (64 - turn) : hash;
        bytes[len] = (char)(len * 7 & 255);
    }
    assert_int_equal(fold, 0x0cac56c86eb85ff3);
}

static void
hash_does_not_depend_on_where_the_bytes_lie(void **state)
{
    (void)state;
    struct hash_key key = {1, 2};
    char room[32];
    struct slice text = SLICE_LIT("x:783214,plus");
    uint64_t expected = hash_slice(&key, text);
    for (size_t at = 0; at < 8; at++) {
        memcpy(room + at, text.ptr, text.len);
        assert_int_equal(hash_slice(&key, (struct slice){room + at, text.len}),
                         expected);
    }
}

static void
hash_of_nothing_is_the_hash_of_the_empty_text(void **state)
{
    (void)state;
    struct hash_key key = {3, 4};
    assert_int_equal(hash_slice(&key, SLICE_NONE), hash_slice(&key, SLICE_LIT("")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_agrees_with_cpython_under_the_zero_key),
        cmocka_unit_test(hash_agrees_with_a_second_implementation_at_every_tail_length),
        cmocka_unit_test(hash_of_bytes_above_127_agrees_as_well),
        cmocka_unit_test(hash_does_not_depend_on_where_the_bytes_lie),
        cmocka_unit_test(hash_of_nothing_is_the_hash_of_the_empty_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
