#include "daemon/state.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>
#include <openssl/evp.h>

#include "pipeline/pipeline.h"

#define T0 ((usec)1700000000 * USEC_PER_S)

struct fixture {
    char dir[256];
    struct event_base *base;
    struct state *state;
    uint64_t top; // redis.top
    bool discards;
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

static int
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
    fixture->top = 10;
    fixture->base = event_base_new();
    if (mkdtemp(fixture->dir) == NULL || fixture->base == NULL ||
        open_state(fixture, &fixture->state, NULL) != 0) {
        return -1;
    }
    *context = fixture;
    return 0;
}

static void
path_of(const struct fixture *fixture, const char *name, char path[600])
{
    snprintf(path, 600, "%s/%s", fixture->dir, name);
}

static int
tear_down(void **context)
{
    struct fixture *fixture = *context;
    state_close(&fixture->state);
    event_base_free(fixture->base);
    DIR *dir = opendir(fixture->dir);
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        char path[600];
        path_of(fixture, entry->d_name, path);
        (void)remove(path);
    }
    closedir(dir);
    int result = rmdir(fixture->dir);
    free(fixture);
    return result;
}

static struct pipeline *
create(void *context, struct error *error)
{
    const struct fixture *fixture = context;
    struct pipeline_options options;
    option_presets(pipeline_option_rows, &options);
    options.memory_texts = 64 << 20;
    options.dedupe_capacity = 1000;
    options.top = fixture->top;
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

static int
load(struct fixture *fixture, bool *ret_is_restored, struct pipeline **ret_pipeline)
{
    struct state_load how = {.create = create,
                             .report = tell,
                             .context = fixture,
                             .discards = fixture->discards,
                             .note = fixture->note};
    struct error error = {0};
    int exit_code = state_load(fixture->state, &how, ret_pipeline, &error);
    *ret_is_restored = how.is_restored;
    if (exit_code != 0) {
        snprintf(fixture->error, sizeof(fixture->error), "%s", error.text);
    }
    return exit_code;
}

// A pipeline that has used `posts` posts.
static struct pipeline *
pipeline_of(struct fixture *fixture, uint64_t posts)
{
    struct pipeline *pipeline = create(fixture, NULL);
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
    struct pipeline *pipeline = pipeline_of(fixture, posts);
    assert_int_equal(state_save_now(fixture->state, pipeline, slice_of(note), NULL),
                     STATUS_OK);
    pipeline_destroy(&pipeline);
}

static void
assert_loads(struct fixture *fixture, bool is_restored, uint64_t posts,
             const char *note)
{
    struct pipeline *pipeline = NULL;
    bool found;
    assert_int_equal(load(fixture, &found, &pipeline), 0);
    assert_int_equal(found, is_restored);
    assert_int_equal(pipeline_metrics(pipeline)->posts, posts);
    assert_string_equal(fixture->note, note);
    pipeline_destroy(&pipeline);
}

// The names in the directory and the size of each, in any order: changed by what the
// test is about, and equal if nothing was.
static uint64_t
look_of(const struct fixture *fixture)
{
    uint64_t sum = 0;
    DIR *dir = opendir(fixture->dir);
    assert_non_null(dir);
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        struct stat status;
        char path[600];
        path_of(fixture, entry->d_name, path);
        assert_int_equal(lstat(path, &status), 0);
        uint64_t hash = 5381 + (uint64_t)status.st_ino;
        for (const char *at = entry->d_name; *at != '\0'; at++) {
            hash = hash * 33 + (unsigned char)*at;
        }
        sum += hash;
    }
    closedir(dir);
    return sum;
}

static bool
exists(const struct fixture *fixture, const char *name)
{
    char path[600];
    struct stat status;
    path_of(fixture, name, path);
    return lstat(path, &status) == 0;
}

static void
assert_refused(struct fixture *fixture, int exit_code, const char *why)
{
    struct pipeline *pipeline = NULL;
    bool found;
    uint64_t look = look_of(fixture);
    fixture->told = 0;
    assert_int_equal(load(fixture, &found, &pipeline), exit_code);
    assert_false(found);
    assert_null(pipeline);
    assert_string_equal(fixture->note, "");
    assert_non_null(strstr(fixture->error, why));
    assert_non_null(strstr(fixture->error, "Nothing was changed"));
    assert_int_equal(fixture->told, 0);
    assert_true(look_of(fixture) == look);
}

// Turns one byte of the file around.
static void
damage(const struct fixture *fixture, const char *name, long at)
{
    char path[600];
    path_of(fixture, name, path);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, at < 0 ? SEEK_END : SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, at, at < 0 ? SEEK_END : SEEK_SET), 0);
    fputc(byte ^ 1, file);
    fclose(file);
}

// Puts bytes into the file and seals it anew: at >= 0 over those there, at -1 at the
// end.
static void
forge(const struct fixture *fixture, const char *name, long at, const char *bytes)
{
    char path[600];
    static unsigned char content[8 << 20];
    unsigned char digest[32];
    unsigned int digest_len = 0;
    path_of(fixture, name, path);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    size_t size = fread(content, 1, sizeof(content), file) - sizeof(digest);
    size_t len = strlen(bytes);
    memcpy(content + (at < 0 ? size : (size_t)at), bytes, len);
    size += at < 0 ? len : 0;
    assert_int_equal(EVP_Digest(content, size, digest, &digest_len, EVP_sha256(), NULL),
                     1);
    rewind(file);
    assert_int_equal(fwrite(content, 1, size, file), size);
    assert_int_equal(fwrite(digest, 1, digest_len, file), sizeof(digest));
    fclose(file);
}

static void
state_comes_back_with_its_note(void **context)
{
    struct fixture *fixture = *context;
    assert_loads(fixture, false, 0, "");
    save(fixture, 3, "cursor 7");
    assert_loads(fixture, true, 3, "cursor 7");
    assert_int_equal(fixture->told, 0);
}

static void
state_is_saved_beside_the_loop(void **context)
{
    struct fixture *fixture = *context;
    struct pipeline *pipeline = pipeline_of(fixture, 5);
    assert_true(state_save(fixture->state, pipeline, SLICE_LIT("a")));
    assert_false(state_save(fixture->state, pipeline, SLICE_LIT("b")));
    event_base_dispatch(fixture->base);
    assert_int_equal(fixture->saved, 1);
    assert_string_equal(fixture->error, "");
    assert_loads(fixture, true, 5, "a");
    assert_true(state_save(fixture->state, pipeline, SLICE_LIT("c")));
    pipeline_destroy(&pipeline);
}

static void
the_writer_beside_the_loop_gets_the_processor_after_it(void **context)
{
    struct fixture *fixture = *context;
    struct pipeline *pipeline = pipeline_of(fixture, 5);
    assert_true(state_save(fixture->state, pipeline, SLICE_LIT("a")));
    siginfo_t ended = {0};
    assert_int_equal(waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT), 0);
    int own = getpriority(PRIO_PROCESS, 0);
    int least = own < 10 ? own + 10 : 19;
    assert_int_equal(getpriority(PRIO_PROCESS, (id_t)ended.si_pid), least);
    event_base_dispatch(fixture->base);
    assert_string_equal(fixture->error, "");
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
        assert_loads(fixture, true, 2, "older");
        assert_int_equal(fixture->told, 1);
        assert_non_null(strstr(fixture->error, "/snapshot is not used: it is damaged"));
    }
}

static void
state_that_is_damaged_never_replaces_another_that_is(void **context)
{
    struct fixture *fixture = *context;
    for (int i = 0; i < 3; i++) {
        save(fixture, 2, "older");
        save(fixture, 4, "newer");
        damage(fixture, "snapshot", 300);
        assert_loads(fixture, true, 2, "older");
    }
    assert_true(exists(fixture, "snapshot.damaged"));
    assert_true(exists(fixture, "snapshot.damaged-2"));
    assert_true(exists(fixture, "snapshot.damaged-3"));
    assert_non_null(strstr(fixture->error, "set aside as snapshot.damaged-3"));
}

static void
state_starts_from_zero_when_all_is_damaged_or_cut_short(void **context)
{
    struct fixture *fixture = *context;
    char path[600];
    save(fixture, 2, "older");
    save(fixture, 4, "newer");
    damage(fixture, "snapshot.previous", 100);
    path_of(fixture, "snapshot", path);
    assert_int_equal(truncate(path, 10), 0);
    assert_loads(fixture, false, 0, "");
    assert_int_equal(fixture->told, 2);
    assert_true(exists(fixture, "snapshot.damaged"));
    assert_true(exists(fixture, "snapshot.damaged-2"));
}

static void
state_of_other_options_is_refused_with_what_it_holds(void **context)
{
    struct fixture *fixture = *context;
    save(fixture, 2, "older");
    save(fixture, 4, "newer");
    fixture->top = 20;
    assert_refused(fixture, EX_CONFIG, "/snapshot is not used: it was made with other");
    assert_non_null(strstr(fixture->error, "redis.top (10, now 20)"));
    assert_non_null(strstr(fixture->error, "4 posts and 1 people up to 2023-11-14T22"));
    assert_non_null(strstr(fixture->error, "--discard-state"));
    fixture->top = 10;
    assert_loads(fixture, true, 4, "newer");
}

static void
state_of_other_options_is_kept_when_it_is_discarded(void **context)
{
    struct fixture *fixture = *context;
    save(fixture, 2, "older");
    save(fixture, 4, "newer");
    fixture->discards = true;
    assert_loads(fixture, true, 4, "newer");
    assert_int_equal(fixture->told, 0);
    fixture->top = 20;
    assert_loads(fixture, false, 0, "");
    assert_int_equal(fixture->told, 2);
    assert_false(exists(fixture, "snapshot"));
    assert_false(exists(fixture, "snapshot.previous"));
    const char *name = strstr(fixture->error, "snapshot.discarded-2");
    assert_non_null(name);
    assert_true(exists(fixture, name));
    char path[600];
    char newest[600];
    path_of(fixture, name, path);
    path_of(fixture, "snapshot", newest);
    assert_int_equal(rename(path, newest), 0);
    fixture->top = 10;
    assert_loads(fixture, true, 2, "older");
}

static void
state_of_another_version_is_refused(void **context)
{
    struct fixture *fixture = *context;
    static const struct {
        long at;
        const char *bytes;
        const char *why;
    } cases[] = {
        {0, "cascaded", "it was made by an older version"},
        {0, "casc", NULL},
        {0, "something else", "it was not made by this program"},
        {-1, "more", "it was made by another version"},
        {8 + 8 + 5 + 4 + 7, "0", "it was made by another version; it holds 4 posts"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        save(fixture, 2, "older");
        save(fixture, 4, "newer");
        forge(fixture, "snapshot", cases[i].at, cases[i].bytes);
        if (cases[i].why != NULL) {
            assert_refused(fixture, EX_CONFIG, cases[i].why);
        } else {
            assert_loads(fixture, true, 4, "newer");
        }
    }
}

static void
state_that_cannot_be_read_is_left_as_it_is(void **context)
{
    struct fixture *fixture = *context;
    struct rlimit before;
    save(fixture, 2, "older");
    save(fixture, 4, "newer");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit none = {0, before.rlim_max};
    uint64_t look = look_of(fixture);
    struct pipeline *pipeline = NULL;
    bool found;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int exit_code = load(fixture, &found, &pipeline);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(exit_code, EX_OSERR);
    assert_null(pipeline);
    assert_non_null(strstr(fixture->error, "Too many open files. Nothing was changed"));
    assert_true(look_of(fixture) == look);
    assert_loads(fixture, true, 4, "newer");
    char path[600];
    path_of(fixture, "snapshot", path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_refused(fixture, EX_IOERR, "cannot read");
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused(fixture, EX_IOERR, "cannot read");
}

static void
state_is_not_written_through_a_link(void **context)
{
    struct fixture *fixture = *context;
    char path[600];
    char target[600];
    path_of(fixture, "snapshot.part", path);
    path_of(fixture, "of-others", target);
    assert_int_equal(symlink(target, path), 0);
    save(fixture, 4, "newer");
    assert_false(exists(fixture, "of-others"));
    assert_loads(fixture, true, 4, "newer");
}

static void
state_that_cannot_be_written_leaves_the_one_before_and_no_part(void **context)
{
    struct fixture *fixture = *context;
    struct rlimit before;
    struct error error = {0};
    save(fixture, 2, "older");
    save(fixture, 4, "newer");
    struct pipeline *pipeline = pipeline_of(fixture, 5);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = {100000, before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(state_save_now(fixture->state, pipeline, SLICE_LIT("c"), &error),
                     STATUS_IO);
    assert_true(state_save(fixture->state, pipeline, SLICE_LIT("c")));
    event_base_dispatch(fixture->base);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_non_null(strstr(error.text, "File too large"));
    assert_string_equal(fixture->error, error.text);
    assert_false(exists(fixture, "snapshot.part"));
    assert_loads(fixture, true, 4, "newer");
    pipeline_destroy(&pipeline);
}

static void
state_directory_serves_one_at_a_time(void **context)
{
    struct fixture *fixture = *context;
    struct state *second = NULL;
    struct error error = {0};
    assert_int_equal(open_state(fixture, &second, &error), EX_TEMPFAIL);
    assert_null(second);
    assert_non_null(strstr(error.text, fixture->dir));
    state_close(&fixture->state);
    assert_int_equal(open_state(fixture, &fixture->state, NULL), 0);
}

static void
state_directory_that_cannot_be_made_is_named(void **context)
{
    struct fixture *fixture = *context;
    struct state_setup setup = {fixture->base, "/dev/null/state", on_saved, fixture};
    struct state *state = NULL;
    struct error error = {0};
    assert_int_equal(state_open(&setup, &state, &error), EX_CANTCREAT);
    assert_non_null(strstr(error.text, "/dev/null/state"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(state_comes_back_with_its_note),
        TEST(state_is_saved_beside_the_loop),
        TEST(the_writer_beside_the_loop_gets_the_processor_after_it),
        TEST(state_that_is_damaged_is_set_aside_for_the_one_before),
        TEST(state_that_is_damaged_never_replaces_another_that_is),
        TEST(state_starts_from_zero_when_all_is_damaged_or_cut_short),
        TEST(state_of_other_options_is_refused_with_what_it_holds),
        TEST(state_of_other_options_is_kept_when_it_is_discarded),
        TEST(state_of_another_version_is_refused),
        TEST(state_that_cannot_be_read_is_left_as_it_is),
        TEST(state_is_not_written_through_a_link),
        TEST(state_that_cannot_be_written_leaves_the_one_before_and_no_part),
        TEST(state_directory_serves_one_at_a_time),
        TEST(state_directory_that_cannot_be_made_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
