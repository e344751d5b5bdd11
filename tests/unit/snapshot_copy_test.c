#include "daemon/snapshot_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/status.h"
#include "daemon/state.h"

static const struct redis_manifest four_bytes = {.chunks = 1, .bytes = 4};

struct fixture {
    char path[256];
    int dir;
    struct snapshot_writer writer;
};

static int
set_up(void **context)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    const char *folder = getenv("TMPDIR");
    snprintf(fixture->path, sizeof(fixture->path), "%s/copy-test-XXXXXX",
             folder != NULL ? folder : "/var/tmp");
    if (mkdtemp(fixture->path) == NULL) {
        return -1;
    }
    fixture->dir = open(fixture->path, O_RDONLY | O_DIRECTORY);
    *context = fixture;
    return fixture->dir < 0 ? -1 : 0;
}

// Fails if a file is left.
static int
tear_down(void **context)
{
    struct fixture *fixture = *context;
    snapshot_writer_close(&fixture->writer);
    close(fixture->dir);
    int result = rmdir(fixture->path);
    free(fixture);
    return result;
}

static void
a_file_that_cannot_be_made_is_reported_with_its_reason(void **context)
{
    struct fixture *fixture = *context;
    struct error why = {0};
    assert_int_equal(mkdirat(fixture->dir, STATE_PART, 0700), 0);
    snapshot_writer_open(&fixture->writer, fixture->dir, &four_bytes);
    assert_false(snapshot_writer_put(&fixture->writer, SLICE_LIT("abcd")));
    assert_false(snapshot_writer_end(&fixture->writer, &why));
    assert_int_equal(fixture->writer.reason, EEXIST);
    assert_int_equal(why.code, STATUS_OK);
    assert_int_equal(unlinkat(fixture->dir, STATE_PART, AT_REMOVEDIR), 0);
}

static void
bytes_that_are_no_snapshot_are_damaged_and_leave_no_file(void **context)
{
    struct fixture *fixture = *context;
    struct error why = {0};
    snapshot_writer_open(&fixture->writer, fixture->dir, &four_bytes);
    assert_true(snapshot_writer_put(&fixture->writer, SLICE_LIT("abcd")));
    assert_false(snapshot_writer_end(&fixture->writer, &why));
    assert_int_equal(fixture->writer.reason, 0);
    assert_int_equal(why.code, STATUS_PARSE);
    assert_int_equal(faccessat(fixture->dir, STATE_NEWEST, F_OK, 0), -1);
}

static void
more_bytes_than_the_manifest_says_are_not_wanted(void **context)
{
    struct fixture *fixture = *context;
    snapshot_writer_open(&fixture->writer, fixture->dir, &four_bytes);
    assert_false(snapshot_writer_put(&fixture->writer, SLICE_LIT("abcde")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_file_that_cannot_be_made_is_reported_with_its_reason, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            bytes_that_are_no_snapshot_are_damaged_and_leave_no_file, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            more_bytes_than_the_manifest_says_are_not_wanted, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
