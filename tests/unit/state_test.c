#include "daemon/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "pipeline/pipeline.h"

#define T0 ((usec)1700000000 * USEC_PER_S)

struct fixture {
    char dir[256];
    struct event_base *base;
    struct state *state;
    int saved;
    int told;
    char error[ERROR_TEXT_MAX];
    char note[STATE_NOTE_MAX];
};

static void
on_saved(void *context, const struct error *error)
{
    struct fixture *fixture = context;
    fixture->saved++;
    snprintf(fixture->error, sizeof(fixture->error), "%s", error ? error->text : "");
    event_base_loopbreak(fixture->base);
}

static enum status
open_state(struct fixture *fixture, struct state **ret_state, struct error *error)
{
    struct state_setup setup = {fixture->base, fixture->dir, on_saved, fixture};
    return state_open(&setup, ret_state, error);
}

static int
set_up(void **context)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    const char *folder = getenv("TMPDIR");
    snprintf(fixture->dir, sizeof(fixture->dir), "%s/state-test-XXXXXX",
             folder != NULL ? folder : "/var/tmp");
    fixture->base = event_base_new();
    if (mkdtemp(fixture->dir) == NULL || fixture->base == NULL ||
        open_state(fixture, &fixture->state, NULL) != STATUS_OK) {
        return -1;
    }
    *context = fixture;
    return 0;
}

static int
tear_down(void **context)
{
    struct fixture *fixture = *context;
    static const char *const names[] = {"lock", "snapshot", "snapshot.previous",
                                        "snapshot.damaged", "snapshot.part"};
    state_close(&fixture->state);
    event_base_free(fixture->base);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[300];
        snprintf(path, sizeof(path), "%s/%s", fixture->dir, names[i]);
        unlink(path);
    }
    int result = rmdir(fixture->dir);
    free(fixture);
    return result;
}

static struct pipeline *
create(void *context, struct error *error)
{
    (void)context;
    struct pipeline_options options;
    option_presets(pipeline_option_rows, &options);
    options.memory_texts = 64 << 20;
    options.dedupe_capacity = 1000;
    struct hash_key key = {7, 7};
    return pipeline_create(&options, &key, true, error);
}

static void
tell(void *context, const struct error *error)
{
    struct fixture *fixture = context;
    fixture->told++;
    snprintf(fixture->error, sizeof(fixture->error), "%s", error->text);
}

static enum status
load(struct fixture *fixture, struct pipeline **ret_pipeline)
{
    struct state_load how = {create, tell, fixture, fixture->note};
    return state_load(fixture->state, &how, ret_pipeline, NULL);
}

// A pipeline that has used `posts` posts.
static struct pipeline *
pipeline_of(uint64_t posts)
{
    struct pipeline *pipeline = create(NULL, NULL);
    assert_non_null(pipeline);
    for (uint64_t i = 0; i < posts; i++) {
        char id[32];
        snprintf(id, sizeof(id), "n:%d", (int)i);
        struct post post = {.kind = POST_PUBLISHED,
                            .id = slice_of(id),
                            .time = T0,
                            .author.id = SLICE_LIT("n:ann")};
        assert_int_equal(pipeline_post(pipeline, &post, T0), STATUS_OK);
    }
    return pipeline;
}

static void
save(struct fixture *fixture, uint64_t posts, const char *note)
{
    struct pipeline *pipeline = pipeline_of(posts);
    assert_int_equal(state_save_now(fixture->state, pipeline, slice_of(note), NULL),
                     STATUS_OK);
    pipeline_destroy(&pipeline);
}

static void
assert_loads(struct fixture *fixture, enum status expected, uint64_t posts,
             const char *note)
{
    struct pipeline *pipeline = NULL;
    assert_int_equal(load(fixture, &pipeline), expected);
    assert_int_equal(pipeline_metrics(pipeline)->posts, posts);
    assert_string_equal(fixture->note, note);
    pipeline_destroy(&pipeline);
}

// Turns one byte of the file around.
static void
damage(const struct fixture *fixture, const char *name, long at)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/%s", fixture->dir, name);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, at < 0 ? SEEK_END : SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, at, at < 0 ? SEEK_END : SEEK_SET), 0);
    fputc(byte ^ 1, file);
    fclose(file);
}

static void
state_comes_back_with_its_note(void **context)
{
    struct fixture *fixture = *context;
    assert_loads(fixture, STATUS_AGAIN, 0, "");
    save(fixture, 3, "cursor 7");
    assert_loads(fixture, STATUS_OK, 3, "cursor 7");
    assert_int_equal(fixture->told, 0);
}

static void
state_is_saved_beside_the_loop(void **context)
{
    struct fixture *fixture = *context;
    struct pipeline *pipeline = pipeline_of(5);
    assert_true(state_save(fixture->state, pipeline, SLICE_LIT("a")));
    assert_false(state_save(fixture->state, pipeline, SLICE_LIT("b")));
    event_base_dispatch(fixture->base);
    assert_int_equal(fixture->saved, 1);
    assert_string_equal(fixture->error, "");
    assert_loads(fixture, STATUS_OK, 5, "a");
    assert_true(state_save(fixture->state, pipeline, SLICE_LIT("c")));
    pipeline_destroy(&pipeline);
}

static void
state_that_is_damaged_is_set_aside_for_the_one_before(void **context)
{
    struct fixture *fixture = *context;
    static const long places[] = {0, 9, 200, 5000, -1};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        save(fixture, 2, "older");
        save(fixture, 4, "newer");
        damage(fixture, "snapshot", places[i]);
        fixture->told = 0;
        assert_loads(fixture, STATUS_OK, 2, "older");
        assert_int_equal(fixture->told, 1);
        assert_non_null(strstr(fixture->error, "/snapshot is not used: it is damaged"));
    }
}

static void
state_starts_anew_when_all_is_damaged_or_cut_short(void **context)
{
    struct fixture *fixture = *context;
    char path[300];
    save(fixture, 2, "older");
    save(fixture, 4, "newer");
    damage(fixture, "snapshot.previous", 100);
    snprintf(path, sizeof(path), "%s/snapshot", fixture->dir);
    assert_int_equal(truncate(path, 10), 0);
    assert_loads(fixture, STATUS_AGAIN, 0, "");
    assert_int_equal(fixture->told, 2);
    assert_non_null(strstr(fixture->error, "counting starts anew"));
}

static void
state_directory_serves_one_at_a_time(void **context)
{
    struct fixture *fixture = *context;
    struct state *second = NULL;
    struct error error = {0};
    assert_int_equal(open_state(fixture, &second, &error), STATUS_FULL);
    assert_null(second);
    assert_non_null(strstr(error.text, fixture->dir));
    state_close(&fixture->state);
    assert_int_equal(open_state(fixture, &fixture->state, NULL), STATUS_OK);
}

static void
state_directory_that_cannot_be_made_is_named(void **context)
{
    struct fixture *fixture = *context;
    struct state_setup setup = {fixture->base, "/dev/null/state", on_saved, fixture};
    struct state *state = NULL;
    struct error error = {0};
    assert_int_equal(state_open(&setup, &state, &error), STATUS_IO);
    assert_non_null(strstr(error.text, "/dev/null/state"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(state_comes_back_with_its_note, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(state_is_saved_beside_the_loop, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            state_that_is_damaged_is_set_aside_for_the_one_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            state_starts_anew_when_all_is_damaged_or_cut_short, set_up, tear_down),
        cmocka_unit_test_setup_teardown(state_directory_serves_one_at_a_time, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(state_directory_that_cannot_be_made_is_named,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
