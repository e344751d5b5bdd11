// The control socket: who is answered, how, and what does not fit.
#include "daemon/control_socket.h"

#include <event2/event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json_writer.h"

enum { TURNS_MAX = 2000, ANSWER_MAX = 1 << 16 };

struct lab {
    struct event_base *base;
    struct control_socket *control;
    char folder[64];
    char path[128];
    int runs;
    bool is_patient; // `slow` is never finished
};

static enum status
run_echo(void *context, struct control_call *call, struct error *error)
{
    (void)context;
    (void)error;
    json_writer_open(call->result, '[');
    for (size_t i = 0; i < call->count; i++) {
        json_writer_string(call->result, slice_of(call->words[i]));
    }
    json_writer_close(call->result, ']');
    return STATUS_OK;
}

static enum status
run_slow(void *context, struct control_call *call, struct error *error)
{
    struct lab *lab = context;
    (void)error;
    lab->runs++;
    return lab->is_patient || call->stage++ < 3 ? STATUS_AGAIN : STATUS_OK;
}

static enum status
run_fail(void *context, struct control_call *call, struct error *error)
{
    (void)context;
    json_writer_open(call->result, '[');
    return error_set(error, STATUS_RANGE, "there is no \"%s\"", "such thing");
}

static const struct control_request requests[] = {
    {"echo", 0, 3, run_echo},
    {"slow", 0, 0, run_slow},
    {"fail", 0, 0, run_fail},
    {NULL, 0, 0, NULL},
};

static struct control_socket *
listen_there(struct lab *lab, struct error *error)
{
    const struct control_setup setup = {lab->base, lab->path, requests, lab};
    return control_socket_create(&setup, error);
}

static int
set_up(void **state)
{
    static struct lab lab;
    struct error error = {0};
    lab = (struct lab){.base = event_base_new()};
    const char *place = getenv("TMPDIR");
    (void)snprintf(lab.folder, sizeof lab.folder, "%s/control-XXXXXX",
                   place != NULL && strlen(place) < 40 ? place : "/tmp");
    assert_non_null(mkdtemp(lab.folder));
    (void)snprintf(lab.path, sizeof lab.path, "%s/control.sock", lab.folder);
    lab.control = listen_there(&lab, &error);
    assert_non_null(lab.control);
    *state = &lab;
    return 0;
}

static int
tear_down(void **state)
{
    struct lab *lab = *state;
    control_socket_destroy(&lab->control);
    event_base_free(lab->base);
    (void)unlink(lab->path);
    assert_int_equal(rmdir(lab->folder), 0);
    return 0;
}

static int
connect_there(const struct lab *lab)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, lab->path, strlen(lab->path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

// Sends the bytes, and lets the loop run until the daemon has closed the connection.
static const char *
ask_on(struct lab *lab, int fd, const char *bytes, size_t size)
{
    static char answer[ANSWER_MAX];
    size_t used = 0;
    size_t sent = 0;
    for (int turn = 0; turn < TURNS_MAX; turn++) {
        ssize_t more = send(fd, bytes + sent, size - sent, MSG_NOSIGNAL);
        sent += more > 0 ? (size_t)more : 0;
        event_base_loop(lab->base, EVLOOP_NONBLOCK);
        ssize_t got = recv(fd, answer + used, sizeof answer - used - 1, 0);
        if (got == 0) {
            break;
        }
        used += got > 0 ? (size_t)got : 0;
        if (got < 0) {
            (void)nanosleep(&(struct timespec){0, 1000000}, NULL);
        }
    }
    close(fd);
    answer[used] = '\0';
    return answer;
}

static const char *
ask(struct lab *lab, const char *line)
{
    return ask_on(lab, connect_there(lab), line, strlen(line));
}

static void
words_are_separated_by_tabs_and_the_answer_is_one_line(void **state)
{
    assert_string_equal(ask(*state, "echo\n"), "{\"code\":0,\"result\":[]}\n");
    assert_string_equal(ask(*state, "echo\ta b\t\tc\n"),
                        "{\"code\":0,\"result\":[\"a b\",\"\",\"c\"]}\n");
    assert_string_equal(ask(*state, "echo\tline\\n\"\x1b\n"),
                        "{\"code\":0,\"result\":[\"line\\\\n\\\"\\u001B\"]}\n");
}

static void
a_request_that_is_not_finished_is_run_again(void **state)
{
    struct lab *lab = *state;
    assert_string_equal(ask(lab, "slow\n"), "{\"code\":0,\"result\":null}\n");
    assert_int_equal(lab->runs, 4);
}

static void
a_failure_has_an_exit_code_and_a_text_and_no_result(void **state)
{
    assert_string_equal(ask(*state, "fail\n"),
                        "{\"code\":66,\"error\":\"there is no \\\"such thing\\\"\"}\n");
}

static void
what_is_no_request_is_refused(void **state)
{
    struct lab *lab = *state;
    static const char zero[] = "echo\ta\0b\n";
    assert_non_null(strstr(ask(lab, "nothing\n"), "{\"code\":64,\"error\":\"no such"));
    assert_non_null(strstr(ask(lab, "\n"), "{\"code\":64,\"error\":\"no such"));
    assert_non_null(strstr(ask(lab, "slow\targument\n"), "too few or too many"));
    assert_non_null(strstr(ask(lab, "echo\t1\t2\t3\t4\n"), "too few or too many"));
    assert_non_null(
        strstr(ask(lab, "echo\t1\t2\t3\t4\t5\t6\n"), "too few or too many"));
    assert_non_null(strstr(ask_on(lab, connect_there(lab), zero, sizeof zero - 1),
                           "contains a byte of 0"));
}

static void
a_request_longer_than_the_limit_is_refused_with_or_without_an_end(void **state)
{
    struct lab *lab = *state;
    char line[CONTROL_REQUEST_MAX + 3];
    memset(line, 'x', sizeof line);
    memcpy(line, "echo\t", 5);
    line[CONTROL_REQUEST_MAX] = '\n';
    assert_non_null(
        strstr(ask_on(lab, connect_there(lab), line, CONTROL_REQUEST_MAX + 1),
               "{\"code\":0,"));
    line[CONTROL_REQUEST_MAX] = 'x';
    assert_non_null(
        strstr(ask_on(lab, connect_there(lab), line, CONTROL_REQUEST_MAX + 2),
               "longer than 262144 bytes"));
    line[CONTROL_REQUEST_MAX + 1] = '\n';
    assert_non_null(
        strstr(ask_on(lab, connect_there(lab), line, CONTROL_REQUEST_MAX + 2),
               "longer than 262144 bytes"));
}

static void
one_client_too_many_is_turned_away_and_a_place_comes_free(void **state)
{
    struct lab *lab = *state;
    int idle[CONTROL_CLIENTS_MAX];
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        idle[i] = connect_there(lab);
        event_base_loop(lab->base, EVLOOP_NONBLOCK);
    }
    assert_non_null(strstr(ask(lab, "echo\n"), "{\"code\":75,\"error\":\"too many"));
    close(idle[0]);
    event_base_loop(lab->base, EVLOOP_NONBLOCK);
    assert_string_equal(ask(lab, "echo\n"), "{\"code\":0,\"result\":[]}\n");
    for (size_t i = 1; i < CONTROL_CLIENTS_MAX; i++) {
        close(idle[i]);
    }
}

static void
a_client_that_leaves_or_an_end_of_the_process_harms_nothing(void **state)
{
    struct lab *lab = *state;
    lab->is_patient = true;
    int fd = connect_there(lab);
    assert_int_equal(send(fd, "slow\n", 5, 0), 5);
    event_base_loop(lab->base, EVLOOP_NONBLOCK);
    close(fd);
    event_base_loop(lab->base, EVLOOP_NONBLOCK);
    fd = connect_there(lab);
    assert_int_equal(send(fd, "slow\n", 5, 0), 5);
    event_base_loop(lab->base, EVLOOP_NONBLOCK);
    control_socket_destroy(&lab->control);
    close(fd);
    assert_int_equal(access(lab->path, F_OK), -1);
}

static void
the_socket_is_for_owner_and_group_and_replaces_one_that_is_left_over(void **state)
{
    struct lab *lab = *state;
    struct error error = {0};
    struct stat found;
    assert_int_equal(stat(lab->path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0660);
    assert_null(listen_there(lab, &error)); // this process listens there
    assert_int_equal(error.code, STATUS_IO);
    assert_string_equal(ask(lab, "echo\n"), "{\"code\":0,\"result\":[]}\n");
    control_socket_destroy(&lab->control);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, lab->path, strlen(lab->path) + 1);
    int left = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(left, (struct sockaddr *)&address, sizeof address), 0);
    close(left);
    error = (struct error){0};
    lab->control = listen_there(lab, &error);
    assert_non_null(lab->control);
    assert_string_equal(ask(lab, "echo\n"), "{\"code\":0,\"result\":[]}\n");
}

static void
a_file_that_is_no_socket_is_not_replaced(void **state)
{
    struct lab *lab = *state;
    struct error error = {0};
    struct stat found;
    control_socket_destroy(&lab->control);
    FILE *file = fopen(lab->path, "w");
    assert_non_null(file);
    assert_true(fputs("precious", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_null(listen_there(lab, &error));
    assert_int_equal(error.code, STATUS_IO);
    assert_int_equal(stat(lab->path, &found), 0);
    assert_int_equal(found.st_size, strlen("precious"));
}

static void
root_the_own_user_and_the_group_are_admitted_and_others_are_not(void **state)
{
    (void)state;
    const gid_t groups[] = {7, 100};
    assert_true(
        control_socket_admits(&(struct control_peer){0, 5, NULL, 0}, 1000, 100));
    assert_true(
        control_socket_admits(&(struct control_peer){1000, 5, NULL, 0}, 1000, 100));
    assert_true(
        control_socket_admits(&(struct control_peer){2, 100, NULL, 0}, 1000, 100));
    assert_true(
        control_socket_admits(&(struct control_peer){2, 5, groups, 2}, 1000, 100));
    assert_false(
        control_socket_admits(&(struct control_peer){2, 5, groups, 1}, 1000, 100));
    assert_false(
        control_socket_admits(&(struct control_peer){1001, 101, NULL, 0}, 1000, 100));
}

static void
the_path_is_the_option_or_in_the_runtime_directory(void **state)
{
    (void)state;
    struct control_socket_options options = {.socket = ""};
    char path[OPTION_TEXT_MAX];
    unsetenv("RUNTIME_DIRECTORY");
    assert_string_equal(control_socket_path(&options, path), "");
    setenv("RUNTIME_DIRECTORY", "/run/one:/run/two", 1);
    assert_string_equal(control_socket_path(&options, path), "/run/one/control.sock");
    memcpy(options.socket, "/run/c", 7);
    assert_string_equal(control_socket_path(&options, path), "/run/c");
    unsetenv("RUNTIME_DIRECTORY");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            words_are_separated_by_tabs_and_the_answer_is_one_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_that_is_not_finished_is_run_again,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_failure_has_an_exit_code_and_a_text_and_no_result, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_request_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            a_request_longer_than_the_limit_is_refused_with_or_without_an_end, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            one_client_too_many_is_turned_away_and_a_place_comes_free, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            a_client_that_leaves_or_an_end_of_the_process_harms_nothing, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            the_socket_is_for_owner_and_group_and_replaces_one_that_is_left_over,
            set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_is_no_socket_is_not_replaced,
                                        set_up, tear_down),
        cmocka_unit_test(
            root_the_own_user_and_the_group_are_admitted_and_others_are_not),
        cmocka_unit_test(the_path_is_the_option_or_in_the_runtime_directory),
    };
    (void)signal(SIGPIPE, SIG_IGN); // as in the daemon
    return cmocka_run_group_tests(tests, NULL, NULL);
}
