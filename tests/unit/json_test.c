#include "ingest/json/json.h"

#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CAPACITY = 4096, LIST_MAX = 3 };

struct part {
    struct slice text;
    const struct part *part;
    struct slice vital;
};

struct whole {
    struct slice text;
    struct slice id;
    struct json_count count;
    struct json_scalar scalar;
    bool flag;
    bool present;
    const struct part *part;
    struct json_list parts;
    struct json_list bare;
    struct json_list texts;
    struct json_later later;
    struct slice a_key_of_more_than_16;
    struct slice vital;
    const struct part *vital_part;
    struct json_list vital_parts;
    struct slice once;
    struct json_list apart;
    bool present_apart;
    const struct whole *container;
};

static const struct json_table part_table;

static const struct json_field part_fields[] = {
    {"text", JSON_TEXT, offsetof(struct part, text), NULL, 0},
    {"part", JSON_STRUCT, offsetof(struct part, part), &part_table, 0},
    {"vital", JSON_TEXT | JSON_VITAL, offsetof(struct part, vital), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table part_table = {part_fields, sizeof(struct part)};

static const struct json_table container_table;

static const struct json_field whole_fields[] = {
    {"text", JSON_TEXT, offsetof(struct whole, text), NULL, 0},
    {"id", JSON_ID, offsetof(struct whole, id), NULL, 0},
    {"count", JSON_COUNT, offsetof(struct whole, count), NULL, 0},
    {"scalar", JSON_SCALAR, offsetof(struct whole, scalar), NULL, 0},
    {"flag", JSON_BOOL, offsetof(struct whole, flag), NULL, 0},
    {"present", JSON_PRESENT, offsetof(struct whole, present), NULL, 0},
    {"part", JSON_STRUCT, offsetof(struct whole, part), &part_table, 0},
    {"parts", JSON_STRUCTS, offsetof(struct whole, parts), &part_table, LIST_MAX},
    {"bare", JSON_ONE_OR_MORE, offsetof(struct whole, bare), &part_table, LIST_MAX},
    {"texts", JSON_TEXTS, offsetof(struct whole, texts), NULL, LIST_MAX},
    {"later", JSON_LATER, offsetof(struct whole, later), &part_table, 0},
    {"a_key_of_more_than_16", JSON_TEXT, offsetof(struct whole, a_key_of_more_than_16),
     NULL, 0},
    {"vital", JSON_TEXT | JSON_VITAL, offsetof(struct whole, vital), NULL, 0},
    {"vital_part", JSON_STRUCT | JSON_VITAL, offsetof(struct whole, vital_part),
     &part_table, 0},
    {"vital_parts", JSON_STRUCTS | JSON_VITAL, offsetof(struct whole, vital_parts),
     &part_table, LIST_MAX},
    {"once", JSON_TEXT | JSON_ONCE, offsetof(struct whole, once), NULL, 0},
    {"apart", JSON_ONE_OR_MORE | JSON_APART, offsetof(struct whole, apart), &part_table,
     LIST_MAX},
    {"present_apart", JSON_PRESENT | JSON_APART, offsetof(struct whole, present_apart),
     NULL, 0},
    {"container", JSON_STRUCT, offsetof(struct whole, container), &container_table, 0},
    JSON_FIELD_END,
};
static const struct json_field container_fields[] = {
    {"text", JSON_TEXT, offsetof(struct whole, text), NULL, 0},
    JSON_FIELD_END_APART,
};
static const struct json_table container_table = {container_fields,
                                                  sizeof(struct whole)};
static const struct json_table whole_table = {whole_fields, sizeof(struct whole)};

struct fixture {
    struct json *json;
    struct arena arena;
    char *message; // exactly as long as the contract asks for
    struct whole whole;
};

static int
set_up(void **state)
{
    static const struct json_table *const tables[] = {&whole_table};
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->json = json_create(tables, 1, CAPACITY);
    assert_non_null(f->json);
    arena_init(&f->arena, 1 << 16);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;
    json_destroy(&f->json);
    assert_null(f->json);
    json_destroy(&f->json);
    arena_fini(&f->arena);
    free(f->message);
    free(f);
    return 0;
}

// Opens a copy with nothing but the padding behind it.
static enum json_error
open_bytes(struct fixture *f, const char *bytes, size_t len)
{
    free(f->message);
    f->message = malloc(len + JSON_PADDING);
    assert_non_null(f->message);
    memcpy(f->message, bytes, len);
    memset(f->message + len, '"', JSON_PADDING);
    arena_reset(&f->arena);
    return json_open(f->json, (struct slice){f->message, len});
}

static enum json_error
read_text(struct fixture *f, const char *text)
{
    enum json_error error = open_bytes(f, text, strlen(text));
    memset(&f->whole, 0xee, sizeof(f->whole));
    return error != JSON_OK ? error
                            : json_read(f->json, &whole_table, &f->whole, &f->arena);
}

static void
assert_slice(struct slice got, const char *want)
{
    assert_non_null(got.ptr);
    assert_int_equal(got.len, strlen(want));
    assert_memory_equal(got.ptr, want, got.len);
}

static void
what_is_absent_or_null_stays_absent(void **state)
{
    struct fixture *f = *state;
    static const struct whole absent;
    assert_int_equal(read_text(f, "{}"), JSON_OK);
    assert_memory_equal(&f->whole, &absent, sizeof(absent));
    assert_int_equal(
        read_text(f, "{\"text\":null,\"id\":null,\"count\":null,\"scalar\":null,"
                     "\"flag\":null,\"present\":null,\"part\":null,\"parts\":null,"
                     "\"bare\":null,\"texts\":null,\"later\":null}"),
        JSON_OK);
    assert_memory_equal(&f->whole, &absent, sizeof(absent));
}

static void
every_kind_is_read_into_its_place(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        read_text(f, "{\"text\":\"a\",\"id\":18446744073709551615,\"count\":7,"
                     "\"scalar\":-9,\"flag\":true,\"present\":0,"
                     "\"part\":{\"text\":\"b\",\"part\":{\"text\":\"c\"}},"
                     "\"parts\":[{\"text\":\"d\"},{}],\"bare\":{\"text\":\"e\"},"
                     "\"texts\":[\"f\",\"\"],\"a_key_of_more_than_16\":\"g\"}"),
        JSON_OK);
    const struct part *parts = f->whole.parts.items;
    const struct part *bare = f->whole.bare.items;
    const struct slice *texts = f->whole.texts.items;
    assert_slice(f->whole.text, "a");
    assert_slice(f->whole.id, "18446744073709551615");
    assert_true(f->whole.count.is_given);
    assert_int_equal(f->whole.count.value, 7);
    assert_true(f->whole.scalar.is_number);
    assert_int_equal(f->whole.scalar.number, -9);
    assert_true(f->whole.flag);
    assert_true(f->whole.present);
    assert_slice(f->whole.part->text, "b");
    assert_slice(f->whole.part->part->text, "c");
    assert_null(f->whole.part->part->part);
    assert_int_equal(f->whole.parts.count, 2);
    assert_slice(parts[0].text, "d");
    assert_null(parts[1].text.ptr);
    assert_int_equal(f->whole.bare.count, 1);
    assert_slice(bare[0].text, "e");
    assert_int_equal(f->whole.texts.count, 2);
    assert_slice(texts[0], "f");
    assert_slice(texts[1], "");
    assert_slice(f->whole.a_key_of_more_than_16, "g");
}

static void
a_number_may_come_as_text_where_the_row_allows_it(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f, "{\"id\":\"007\",\"scalar\":\"12\"}"), JSON_OK);
    assert_slice(f->whole.id, "007");
    assert_slice(f->whole.scalar.text, "12");
    assert_false(f->whole.scalar.is_number);
}

static void
a_list_of_one_may_be_a_bare_object_only_where_the_row_allows_it(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f, "{\"bare\":[{},{}]}"), JSON_OK);
    assert_int_equal(f->whole.bare.count, 2);
    assert_int_equal(read_text(f, "{\"parts\":{}}"), JSON_OK);
    assert_null(f->whole.parts.items);
    assert_int_equal(json_dropped(f->json), 1);
}

static void
an_empty_list_is_given_and_has_no_elements(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f, "{\"parts\":[],\"texts\":[ ]}"), JSON_OK);
    assert_non_null(f->whole.parts.items);
    assert_int_equal(f->whole.parts.count, 0);
    assert_non_null(f->whole.texts.items);
}

static void
a_list_holds_its_most_elements_and_not_one_more(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f, "{\"texts\":[\"1\",\"2\",\"3\"]}"), JSON_OK);
    assert_int_equal(f->whole.texts.count, LIST_MAX);
    assert_int_equal(read_text(f, "{\"texts\":[\"1\",\"2\",\"3\",\"4\",\"5\"]}"),
                     JSON_OK);
    const struct slice *texts = f->whole.texts.items;
    assert_int_equal(f->whole.texts.count, LIST_MAX);
    assert_int_equal(f->whole.texts.dropped, 2);
    assert_int_equal(json_dropped(f->json), 2);
    assert_slice(texts[LIST_MAX - 1], "3");
    assert_int_equal(read_text(f, "{\"parts\":[1,{},{},{}]}"), JSON_OK);
    assert_int_equal(f->whole.parts.count, LIST_MAX);
    assert_int_equal(read_text(f, "{\"texts\":[\"1\",\"2\",\"3\",nul]}"), JSON_BAD);
    assert_int_equal(read_text(f, "{\"vital_parts\":[{},{},{},{}]}"), JSON_MANY);
}

static void
values_of_another_type_are_dropped_and_counted(void **state)
{
    static const char *const values[] = {
        "\"text\":1",
        "\"text\":{}",
        "\"text\":[]",
        "\"text\":true",
        "\"id\":1.0",
        "\"id\":1e2",
        "\"id\":true",
        "\"id\":[]",
        "\"id\":{\"$numberLong\":\"1\"}",
        "\"count\":-1",
        "\"count\":\"1\"",
        "\"count\":1.5",
        "\"count\":1e400",
        "\"count\":{\"a\":[1,{\"b\":[]},null,false]}",
        "\"scalar\":1.5",
        "\"scalar\":{}",
        "\"flag\":1",
        "\"flag\":\"true\"",
        "\"part\":[]",
        "\"part\":1",
        "\"part\":{\"vital\":1}",
        "\"parts\":1",
        "\"texts\":\"a\"",
        "\"texts\":{}",
        "\"bare\":1",
        "\"bare\":{\"vital\":1}",
        "\"count\":18446744073709551616",
        "\"id\":99999999999999999999",
        "\"id\":100000000000000000000",
        "\"scalar\":9223372036854775808",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char text[128];
        assert_in_range(snprintf(text, sizeof(text), "{%s,\"vital\":\"v\"}", values[i]),
                        1, 127);
        assert_int_equal(read_text(f, text), JSON_OK);
        assert_int_equal(json_dropped(f->json), 1);
        assert_slice(f->whole.vital, "v");
        assert_int_equal(f->whole.text.len + f->whole.id.len, 0);
        assert_false(f->whole.count.is_given);
        assert_false(f->whole.scalar.is_number);
        assert_int_equal(f->whole.scalar.text.len, 0);
        assert_null(f->whole.part);
        assert_null(f->whole.parts.items);
        assert_null(f->whole.bare.items);
        assert_null(f->whole.texts.items);
        assert_false(f->whole.flag);
    }
    assert_int_equal(read_text(f, "{\"text\":1,\"id\":{},\"scalar\":{}}"), JSON_OK);
    assert_ptr_equal(f->whole.scalar.text.ptr, json_shape_unusable);
    assert_ptr_equal(f->whole.text.ptr, json_shape_unusable);
    assert_ptr_equal(f->whole.id.ptr, json_shape_unusable);
    assert_int_equal(read_text(f, "{\"id\":-2}"), JSON_OK);
    assert_null(f->whole.id.ptr);
    assert_int_equal(json_dropped(f->json), 0);
}

static void
elements_that_are_none_are_dropped_and_the_others_stay(void **state)
{
    static const char *const lists[] = {
        "\"parts\":[1,{\"text\":\"a\"},null]",
        "\"parts\":[{\"vital\":{}},{\"text\":\"a\"},[[]]]",
        "\"vital_parts\":[{\"text\":\"a\"},{\"vital\":\"1\",\"vital\":\"2\"},1]",
        "\"bare\":[1,2,{\"text\":\"a\"}]",
        "\"texts\":[{},\"a\",null]",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        char text[128];
        assert_in_range(snprintf(text, sizeof(text), "{%s}", lists[i]), 1, 127);
        assert_int_equal(read_text(f, text), JSON_OK);
        const struct json_list all[] = {f->whole.parts, f->whole.vital_parts,
                                        f->whole.bare, f->whole.texts};
        for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
            if (all[k].items != NULL) {
                assert_int_equal(all[k].count, 1);
                assert_int_equal(all[k].dropped, 2);
                assert_slice(*(const struct slice *)all[k].items, "a");
            }
        }
    }
}

static void
a_bad_vital_value_refuses_what_contains_it(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f, "{\"vital\":1}"), JSON_VALUE);
    assert_int_equal(read_text(f, "{\"vital_part\":1}"), JSON_VALUE);
    assert_int_equal(read_text(f, "{\"vital_parts\":1}"), JSON_VALUE);
    assert_int_equal(read_text(f, "{\"vital_part\":{\"vital\":1}}"), JSON_VALUE);
    assert_int_equal(read_text(f, "{\"vital_part\":{\"part\":{\"vital\":1}}}"),
                     JSON_OK);
    assert_null(f->whole.vital_part->part);
}

static void
what_is_dropped_must_be_json(void **state)
{
    static const char *const values[] = {
        "nul",   "truex",    "-",          "--1",       "01",        "1x",
        "1.",    ".5",       "1e",         "+1",        "[1,]",      "[,1]",
        "[1 2]", "{\"a\"}",  "{1:2}",      "[{]}]",     "{[}]",      "[tru]",
        "[1}",   "1e+",      "-01",        "{,}",       "[nulll]",   "]",
        ",",     "{\"a\":}", "{\"a\":1,}", "{\"a\" 1}", "[\"\\x\"]", "{\"\\u12\":1}",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "{\"count\":%s}", values[i]);
        assert_int_not_equal(read_text(f, text), JSON_OK);
        (void)snprintf(text, sizeof(text), "{\"texts\":[\"a\",{\"x\":%s}]}", values[i]);
        assert_int_not_equal(read_text(f, text), JSON_OK);
    }
    assert_int_equal(read_text(f, "{\"count\":-0.5E-7,\"text\":[1e5,0,-0]}"), JSON_OK);
}

static void
false_and_an_empty_text_count_as_no_object(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f, "{\"vital_part\":false,\"part\":\"\"}"), JSON_OK);
    assert_int_equal(json_dropped(f->json), 2);
    assert_null(f->whole.vital_part);
    assert_int_equal(read_text(f, "{\"vital_part\":\"\"}"), JSON_OK);
    assert_int_equal(json_dropped(f->json), 1);
    assert_int_equal(read_text(f, "{\"vital_part\":true}"), JSON_VALUE);
    assert_int_equal(read_text(f, "{\"vital_part\":\" \"}"), JSON_VALUE);
    assert_int_equal(read_text(f, "{\"vital_part\":[]}"), JSON_VALUE);
    assert_int_equal(read_text(f, "{\"vital_parts\":false}"), JSON_VALUE);
    assert_int_equal(read_text(f, "{\"vital\":false}"), JSON_VALUE);
}

static void
a_part_of_a_message_leaves_what_was_read_before(void **state)
{
    struct fixture *f = *state;
    struct whole second;
    const char *text = "{\"text\":\"a\\nb\"} {\"text\":\"c\\nd\",\"count\":-1}";
    const size_t first = strlen("{\"text\":\"a\\nb\"}");
    assert_int_equal(open_bytes(f, text, strlen(text)), JSON_OK);
    assert_int_equal(json_open(f->json, (struct slice){f->message, first}), JSON_OK);
    assert_int_equal(json_read(f->json, &whole_table, &f->whole, &f->arena), JSON_OK);
    struct slice rest = {f->message + first, strlen(text) - first};
    assert_int_equal(json_open_part(f->json, rest), JSON_OK);
    assert_int_equal(json_read(f->json, &whole_table, &second, &f->arena), JSON_OK);
    assert_slice(f->whole.text, "a\nb");
    assert_slice(second.text, "c\nd");
    assert_int_equal(json_dropped(f->json), 1);
}

static void
a_byte_that_is_no_digit_is_found_at_any_place(void **state)
{
    static const char strangers[] = {'/', ':', 'x', '\x10', '\x7f'};
    struct fixture *f = *state;
    for (size_t i = 0; i < 19 * sizeof(strangers); i++) {
        char text[] = "{\"count\":1234567890123456789}";
        text[strlen("{\"count\":") + i / sizeof(strangers)] =
            strangers[i % sizeof(strangers)];
        assert_true(read_text(f, text) != JSON_OK || !f->whole.count.is_given);
    }
    assert_int_equal(read_text(f, "{\"count\":1234567890123456789}"), JSON_OK);
    assert_true(f->whole.count.value == UINT64_C(1234567890123456789));
}

static void
numbers_are_read_up_to_their_limits(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f, "{\"count\":18446744073709551615,"
                                  "\"scalar\":9223372036854775807,\"id\":0}"),
                     JSON_OK);
    assert_true(f->whole.count.value == UINT64_MAX);
    assert_true(f->whole.scalar.number == INT64_MAX);
    assert_slice(f->whole.id, "0");
    assert_int_equal(read_text(f, "{\"scalar\":-9223372036854775807}"), JSON_OK);
    assert_true(f->whole.scalar.number == -INT64_MAX);
}

static void
escapes_are_undone_at_any_place_of_a_word(void **state)
{
    struct fixture *f = *state;
    char text[128];
    char want[64];
    for (int before = 0; before < 20; before++) {
        static const char pad[] = "abcdefghijklmnopqrstuvwxyz";
        (void)snprintf(text, sizeof(text),
                       "{\"text\":\"%.*s\\n\\u00e9\\uD83d\\ude00\\\\%.*s\"}", before,
                       pad, 20 - before, pad);
        (void)snprintf(want, sizeof(want), "%.*s\n\xc3\xa9\xf0\x9f\x98\x80\\%.*s",
                       before, pad, 20 - before, pad);
        assert_int_equal(read_text(f, text), JSON_OK);
        assert_slice(f->whole.text, want);
    }
}

static void
all_short_escapes_and_nul_are_known(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        read_text(
            f, "{\"text\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u0041\\u07FF\\uFFFF\"}"),
        JSON_OK);
    static const char want[] = "\"\\/\b\f\n\r\t\0A\xdf\xbf\xef\xbf\xbf";
    assert_int_equal(f->whole.text.len, sizeof(want) - 1);
    assert_memory_equal(f->whole.text.ptr, want, sizeof(want) - 1);
}

static void
broken_escapes_are_refused_where_they_are_read(void **state)
{
    static const char *const escapes[] = {
        "\\x", "\\u12", "\\u123g", "\\ud83d\\u", "\\ud83d\\ude0", "\\U0041",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
        char text[128];
        (void)snprintf(text, sizeof(text), "{\"text\":\"%s\"}", escapes[i]);
        assert_int_equal(read_text(f, text), JSON_VALUE);
        (void)snprintf(text, sizeof(text), "{\"other\":\"%s\"}", escapes[i]);
        assert_int_equal(read_text(f, text), JSON_OK);
    }
}

#define HALF "\xef\xbf\xbd"

static void
half_a_pair_counts_once_in_each_text_that_is_read(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f, "{\"text\":\"\\ud83d \\ude00\",\"x\":\"\\ud83d\","
                                  "\"texts\":[\"\\ud83d\",\"\\ud83d\\ude00\"],"
                                  "\"\\ud83d\":1}"),
                     JSON_OK);
    assert_int_equal(json_dropped(f->json), 2);
    assert_int_equal(read_text(f, "{\"count\":{\"a\":\"\\ud83d\"}}"), JSON_OK);
    assert_int_equal(json_dropped(f->json), 1);
}

static void
half_a_pair_is_a_replacement_character(void **state)
{
    static const struct {
        const char *escaped;
        const char *want;
    } texts[] = {
        {"\\ud800", HALF},
        {"\\ud800x", HALF "x"},
        {"a\\udc00", "a" HALF},
        {"\\ud800\\n", HALF "\n"},
        {"\\ud800\\ud800", HALF HALF},
        {"\\ude00\\ud83d", HALF HALF},
        {"\\ud83d\\ud83d\\ude00", HALF "\xf0\x9f\x98\x80"},
        {"\\ud83d\\u0041", HALF "A"},
        {"\\ud83d\\\\", HALF "\\"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char text[128];
        (void)snprintf(text, sizeof(text), "{\"text\":\"%s\"}", texts[i].escaped);
        assert_int_equal(read_text(f, text), JSON_OK);
        assert_slice(f->whole.text, texts[i].want);
    }
}

static void
strings_without_escapes_point_into_the_message(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f, "{\"text\" : \"as it is\" \n}"), JSON_OK);
    assert_ptr_equal(f->whole.text.ptr, f->message + 11);
    assert_slice(f->whole.text, "as it is");
}

static void
an_escaped_key_is_the_key_it_spells(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f, "{\"te\\u0078t\":\"x\"}"), JSON_OK);
    assert_slice(f->whole.text, "x");
    assert_int_equal(read_text(f, "{\"a_key_of_more_than_1\\u0036\":\"y\"}"), JSON_OK);
    assert_slice(f->whole.a_key_of_more_than_16, "y");
    assert_int_equal(read_text(f, "{\"text\":\"x\",\"\\u0074ext\":\"y\"}"), JSON_OK);
    assert_slice(f->whole.text, "y");
    assert_int_equal(read_text(f, "{\"once\":\"x\",\"\\u006fnce\":\"x\"}"),
                     JSON_REPEATED);
}

static void
keys_that_only_look_alike_are_not_read(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        read_text(f, "{\"Text\":1,\"tex\":1,\"textt\":1,\"\":1,"
                     "\"a_key_of_mORE_than_16\":1,\"a_key_of_more_than_17\":1,"
                     "\"b_key_of_more_than_16\":1}"),
        JSON_OK);
    assert_null(f->whole.text.ptr);
    assert_null(f->whole.a_key_of_more_than_16.ptr);
}

static void
a_key_that_identifies_may_occur_once(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f, "{\"once\":\"1\",\"x\":2,\"once\":\"1\"}"),
                     JSON_REPEATED);
    assert_int_equal(read_text(f, "{\"once\":null,\"once\":\"a\"}"), JSON_REPEATED);
    assert_int_equal(read_text(f, "{\"vital\":\"a\",\"vital\":\"a\"}"), JSON_REPEATED);
    assert_int_equal(read_text(f, "{\"vital_part\":{\"vital\":\"a\",\"vital\":\"a\"}}"),
                     JSON_REPEATED);
    assert_int_equal(read_text(f, "{\"x\":1,\"x\":2,\"text\":\"a\",\"part\":{\"text\":"
                                  "\"b\"}}"),
                     JSON_OK);
    assert_int_equal(json_dropped(f->json), 0);
    assert_int_equal(
        read_text(f, "{\"part\":{\"vital\":\"a\",\"vital\":\"a\"},\"text\":\"a\"}"),
        JSON_OK);
    assert_null(f->whole.part);
    assert_slice(f->whole.text, "a");
}

static void
of_any_other_key_that_occurs_twice_the_last_value_counts(void **state)
{
    static const char *const members[] = {
        "\"text\":\"a\\n\",\"text\":\"b\"",
        "\"text\":7,\"text\":\"b\"",
        "\"id\":7,\"id\":\"b\"",
        "\"count\":7,\"count\":8",
        "\"count\":7,\"count\":null,\"x\":{\"count\":1}",
        "\"scalar\":7,\"scalar\":\"b\"",
        "\"flag\":true,\"flag\":false",
        "\"present\":1,\"present\":null",
        "\"part\":{\"text\":\"a\"},\"part\":{\"text\":\"b\"}",
        "\"part\":{\"text\":\"a\"},\"part\":null",
        "\"parts\":[{\"text\":\"a\"},{}],\"parts\":[{\"text\":\"b\"}]",
        "\"bare\":[{\"text\":\"a\"},{}],\"bare\":{\"text\":\"b\"}",
        "\"texts\":[\"a\",\"c\"],\"texts\":[\"b\"]",
        "\"later\":[],\"later\":null",
    };
    static const size_t bad_first = 1;
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        char text[128];
        assert_in_range(snprintf(text, sizeof(text), "{%s}", members[i]), 1, 127);
        assert_int_equal(read_text(f, text), JSON_OK);
        assert_int_equal(json_dropped(f->json), i == bad_first ? 2 : 1);
        const struct slice found[] = {f->whole.text, f->whole.id, f->whole.scalar.text};
        for (size_t k = 0; k < sizeof(found) / sizeof(found[0]); k++) {
            assert_true(slice_is_none(found[k]) ||
                        slice_equal(found[k], SLICE_LIT("b")));
        }
        const struct json_list lists[] = {f->whole.parts, f->whole.bare,
                                          f->whole.texts};
        for (size_t k = 0; k < sizeof(lists) / sizeof(lists[0]); k++) {
            assert_true(lists[k].items == NULL || lists[k].count == 1);
            if (lists[k].items != NULL) {
                assert_slice(*(const struct slice *)lists[k].items, "b");
            }
        }
        if (f->whole.part != NULL) {
            assert_slice(f->whole.part->text, "b");
        }
        assert_true(!f->whole.count.is_given || f->whole.count.value == 8);
        assert_false(f->whole.flag || f->whole.present || f->whole.scalar.is_number);
        assert_null(f->whole.later.place);
    }
}

static void
broken_structure_is_refused_in_unread_values_too(void **state)
{
    static const char *const messages[] = {
        "{",
        "{\"x\"}",
        "{\"x\":}",
        "{\"x\":1",
        "{\"x\":1,}",
        "{,\"x\":1}",
        "{\"x\" 1}",
        "{\"x\":1 2}",
        "{\"x\"::1}",
        "{x:1}",
        "{\"x\":[}",
        "{\"x\":[1}]}",
        "{\"x\":{]}}",
        "{\"x\":[[1]}",
        "{\"x\":1]",
        "{\"x\":,}",
        "{\"x\":1}}",
        "{\"x\":1} {}",
        "{\"x\":1},",
        "{\"x\":\"}",
        "{\"x\":]}",
        "{\"x\":{\"y\":1}",
        "{\"texts\":[\"a\" \"b\"]}",
        "{\"texts\":[\"a\",]}",
        "{\"texts\":[,\"a\"]}",
        "{\"parts\":[{}",
        "{\"part\":{",
        "{\"part\":{\"text\":\"a\"",

        "{\"x\":\"\x01\"}",
        "{\"x\":1}\"",
        "{\"parts\":[{},]}",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        assert_int_not_equal(read_text(f, messages[i]), JSON_OK);
    }
}

static void
what_is_no_object_is_no_message(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f, "[]"), JSON_NO_OBJECT);
    assert_int_equal(read_text(f, "1"), JSON_NO_OBJECT);
    assert_int_equal(read_text(f, "\"{}\""), JSON_NO_OBJECT);
    assert_int_equal(read_text(f, ""), JSON_BAD);
    assert_int_equal(read_text(f, "   "), JSON_BAD);
}

static void
invalid_utf8_is_refused_anywhere(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f, "{\"x\":\"\xff\"}"), JSON_UTF8);
    assert_int_equal(read_text(f, "{\"x\":\"\xed\xa0\x80\"}"), JSON_UTF8);
    assert_int_equal(read_text(f, "{\"\xc0\xaf\":1}"), JSON_UTF8);
}

// `depth` objects or arrays in all, as `open` and `close` say.
static enum json_error
read_nested(struct fixture *f, const char *key, const char *open, const char *close,
            int depth)
{
    char text[CAPACITY] = "{\"";
    (void)strcat(strcat(text, key), "\":");
    for (int i = 1; i < depth; i++) {
        (void)strcat(text, open);
    }
    for (int i = 1; i < depth; i++) {
        (void)strcat(text, close);
    }
    return read_text(f, strcat(text, "}"));
}

static void
nesting_is_allowed_up_to_its_limit_and_no_deeper(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_nested(f, "x", "[", "]", JSON_DEPTH_MAX), JSON_OK);
    assert_int_equal(read_nested(f, "x", "[", "]", JSON_DEPTH_MAX + 1), JSON_DEEP);
    assert_int_equal(read_nested(f, "x", "[", "]", 1000), JSON_DEEP);
    assert_int_equal(read_nested(f, "later", "[", "]", JSON_DEPTH_MAX), JSON_OK);
    assert_int_equal(read_nested(f, "later", "[", "]", JSON_DEPTH_MAX + 1), JSON_DEEP);
}

static void
nesting_is_counted_through_what_is_read(void **state)
{
    struct fixture *f = *state;
    char text[CAPACITY];
    for (int depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
        text[0] = '\0';
        for (int i = 1; i < depth; i++) {
            (void)strcat(text, "{\"part\":");
        }
        (void)strcat(text, "{}");
        for (int i = 1; i < depth; i++) {
            (void)strcat(text, "}");
        }
        assert_int_equal(read_text(f, text),
                         depth > JSON_DEPTH_MAX ? JSON_DEEP : JSON_OK);
    }
}

#define FOUR(x) x x x x
#define DEEP_OPEN FOUR(FOUR(FOUR("[")))
#define DEEP_CLOSE FOUR(FOUR(FOUR("]")))

static void
an_element_apart_is_lost_alone_whatever_is_wrong_with_it(void **state)
{
    static const struct {
        const char *element;
        enum json_error error;
    } bad[] = {
        {"{\"x\":" DEEP_OPEN DEEP_CLOSE "}", JSON_DEEP},
        {"{\"part\":{\"x\":" DEEP_OPEN "{}" DEEP_CLOSE "}}", JSON_DEEP},
        {"{\"text\":" DEEP_OPEN DEEP_CLOSE "}", JSON_DEEP},
        {DEEP_OPEN DEEP_CLOSE, JSON_VALUE},
        {"{\"vital\":7}", JSON_VALUE},
        {"{\"vital\":\"a\",\"vital\":\"a\"}", JSON_REPEATED},
        {"{\"text\":\"\\x\"}", JSON_VALUE},
        {"{\"text\" \"a\"}", JSON_BAD},
        {"{\"x\":[}}", JSON_BAD},
        {"{\"text\":tru}", JSON_BAD},
        {"7", JSON_VALUE},
        {"null", JSON_VALUE},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        for (int place = 0; place < 3; place++) {
            static const char good[] = "{\"text\":\"a\"}";
            char text[512];
            assert_in_range(snprintf(text, sizeof(text),
                                     "{\"apart\":[%s,%s,%s],\"text\":\"b\"}",
                                     place == 0 ? bad[i].element : good,
                                     place == 1 ? bad[i].element : good,
                                     place == 2 ? bad[i].element : good),
                            1, 511);
            assert_int_equal(read_text(f, text), JSON_OK);
            const struct part *parts = f->whole.apart.items;
            assert_int_equal(f->whole.apart.count, 2);
            assert_int_equal(f->whole.apart.dropped, 1);
            assert_int_equal(f->whole.apart.errors[0], bad[i].error);
            assert_slice(parts[0].text, "a");
            assert_slice(parts[1].text, "a");
            assert_slice(f->whole.text, "b");
            assert_int_equal(json_dropped(f->json), 0);
        }
    }
}

static void
brackets_that_do_not_balance_refuse_a_list_of_elements_apart(void **state)
{
    static const char *const lists[] = {"[{]}",  "[{]",     "[{\"x\":[},{}]", "[,{}]",
                                        "[{},]", "[{} {}]", "[{}}]"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "{\"apart\":%s}", lists[i]);
        assert_int_equal(read_text(f, text), JSON_BAD);
    }
}

static void
too_many_elements_apart_are_lost_with_that_reason(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f, "{\"apart\":[{},7,{},{},{},{}]}"), JSON_OK);
    assert_int_equal(f->whole.apart.count, LIST_MAX);
    assert_int_equal(f->whole.apart.dropped, 3);
    assert_int_equal(f->whole.apart.errors[0], JSON_VALUE);
    assert_int_equal(f->whole.apart.errors[1], JSON_MANY);
    assert_int_equal(f->whole.apart.errors[2], JSON_MANY);
}

static void
a_bare_element_apart_costs_what_holds_it(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        read_text(f, "{\"apart\":{\"x\":" DEEP_OPEN DEEP_CLOSE "},\"text\":\"b\"}"),
        JSON_DEEP);
}

static void
bytes_that_json_forbids_cost_the_element_apart(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f,
                               "{\"apart\":[{\"text\":\"a\"},{\"text\":\"\xff\"},"
                               "{\"text\":\"b\tc\"},{\"x\":\"\xe9\"},{\"x\":\"\xfe\","
                               "\"y\":\"\x01\"},{\"text\":\"\\u00e9\\n\"}],"
                               "\"text\":\"d\"}"),
                     JSON_OK);
    assert_int_equal(f->whole.apart.count, 2);
    const struct part *parts = f->whole.apart.items;
    assert_slice(parts[0].text, "a");
    assert_slice(parts[1].text, "\xc3\xa9\n");
    assert_slice(f->whole.text, "d");
    assert_int_equal(f->whole.apart.dropped, 4);
    assert_int_equal(f->whole.apart.errors[0], JSON_UTF8);
    assert_int_equal(f->whole.apart.errors[1], JSON_BAD);
    assert_int_equal(f->whole.apart.errors[2], JSON_UTF8);
    assert_int_equal(f->whole.apart.errors[3], JSON_UTF8);
    assert_int_equal(json_dropped(f->json), 0);
    assert_int_equal(read_text(f, "{\"apart\":[{\"text\":\"a\"}]}"), JSON_OK);
    assert_int_equal(f->whole.apart.dropped, 0);
}

static void
bytes_that_json_forbids_cost_the_message_where_nothing_is_apart(void **state)
{
    struct fixture *f = *state;
    const char *const messages[] = {
        "{\"apart\":{\"text\":\"\xff\"}}",
        "{\"apart\":[{},{}],\"text\":\"\xff\"}",
        "{\"apart\":[{\"text\":\"\xff\"}],\"x\":\"\xff\"}",
        "{\"apart\":[{\"text\":\"\xff\"}],\"\xff\":1}",
        "{\"apart\":[{\"text\":\"\xff\"}]",
        "{\"apart\":[{\"text\":\"\xff\"}]}\xff",
        "{\"apart\":[{\"text\":\"\xff\"}\xff]}",
        "{\"parts\":[{\"text\":\"\xff\"}]}",
        "[{\"text\":\"\xff\"}]",
    };
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        assert_int_equal(read_text(f, messages[i]), JSON_UTF8);
    }
    assert_int_equal(read_text(f, "{\"present_apart\":[\"\xff\"],\"text\":\"b\"}"),
                     JSON_OK);
    assert_slice(f->whole.text, "b");
    assert_int_equal(read_text(f, "{\"container\":{\"x\":\"\xff\",\"text\":\"b\"}}"),
                     JSON_OK);
    assert_slice(f->whole.container->text, "b");
    assert_int_equal(read_text(f, "{\"container\":{\"text\":\"\xff\"}}"), JSON_UTF8);
}

static void
a_key_is_found_beside_bytes_that_json_forbids(void **state)
{
    struct fixture *f = *state;
    size_t row;
    assert_int_equal(open_bytes(f, "{\"x\":\"\xff\",\"id\":\"1\"}", 18), JSON_OK);
    assert_int_equal(json_first(f->json, &whole_table, &row), JSON_OK);
    assert_int_equal(row, 1);
    assert_int_equal(json_read(f->json, &whole_table, &f->whole, &f->arena), JSON_UTF8);
    assert_int_equal(open_bytes(f, "{\"x\":\"\xff\"}", 9), JSON_OK);
    assert_int_equal(json_first(f->json, &whole_table, &row), JSON_UTF8);
}

static void
what_is_apart_or_in_a_container_may_be_nested_at_any_depth(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        read_text(f, "{\"present_apart\":" DEEP_OPEN DEEP_CLOSE ",\"text\":\"b\"}"),
        JSON_OK);
    assert_true(f->whole.present_apart);
    assert_slice(f->whole.text, "b");
    assert_int_equal(
        read_text(f, "{\"container\":{\"x\":" DEEP_OPEN DEEP_CLOSE ",\"text\":\"b\"}}"),
        JSON_OK);
    assert_slice(f->whole.container->text, "b");
    assert_int_equal(
        read_text(f, "{\"container\":{\"text\":" DEEP_OPEN DEEP_CLOSE "}}"), JSON_DEEP);
}

static void
a_value_left_for_later_is_read_by_its_table(void **state)
{
    struct fixture *f = *state;
    struct part part;
    struct slice text;
    assert_int_equal(read_text(f, "{\"later\":{\"text\":\"a\\n\"},\"text\":\"b\"}"),
                     JSON_OK);
    assert_int_equal(json_read_later(f->json, &f->whole.later, &part, &f->arena),
                     JSON_OK);
    assert_slice(part.text, "a\n");
    assert_slice(f->whole.text, "b");
    assert_int_equal(read_text(f, "{\"later\":\"a\\tb\"}"), JSON_OK);
    assert_int_equal(json_text_later(f->json, &f->whole.later, &text), JSON_OK);
    assert_slice(text, "a\tb");
}

static void
a_value_left_for_later_may_turn_out_to_be_wrong(void **state)
{
    struct fixture *f = *state;
    struct part part;
    struct slice text;
    assert_int_equal(read_text(f, "{\"later\":[1]}"), JSON_OK);
    assert_int_equal(json_read_later(f->json, &f->whole.later, &part, &f->arena),
                     JSON_VALUE);
    assert_int_equal(read_text(f, "{\"later\":5}"), JSON_OK);
    assert_int_equal(json_text_later(f->json, &f->whole.later, &text), JSON_OK);
    assert_ptr_equal(text.ptr, json_shape_unusable);
    assert_int_equal(read_text(f, "{\"later\":{\"vital\":5}}"), JSON_OK);
    assert_int_equal(json_read_later(f->json, &f->whole.later, &part, &f->arena),
                     JSON_VALUE);
    assert_int_equal(read_text(f, "{\"later\":[tru]}"), JSON_OK);
    assert_int_equal(json_text_later(f->json, &f->whole.later, &text), JSON_BAD);
}

static void
the_first_known_key_is_found_in_the_order_of_the_message(void **state)
{
    struct fixture *f = *state;
    size_t row = 99;
    static const char message[] = "{\"x\":{\"id\":1},\"count\":1,\"text\":2,\"id\":3}";
    assert_int_equal(open_bytes(f, message, sizeof(message) - 1), JSON_OK);
    assert_int_equal(json_first(f->json, &whole_table, &row), JSON_OK);
    assert_string_equal(whole_fields[row].key, "count");
    static const char none[] = "{\"x\":1}";
    assert_int_equal(open_bytes(f, none, sizeof(none) - 1), JSON_OK);
    assert_int_equal(json_first(f->json, &whole_table, &row), JSON_OK);
    assert_null(whole_fields[row].key);
    static const char behind[] = "{\"x\":" DEEP_OPEN DEEP_CLOSE ",\"count\":1}";
    assert_int_equal(open_bytes(f, behind, sizeof(behind) - 1), JSON_OK);
    assert_int_equal(json_first(f->json, &whole_table, &row), JSON_OK);
    assert_string_equal(whole_fields[row].key, "count");
    static const char deep[] = "{\"x\":" DEEP_OPEN DEEP_CLOSE ",\"y\":1}";
    assert_int_equal(open_bytes(f, deep, sizeof(deep) - 1), JSON_OK);
    assert_int_equal(json_first(f->json, &whole_table, &row), JSON_DEEP);
}

static void
messages_longer_than_the_capacity_are_refused(void **state)
{
    struct fixture *f = *state;
    char *text = malloc(CAPACITY + 1);
    assert_non_null(text);
    memset(text, ' ', CAPACITY + 1);
    memcpy(text, "{}", 2);
    assert_int_equal(open_bytes(f, text, CAPACITY), JSON_OK);
    assert_int_equal(open_bytes(f, text, CAPACITY + 1), JSON_LONG);
    free(text);
}

static void
more_than_the_arena_holds_is_refused_and_the_next_message_is_read(void **state)
{
    struct fixture *f = *state;
    arena_fini(&f->arena);
    arena_init(&f->arena, 64);
    assert_int_equal(read_text(f, "{\"parts\":[{},{},{}]}"), JSON_MEMORY);
    assert_int_equal(read_text(f, "{\"text\":\"a\"}"), JSON_OK);
}

int
main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_absent_or_null_stays_absent),
        TEST(every_kind_is_read_into_its_place),
        TEST(a_number_may_come_as_text_where_the_row_allows_it),
        TEST(a_list_of_one_may_be_a_bare_object_only_where_the_row_allows_it),
        TEST(an_empty_list_is_given_and_has_no_elements),
        TEST(a_list_holds_its_most_elements_and_not_one_more),
        TEST(values_of_another_type_are_dropped_and_counted),
        TEST(elements_that_are_none_are_dropped_and_the_others_stay),
        TEST(a_bad_vital_value_refuses_what_contains_it),
        TEST(what_is_dropped_must_be_json),
        TEST(a_part_of_a_message_leaves_what_was_read_before),
        TEST(a_byte_that_is_no_digit_is_found_at_any_place),
        TEST(numbers_are_read_up_to_their_limits),
        TEST(escapes_are_undone_at_any_place_of_a_word),
        TEST(all_short_escapes_and_nul_are_known),
        TEST(broken_escapes_are_refused_where_they_are_read),
        TEST(half_a_pair_is_a_replacement_character),
        TEST(half_a_pair_counts_once_in_each_text_that_is_read),
        TEST(false_and_an_empty_text_count_as_no_object),
        TEST(strings_without_escapes_point_into_the_message),
        TEST(an_escaped_key_is_the_key_it_spells),
        TEST(keys_that_only_look_alike_are_not_read),
        TEST(a_key_that_identifies_may_occur_once),
        TEST(of_any_other_key_that_occurs_twice_the_last_value_counts),
        TEST(broken_structure_is_refused_in_unread_values_too),
        TEST(what_is_no_object_is_no_message),
        TEST(invalid_utf8_is_refused_anywhere),
        TEST(nesting_is_allowed_up_to_its_limit_and_no_deeper),
        TEST(nesting_is_counted_through_what_is_read),
        TEST(an_element_apart_is_lost_alone_whatever_is_wrong_with_it),
        TEST(brackets_that_do_not_balance_refuse_a_list_of_elements_apart),
        TEST(too_many_elements_apart_are_lost_with_that_reason),
        TEST(a_bare_element_apart_costs_what_holds_it),
        TEST(bytes_that_json_forbids_cost_the_element_apart),
        TEST(bytes_that_json_forbids_cost_the_message_where_nothing_is_apart),
        TEST(a_key_is_found_beside_bytes_that_json_forbids),
        TEST(what_is_apart_or_in_a_container_may_be_nested_at_any_depth),
        TEST(a_value_left_for_later_is_read_by_its_table),
        TEST(a_value_left_for_later_may_turn_out_to_be_wrong),
        TEST(the_first_known_key_is_found_in_the_order_of_the_message),
        TEST(messages_longer_than_the_capacity_are_refused),
        TEST(more_than_the_arena_holds_is_refused_and_the_next_message_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
