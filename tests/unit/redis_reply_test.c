// From bytes to a verdict: reader, words and answers.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "sinks/redis/redis_answer.h"
#include "sinks/redis/redis_error_kind.h"
#include "sinks/redis/redis_reader.h"

struct trace {
    char text[4096];
    struct redis_answer answer;
    char keys[512];
};

static void
note(void *context, const struct redis_item *item)
{
    static const char marks[] = "+-$:_*";
    struct trace *trace = context;
    size_t used = strlen(trace->text);
    snprintf(trace->text + used, sizeof(trace->text) - used, "%c%u.%zu=%lld%.*s ",
             marks[item->type], item->depth, item->index, (long long)item->number,
             SLICE_ARG(item->text));
}

static void
judge(void *context, const struct redis_item *item)
{
    struct trace *trace = context;
    struct slice key = redis_answer_item(&trace->answer, item);
    if (!slice_is_none(key)) {
        size_t used = strlen(trace->keys);
        snprintf(trace->keys + used, sizeof(trace->keys) - used, "%.*s ",
                 SLICE_ARG(key));
    }
}

// Feeds `step` bytes at a time; answers how it ended and how many replies were
// complete.
static enum status
feed(struct trace *trace, redis_item_fn on_item, struct slice bytes, size_t step)
{
    struct redis_reader *reader = redis_reader_create(on_item, trace);
    enum status status = STATUS_AGAIN;
    assert_non_null(reader);
    for (size_t at = 0; at < bytes.len && status == STATUS_AGAIN; at += step) {
        size_t size = bytes.len - at < step ? bytes.len - at : step;
        status = redis_reader_feed(reader, (struct slice){bytes.ptr + at, size}, NULL);
        while (status == STATUS_OK) {
            status = redis_reader_next(reader, NULL);
            if (status == STATUS_OK) {
                redis_answer_reply(&trace->answer);
                strcat(trace->text, "| ");
            }
        }
    }
    redis_reader_destroy(&reader);
    return status;
}

static void
any_cutting_of_the_bytes_gives_the_same_items(void **state)
{
    (void)state;
    const struct slice bytes = SLICE_LIT(
        "+OK\r\n-ERR no\r\n:-42\r\n$5\r\na\r\nb\0\r\n$-1\r\n$0\r\n\r\n*0\r\n*-1\r\n"
        "*2\r\n$1\r\n7\r\n*3\r\n$1\r\nk\r\n$-1\r\n:3\r\n");
    struct trace whole = {.text = ""};
    assert_int_equal(feed(&whole, note, bytes, bytes.len), STATUS_AGAIN);
    assert_string_equal(
        whole.text,
        "+0.0=0OK | -0.0=0ERR no | :0.0=-42 | $0.0=0a\r\nb | _0.0=0 | $0.0=0 | "
        "*0.0=0 | _0.0=0 | *0.0=2 $1.0=07 *1.1=3 $2.0=0k _2.1=0 :2.2=3 | ");
    for (size_t step = 1; step < 9; step++) {
        struct trace cut = {.text = ""};
        assert_int_equal(feed(&cut, note, bytes, step), STATUS_AGAIN);
        assert_string_equal(cut.text, whole.text);
    }
}

static void
a_stream_that_is_not_redis_ends(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "HTTP/1.1 200\r\n", "*99999999999999999999\r\n", "*x\r\n", "$-2\r\n",
        ":12a\r\n",         "$99999999999999999999\r\n",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct trace trace = {.text = ""};
        enum status status = feed(&trace, note, slice_of(wrong[i]), 3);
        if (status != STATUS_PARSE && status != STATUS_RANGE) {
            fail_msg("\"%s\" gives %s", wrong[i], status_name(status));
        }
    }
}

static void
count_items(void *context, const struct redis_item *item)
{
    (void)item;
    ++*(size_t *)context;
}

static void
an_array_may_have_millions_of_elements(void **state)
{
    (void)state;
    enum { ELEMENTS = 3000000, PART = 1000 };
    char head[32];
    char part[PART * 4];
    size_t items = 0;
    struct redis_reader *reader = redis_reader_create(count_items, &items);
    assert_non_null(reader);
    snprintf(head, sizeof(head), "*%d\r\n", ELEMENTS);
    assert_int_equal(redis_reader_feed(reader, slice_of(head), NULL), STATUS_OK);
    for (size_t i = 0; i < PART; i++) {
        memcpy(part + i * 4, ":7\r\n", 4);
    }
    for (int i = 0; i < ELEMENTS / PART; i++) {
        assert_int_equal(redis_reader_next(reader, NULL), STATUS_AGAIN);
        assert_int_equal(
            redis_reader_feed(reader, (struct slice){part, sizeof(part)}, NULL),
            STATUS_OK);
    }
    assert_int_equal(redis_reader_next(reader, NULL), STATUS_OK);
    assert_int_equal(items, ELEMENTS + 1);
    redis_reader_destroy(&reader);
}

static void
an_endless_line_is_cut_off(void **state)
{
    (void)state;
    static char bytes[REDIS_READER_BYTES_MAX + 4096];
    memset(bytes, 'x', sizeof(bytes));
    bytes[0] = '+';
    struct trace trace = {.text = ""};
    assert_int_equal(feed(&trace, note, (struct slice){bytes, sizeof(bytes)}, 4096),
                     STATUS_RANGE);
}

// A stream in which a string of that size is between two others.
static size_t
surround(char *bytes, size_t size)
{
    int head = sprintf(bytes, "*3\r\n$1\r\na\r\n$%zu\r\n", size);
    memset(bytes + head, 'x', size);
    size_t end = (size_t)head + size;
    return end + (size_t)sprintf(bytes + end, "\r\n$1\r\nb\r\n+OK\r\n");
}

static void
count_bytes(void *context, const struct redis_item *item)
{
    struct trace *trace = context;
    size_t used = strlen(trace->text);
    snprintf(trace->text + used, sizeof(trace->text) - used, "%zu%s ", item->text.len,
             item->is_omitted ? " omitted" : "");
}

static void
a_string_that_is_too_long_is_omitted_and_its_neighbours_are_read(void **state)
{
    (void)state;
    static char bytes[REDIS_READER_BYTES_MAX * 4 + 4096];
    static const size_t steps[] = {1 << 16, 4096, 4099, 1021};
    static const size_t sizes[] = {
        900000,
        REDIS_READER_BYTES_MAX - 11, // with its length and the ends of both lines
        REDIS_READER_BYTES_MAX - 10,
        (size_t)REDIS_READER_BYTES_MAX * 4,
    };
    for (size_t i = 0; i < 16; i++) {
        struct trace trace = {.text = ""};
        char expected[64];
        size_t size = sizes[i / 4];
        struct slice stream = {bytes, surround(bytes, size)};
        bool is_omitted = size > REDIS_READER_BYTES_MAX - 11;
        snprintf(expected, sizeof(expected), "0 1 %zu%s 1 | 2 | ",
                 is_omitted ? 0 : size, is_omitted ? " omitted" : "");
        assert_int_equal(feed(&trace, count_bytes, stream, steps[i % 4]), STATUS_AGAIN);
        assert_string_equal(trace.text, expected);
    }
}

static void
only_the_whole_first_word_of_an_error_counts(void **state)
{
    (void)state;
    for (enum redis_error_kind kind = REDIS_ERROR_LOADING; kind < REDIS_ERROR_COUNT;
         kind++) {
        char text[64];
        snprintf(text, sizeof(text), "%s some text", redis_error_kind_row(kind)->word);
        assert_int_equal(redis_error_kind_of(slice_of(text)), kind);
        assert_int_equal(
            redis_error_kind_of(slice_of(redis_error_kind_row(kind)->word)), kind);
        assert_true(redis_error_kind_row(kind)->advice[0] != '\0');
    }
    static const char *const others[] = {
        "BUSYKEY Target key name already exists.",
        "BUSYGROUP x",
        "busy script",
        "OOMX",
        "",
        "ERR OOM",
        "NOAUTHX",
        "-OOM",
        " OOM",
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_int_equal(redis_error_kind_of(slice_of(others[i])), REDIS_ERROR_UNKNOWN);
    }
}

static void
what_will_not_get_better_is_fatal_with_an_exit_code(void **state)
{
    (void)state;
    assert_int_equal(redis_error_kind_row(REDIS_ERROR_NOAUTH)->exit_code, EX_NOPERM);
    assert_int_equal(redis_error_kind_row(REDIS_ERROR_WRONGPASS)->exit_code, EX_NOPERM);
    assert_int_equal(redis_error_kind_row(REDIS_ERROR_NOPERM)->exit_code, EX_NOPERM);
    for (enum redis_error_kind kind = REDIS_ERROR_LOADING; kind < REDIS_ERROR_COUNT;
         kind++) {
        const struct redis_error_kind_row *row = redis_error_kind_row(kind);
        assert_int_equal(row->exit_code != 0, row->action == REDIS_ACTION_OPERATOR);
    }
    assert_int_equal(redis_error_kind_row(REDIS_ERROR_LOADING)->action,
                     REDIS_ACTION_RETRY);
    assert_int_equal(redis_error_kind_row(REDIS_ERROR_OOM)->action, REDIS_ACTION_RETRY);
    assert_int_equal(redis_error_kind_row(REDIS_ERROR_READONLY)->action,
                     REDIS_ACTION_RECONNECT);
    assert_int_equal(redis_error_kind_row(REDIS_ERROR_WRONGTYPE)->action,
                     REDIS_ACTION_REPAIR);
}

static struct trace
answer(enum redis_exchange exchange, size_t commands, const char *bytes)
{
    struct trace trace = {.text = ""};
    redis_answer_begin(&trace.answer, exchange, commands);
    assert_int_equal(feed(&trace, judge, slice_of(bytes), 7), STATUS_AGAIN);
    assert_int_equal(trace.answer.reply, redis_answer_replies(&trace.answer));
    return trace;
}

static void
a_good_transaction_is_executed_and_returns_the_epoch(void **state)
{
    (void)state;
    struct redis_answer good =
        answer(REDIS_EXCHANGE_BATCH, 2,
               "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n:8\r\n+OK\r\n"
               "$2\r\n17\r\n")
            .answer;
    assert_true(good.is_executed);
    assert_false(good.is_fenced || good.is_odd || good.is_epoch_bad);
    assert_int_equal(good.kind, REDIS_ERROR_NONE);
    assert_int_equal(good.last_integer, 8);
    assert_int_equal(good.epoch, 17);
}

static void
a_transaction_that_lost_its_watch_is_fenced(void **state)
{
    (void)state;
    struct redis_answer fenced =
        answer(REDIS_EXCHANGE_BATCH, 1, "+OK\r\n+QUEUED\r\n*-1\r\n+OK\r\n$-1\r\n")
            .answer;
    assert_true(fenced.is_fenced);
    assert_false(fenced.is_executed || fenced.is_odd);
    assert_int_equal(fenced.epoch, 0);
}

static void
the_reason_of_an_abort_is_the_first_error(void **state)
{
    (void)state;
    struct redis_answer full = answer(REDIS_EXCHANGE_BATCH, 2,
                                      "+OK\r\n+QUEUED\r\n-OOM command not "
                                      "allowed\r\n-EXECABORT Transaction\r\n+OK\r\n"
                                      "$1\r\n3\r\n")
                                   .answer;
    assert_int_equal(full.kind, REDIS_ERROR_OOM);
    assert_string_equal(full.text, "OOM command not allowed");
    struct redis_answer bare =
        answer(REDIS_EXCHANGE_BATCH, 1,
               "+OK\r\n+QUEUED\r\n-EXECABORT Transaction\r\n+OK\r\n$1\r\n3\r\n")
            .answer;
    assert_int_equal(bare.kind, REDIS_ERROR_EXECABORT);
}

static void
commands_that_met_a_wrong_type_are_named(void **state)
{
    (void)state;
    struct redis_answer wrong =
        answer(REDIS_EXCHANGE_BATCH, 3,
               "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n-WRONGTYPE a\r\n:1\r\n"
               "-WRONGTYPE b\r\n+OK\r\n$1\r\n3\r\n")
            .answer;
    assert_int_equal(wrong.kind, REDIS_ERROR_WRONGTYPE);
    assert_int_equal(wrong.repair_count, 2);
    assert_int_equal(wrong.repairs[0], 0);
    assert_int_equal(wrong.repairs[1], 2);
}

static void
an_epoch_that_is_no_number_is_noticed(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "$1\r\nx\r\n",
        "$0\r\n\r\n",
        "$2\r\n-1\r\n",
        "$19\r\n1234567890123456789\r\n",
        "-WRONGTYPE not a string\r\n",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[128];
        snprintf(text, sizeof(text), "$0\r\n\r\n+OK\r\n%s$-1\r\n", bad[i]);
        struct redis_answer greeting = answer(REDIS_EXCHANGE_GREET, 0, text).answer;
        assert_true(greeting.is_epoch_bad);
        assert_int_equal(greeting.epoch, 0);
        assert_int_equal(greeting.kind, REDIS_ERROR_NONE);
    }
}

static void
a_greeting_contains_run_epoch_and_owner(void **state)
{
    (void)state;
    struct redis_answer greeting =
        answer(
            REDIS_EXCHANGE_GREET, 0,
            "$38\r\n# Server\r\nx_run_id:no\r\nrun_id:abc\r\ny:1\r\n+OK\r\n$1\r\n5\r\n"
            "$3\r\nown\r\n")
            .answer;
    assert_string_equal(greeting.run_id, "abc");
    assert_string_equal(greeting.owner, "own");
    assert_int_equal(greeting.epoch, 5);
    greeting = answer(REDIS_EXCHANGE_GREET, 0,
                      "-NOPERM no info\r\n+OK\r\n$-1\r\n-WRONGTYPE x\r\n")
                   .answer;
    assert_string_equal(greeting.run_id, "");
    assert_int_equal(greeting.kind, REDIS_ERROR_NONE);
}

static void
a_scan_hands_out_its_keys_and_keeps_the_cursor(void **state)
{
    (void)state;
    struct trace trace = answer(REDIS_EXCHANGE_SCAN, 0,
                                "*2\r\n$3\r\n776\r\n*2\r\n$1\r\na\r\n$2\r\nbc\r\n");
    assert_string_equal(trace.answer.cursor, "776");
    assert_string_equal(trace.keys, "a bc ");
    assert_false(trace.answer.is_odd);
}

static void
answers_redis_would_not_give_are_odd(void **state)
{
    (void)state;
    static const char *const batches[] = {
        ":1\r\n+QUEUED\r\n*1\r\n:1\r\n+OK\r\n$1\r\n3\r\n",
        "+OK\r\n:1\r\n*1\r\n:1\r\n+OK\r\n$1\r\n3\r\n",
        "+OK\r\n+QUEUED\r\n+OK\r\n+OK\r\n$1\r\n3\r\n",
        "+OK\r\n+QUEUED\r\n*2\r\n:1\r\n:1\r\n+OK\r\n$1\r\n3\r\n",
        "+OK\r\n+QUEUED\r\n*0\r\n+OK\r\n$1\r\n3\r\n",
        "+OK\r\n+QUEUED\r\n*1\r\n:1\r\n$2\r\nOK\r\n$1\r\n3\r\n",
        "+OK\r\n+QUEUED\r\n*1\r\n:1\r\n+OK\r\n:3\r\n",
    };
    for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++) {
        if (!answer(REDIS_EXCHANGE_BATCH, 1, batches[i]).answer.is_odd) {
            fail_msg("\"%s\" is taken for good", batches[i]);
        }
    }
    assert_true(answer(REDIS_EXCHANGE_SCAN, 0, "*2\r\n:1\r\n*0\r\n").answer.is_odd);
    assert_true(answer(REDIS_EXCHANGE_SCAN, 0, "+OK\r\n").answer.is_odd);
    assert_true(answer(REDIS_EXCHANGE_SCAN, 0, "*0\r\n").answer.is_odd);
}

static void
an_error_is_printable(void **state)
{
    (void)state;
    struct redis_answer strange =
        answer(REDIS_EXCHANGE_BATCH, 0, "-OOM \x1b[31m\t\xff\r\n*0\r\n+OK\r\n$-1\r\n")
            .answer;
    assert_string_equal(strange.text, "OOM ?[31m??");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_cutting_of_the_bytes_gives_the_same_items),
        cmocka_unit_test(a_stream_that_is_not_redis_ends),
        cmocka_unit_test(an_array_may_have_millions_of_elements),
        cmocka_unit_test(an_endless_line_is_cut_off),
        cmocka_unit_test(
            a_string_that_is_too_long_is_omitted_and_its_neighbours_are_read),
        cmocka_unit_test(only_the_whole_first_word_of_an_error_counts),
        cmocka_unit_test(what_will_not_get_better_is_fatal_with_an_exit_code),
        cmocka_unit_test(a_good_transaction_is_executed_and_returns_the_epoch),
        cmocka_unit_test(a_transaction_that_lost_its_watch_is_fenced),
        cmocka_unit_test(the_reason_of_an_abort_is_the_first_error),
        cmocka_unit_test(commands_that_met_a_wrong_type_are_named),
        cmocka_unit_test(an_epoch_that_is_no_number_is_noticed),
        cmocka_unit_test(a_greeting_contains_run_epoch_and_owner),
        cmocka_unit_test(a_scan_hands_out_its_keys_and_keeps_the_cursor),
        cmocka_unit_test(answers_redis_would_not_give_are_odd),
        cmocka_unit_test(an_error_is_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
