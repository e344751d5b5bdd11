// cascadectl: shows in the terminal what cascaded has counted.
#include "base/buffer.h"
#include "base/output.h"
#include "ctl/carriers.h"
#include "ctl/cell.h"
#include "ctl/client.h"
#include "ctl/show.h"
#include "ctl/top.h"

#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

// clang-format off
static const char usage_text[] =
    "usage: cascadectl [-r URL] [-p PREFIX] COMMAND\n"
    "\n"
    "  top                      show the leaderboards until Ctrl-C\n"
    "      -w, --window W       window to show, as configured (default 1h)\n"
    "      -n, --rows N         at most N rows per board\n"
    "      -e, --every SPAN     time between two updates (default 1s)\n"
    "      -1, --once           show them once, then exit\n"
    "  user ID|@[NET:]HANDLE    show all values of a user\n"
    "  cascade ID               show all values of a post's cascade\n"
    "  carriers                 list the people through whom most people came\n"
    "      -n, --rows N         the first N (default 20)\n"
    "      -j, --json           as one JSON object\n"
    "  carrier ID|@[NET:]HANDLE show what is known of one of them\n"
    "\n"
    "  -r, --redis URL          unix:/path, redis://host:port/db or\n"
    "                           sentinel://host:port,host:port/name; rediss://\n"
    "                           and sentinels:// for TLS\n"
    "                           (default unix:/run/redis/redis-server.sock)\n"
    "  -p, --prefix PREFIX      prefix of the keys (default cascaded:)\n"
    "  -o, --option KEY=VALUE   an option of cascaded's section redis: redis.user,\n"
    "                           redis.password_file, redis.sentinel_user,\n"
    "                           redis.sentinel_password_file, redis.ca_file,\n"
    "                           redis.cert_file, redis.key_file …\n"
    "  -V, --version            print the version\n"
    "  -h, --help               print this help\n";
// clang-format on

struct arguments {
    struct client *client;
    struct top_options top;
    bool is_json;
};

enum { MESSAGE_COLUMNS = 600, COUNT_DIGITS_MAX = 6 };

// Messages may contain text from Redis or an argument, so they are cleaned, too.
static int
fail(int code, const char *text)
{
    struct buffer line;
    buffer_init(&line, 1 << 14);
    buffer_append(&line, SLICE_LIT("cascadectl: "));
    (void)cell_put(&line, slice_of(text), MESSAGE_COLUMNS);
    buffer_append_byte(&line, '\n');
    (void)fwrite(buffer_text(&line).ptr, 1, line.size, stderr);
    buffer_fini(&line);
    return code;
}

static int
bad_usage(const char *text)
{
    (void)fail(EX_USAGE, text);
    (void)fputs("cascadectl: try cascadectl --help\n", stderr);
    return EX_USAGE;
}

static bool
parse_rows(const char *text, size_t *ret_rows)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9' || strlen(text) > COUNT_DIGITS_MAX) {
        return false;
    }
    *ret_rows = strtoul(text, &end, 10);
    return *end == '\0' && *ret_rows > 0;
}

// The printed text is the result: if it cannot be written, the program fails.
static int
finish_output(int code)
{
    int reason = output_flush();
    if (reason == 0 || code != EX_OK) {
        return code;
    }
    struct error error = {0};
    error_set(&error, STATUS_IO, "cannot write to standard output: %s",
              strerror(reason));
    return fail(EX_IOERR, error.text);
}

static int
set_redis(const struct arguments *arguments, struct slice name, const char *value)
{
    struct error error = {0};
    enum status status = client_set(arguments->client, name, slice_of(value), &error);
    return status == STATUS_OK ? EX_OK : bad_usage(error.text);
}

// KEY=VALUE
static int
take_assignment(const struct arguments *arguments, const char *text)
{
    size_t length = strcspn(text, "=");
    bool has_value = text[length] == '=';
    return set_redis(arguments, (struct slice){text, has_value ? length : 0},
                     text + length + has_value);
}

// Parses one option. Returns EX_OK, or the code to exit with.
static int
take_option(int letter, const char *value, struct arguments *arguments)
{
    struct top_options *top = &arguments->top;
    switch (letter) {
    case 'r':
        return set_redis(arguments, SLICE_LIT("redis.url"), value);
    case 'p':
        return set_redis(arguments, SLICE_LIT("redis.prefix"), value);
    case 'o':
        return take_assignment(arguments, value);
    case 'w':
        top->window = value;
        return EX_OK;
    case 'n':
        return parse_rows(value, &top->rows)
                   ? EX_OK
                   : bad_usage("--rows: give a whole number from 1");
    case 'e':
        return usec_parse_duration(slice_of(value), &top->every) == STATUS_OK &&
                       top->every >= 10 * USEC_PER_MS
                   ? EX_OK
                   : bad_usage(
                         "--every: give a duration from 10ms, such as 1s or 500ms");
    case '1':
        top->is_once = true;
        return EX_OK;
    case 'j':
        arguments->is_json = true;
        return EX_OK;
    default:
        (void)fputs("cascadectl: try cascadectl --help\n", stderr);
        return EX_USAGE;
    }
}

static int
exit_code(enum status status, const struct error *error)
{
    switch (status) {
    case STATUS_OK:
        return EX_OK;
    case STATUS_RANGE:
        return fail(EX_NOINPUT, error->text);
    case STATUS_PARSE:
        return fail(EX_DATAERR, error->text);
    case STATUS_AGAIN:
    case STATUS_NOMEM:
    case STATUS_FULL:
    case STATUS_IO:
        break;
    }
    return fail(EX_UNAVAILABLE, error->text);
}

static enum status
run_top(struct client *client, const char *what, const struct arguments *arguments,
        struct error *error)
{
    (void)what;
    return top_run(client, &arguments->top, error);
}

static enum status
run_user(struct client *client, const char *what, const struct arguments *arguments,
         struct error *error)
{
    (void)arguments;
    return show_user(client, what, error);
}

static enum status
run_cascade(struct client *client, const char *what, const struct arguments *arguments,
            struct error *error)
{
    (void)arguments;
    return show_cascade(client, what, error);
}

static enum status
run_carriers(struct client *client, const char *what, const struct arguments *arguments,
             struct error *error)
{
    (void)what;
    size_t rows = arguments->top.rows != 0 ? arguments->top.rows : CARRIERS_ROWS;
    return carriers_show(client, rows, arguments->is_json, error);
}

static enum status
run_carrier(struct client *client, const char *what, const struct arguments *arguments,
            struct error *error)
{
    (void)arguments;
    return show_carrier(client, what, error);
}

struct command {
    const char *name;
    bool has_argument;
    bool may_be_json;
    enum status (*run)(struct client *client, const char *what,
                       const struct arguments *arguments, struct error *error);
};

static const struct command commands[] = {
    {"top", false, false, run_top},        {"user", true, false, run_user},
    {"cascade", true, false, run_cascade}, {"carriers", false, true, run_carriers},
    {"carrier", true, false, run_carrier},
};

#define COMMANDS_TEXT "top, user, cascade, carriers and carrier"

static const struct command *
find_command(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static int
run(char **words, int count, const struct arguments *arguments)
{
    struct error error = {0};
    if (count == 0) {
        return bad_usage("which command? There are " COMMANDS_TEXT);
    }
    const struct command *command = find_command(words[0]);
    if (command == NULL) {
        return bad_usage("no such command: there are " COMMANDS_TEXT);
    }
    if (count != (command->has_argument ? 2 : 1)) {
        error_set(&error, STATUS_PARSE, "%s takes no argument", command->name);
        return bad_usage(command->has_argument ? "give one id" : error.text);
    }
    if (arguments->is_json && !command->may_be_json) {
        return bad_usage("--json is for carriers");
    }
    if (client_check(arguments->client, &error) != STATUS_OK) {
        return bad_usage(error.text);
    }
    enum status status = client_open(arguments->client, &error);
    if (status == STATUS_OK) {
        status = command->run(arguments->client, words[1], arguments, &error);
    }
    return exit_code(status, &error);
}

static int
serve(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {
        {"redis", required_argument, NULL, 'r'},
        {"prefix", required_argument, NULL, 'p'},
        {"option", required_argument, NULL, 'o'},
        {"window", required_argument, NULL, 'w'},
        {"rows", required_argument, NULL, 'n'},
        {"every", required_argument, NULL, 'e'},
        {"once", no_argument, NULL, '1'},
        {"json", no_argument, NULL, 'j'},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int letter = 0;
    while ((letter = getopt_long(argc, argv, "r:p:o:w:n:e:1jVh", options, NULL)) !=
           -1) {
        if (letter == 'h' || letter == 'V') {
            (void)fputs(letter == 'h' ? usage_text
                                      : "cascadectl " CASCADED_VERSION "\n",
                        stdout);
            return EX_OK;
        }
        int code = take_option(letter, optarg, arguments);
        if (code != EX_OK) {
            return code;
        }
    }
    return run(argv + optind, argc - optind, arguments);
}

int
main(int argc, char **argv)
{
    struct error error = {0};
    struct client client;
    struct arguments arguments = {
        .client = &client,
        .top = {.window = "1h", .every = USEC_PER_S},
    };
    // A closed connection or pipe is reported by the call that writes to it.
    (void)signal(SIGPIPE, SIG_IGN);
    output_guard();
    if (cell_init() != 0) {
        return fail(EX_OSERR, "this system lacks the locale C.UTF-8");
    }
    if (client_init(&client, &error) != STATUS_OK) {
        return fail(EX_OSERR, error.text);
    }
    int code = finish_output(serve(argc, argv, &arguments));
    client_fini(&client);
    return code;
}
