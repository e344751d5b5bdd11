// cascadectl: shows in the terminal what cascaded has counted.
#include "base/buffer.h"
#include "base/output.h"
#include "ctl/campaign.h"
#include "ctl/carriers.h"
#include "ctl/cell.h"
#include "ctl/client.h"
#include "ctl/outreach.h"
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
    "  campaign [NAME]          show the figures and boards of a campaign, or list all\n"
    "      -w, --window W       window of the boards (default 1h)\n"
    "      -n, --rows N         at most N rows per board (default 3)\n"
    "      -j, --json           as one JSON object\n"
    "  outreach NAME [done|undo WHO]\n"
    "                           list whom to talk to in a campaign, with reasons; or\n"
    "                           mark a person as talked to (done), or not (undo)\n"
    "      -n, --rows N         the first N (default all)\n"
    "      --csv                as CSV\n"
    "      -j, --json           as one JSON object\n"
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
    const char *window; // NULL: not given
    struct top_options top;
    bool is_json;
    bool is_csv;
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
        arguments->window = value;
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
    case 'c':
        arguments->is_csv = true;
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

// words: the arguments of the command, as many as it takes.
typedef enum status (*run_fn)(char **words, int count,
                              const struct arguments *arguments, struct error *error);

static enum status
run_top(char **words, int count, const struct arguments *arguments, struct error *error)
{
    (void)words;
    (void)count;
    struct top_options options = arguments->top;
    options.window = arguments->window != NULL ? arguments->window : "1h";
    return top_run(arguments->client, &options, error);
}

static enum status
run_user(char **words, int count, const struct arguments *arguments,
         struct error *error)
{
    (void)count;
    return show_user(arguments->client, words[0], error);
}

static enum status
run_cascade(char **words, int count, const struct arguments *arguments,
            struct error *error)
{
    (void)count;
    return show_cascade(arguments->client, words[0], error);
}

static enum status
run_carriers(char **words, int count, const struct arguments *arguments,
             struct error *error)
{
    (void)words;
    (void)count;
    size_t rows = arguments->top.rows != 0 ? arguments->top.rows : CARRIERS_ROWS;
    return carriers_show(arguments->client, rows, arguments->is_json, error);
}

static enum status
run_carrier(char **words, int count, const struct arguments *arguments,
            struct error *error)
{
    (void)count;
    return show_carrier(arguments->client, words[0], error);
}

static enum status
run_campaign(char **words, int count, const struct arguments *arguments,
             struct error *error)
{
    const struct campaign_options options = {
        .window = arguments->window,
        .rows = arguments->top.rows != 0 ? arguments->top.rows : CAMPAIGN_ROWS,
        .is_json = arguments->is_json,
    };
    return count == 0 ? campaign_show_all(arguments->client, options.is_json, error)
                      : campaign_show(arguments->client, words[0], &options, error);
}

static enum status
run_outreach(char **words, int count, const struct arguments *arguments,
             struct error *error)
{
    if (count == 1) {
        enum outreach_form form = arguments->is_csv    ? OUTREACH_CSV
                                  : arguments->is_json ? OUTREACH_JSON
                                                       : OUTREACH_TABLE;
        return outreach_show(arguments->client, words[0], arguments->top.rows, form,
                             error);
    }
    return strcmp(words[1], "done") == 0
               ? outreach_mark(arguments->client, words[0], words[2], error)
               : outreach_unmark(arguments->client, words[0], words[2], error);
}

struct command {
    const char *name;
    int least; // arguments
    int most;
    const char *needs; // what they are
    bool may_be_json;
    bool may_be_csv;
    run_fn run;
};

static const struct command commands[] = {
    {.name = "top", .run = run_top},
    {.name = "user", .least = 1, .most = 1, .needs = "give one id", .run = run_user},
    {.name = "cascade",
     .least = 1,
     .most = 1,
     .needs = "give one id",
     .run = run_cascade},
    {.name = "carriers", .may_be_json = true, .run = run_carriers},
    {.name = "carrier",
     .least = 1,
     .most = 1,
     .needs = "give one id",
     .run = run_carrier},
    {.name = "campaign",
     .most = 1,
     .needs = "give at most one campaign",
     .may_be_json = true,
     .run = run_campaign},
    {.name = "outreach",
     .least = 1,
     .most = 3,
     .needs =
         "give one campaign, and done or undo with a person if one is to be marked",
     .may_be_json = true,
     .may_be_csv = true,
     .run = run_outreach},
};

#define COMMANDS_TEXT "top, user, cascade, carriers, carrier, campaign and outreach"

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
check_words(const struct command *command, char **words, int count)
{
    struct error error = {0};
    bool is_marking = count > 1 && command->run == run_outreach;
    bool is_good = count >= command->least && count <= command->most;
    if (command->most == 0 && count != 0) {
        error_set(&error, STATUS_PARSE, "%s takes no argument", command->name);
        return bad_usage(error.text);
    }
    if (is_marking) {
        is_good = count == 3 &&
                  (strcmp(words[1], "done") == 0 || strcmp(words[1], "undo") == 0);
    }
    return is_good ? EX_OK : bad_usage(command->needs);
}

static int
check_form(const struct command *command, const struct arguments *arguments)
{
    if (arguments->is_json && !command->may_be_json) {
        return bad_usage("--json is for carriers, campaign and outreach");
    }
    if (arguments->is_csv && !command->may_be_csv) {
        return bad_usage("--csv is for outreach");
    }
    if (arguments->is_csv && arguments->is_json) {
        return bad_usage("give --csv or --json");
    }
    return EX_OK;
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
    int code = check_words(command, words + 1, count - 1);
    if (code == EX_OK) {
        code = check_form(command, arguments);
    }
    if (code != EX_OK) {
        return code;
    }
    if (client_check(arguments->client, &error) != STATUS_OK) {
        return bad_usage(error.text);
    }
    enum status status = client_open(arguments->client, &error);
    if (status == STATUS_OK) {
        status = command->run(words + 1, count - 1, arguments, &error);
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
        {"csv", no_argument, NULL, 'c'},
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
        .top = {.every = USEC_PER_S},
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
