// cascadectl: shows in the terminal what cascaded has counted.
#include "base/buffer.h"
#include "base/output.h"
#include "base/wrong_option.h"
#include "ingest/text/cell.h"
#include "ctl/client.h"
#include "ctl/command.h"
#include "ctl/usage.h"

#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

// What each letter of an option is called, for messages.
struct letter {
    char letter;
    const char *name;
};

struct arguments {
    struct client *client;
    struct service service;
    struct command_options options;
    char given[24]; // letters of options that only some commands take
    size_t given_count;
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

static const struct letter letters[] = {
    {'w', "--window"}, {'n', "--rows"}, {'e', "--every"},  {'1', "--once"},
    {'j', "--json"},   {'c', "--csv"},  {'t', "--tree"},   {'d', "--dot"},
    {'f', "--follow"}, {'W', "--wait"}, {'O', "--origin"}, {'R', "--rule"},
    {'U', "--user"},   {'y', "--yes"},
};

// An option of some commands. Returns EX_OK, or the code to exit with.
static int
take_choice(int letter, const char *value, struct command_options *options)
{
    switch (letter) {
    case 'w':
        options->window = value;
        break;
    case 'n':
        return parse_rows(value, &options->rows)
                   ? EX_OK
                   : bad_usage("--rows: give a whole number from 1");
    case 'e':
        return usec_parse_duration(slice_of(value), &options->every) == STATUS_OK &&
                       options->every >= 10 * USEC_PER_MS
                   ? EX_OK
                   : bad_usage(
                         "--every: give a duration from 10ms, such as 1s or 500ms");
    case 'R':
        options->rule = value;
        break;
    case 'U':
        options->user = value;
        break;
    default:
        options->is_once |= letter == '1';
        options->is_json |= letter == 'j';
        options->is_csv |= letter == 'c';
        options->is_tree |= letter == 't';
        options->is_dot |= letter == 'd';
        options->is_following |= letter == 'f';
        options->is_waiting |= letter == 'W';
        options->has_origin |= letter == 'O';
        options->is_sure |= letter == 'y';
        break;
    }
    return EX_OK;
}

static int
take_option(int letter, const char *value, struct arguments *arguments)
{
    switch (letter) {
    case 'r':
        arguments->service.is_redis_given = true;
        return set_redis(arguments, SLICE_LIT("redis.url"), value);
    case 'p':
        arguments->service.is_redis_given = true;
        return set_redis(arguments, SLICE_LIT("redis.prefix"), value);
    case 'o':
        arguments->service.is_redis_given = true;
        return take_assignment(arguments, value);
    case 'C':
        arguments->service.control_given = value;
        return EX_OK;
    case 'H':
        arguments->service.http_given = value;
        return EX_OK;
    default:
        if (memchr(arguments->given, letter, arguments->given_count) == NULL) {
            arguments->given[arguments->given_count++] = (char)letter;
        }
        return take_choice(letter, value, &arguments->options);
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

static int
check_words(const struct command *command, char **words, int count)
{
    struct error error = {0};
    bool is_good = count >= command->least && count <= command->most;
    if (command->most == 0 && count != 0) {
        error_set(&error, STATUS_PARSE, "%s takes no argument", command->name);
        return bad_usage(error.text);
    }
    if (is_good && command->check != NULL) {
        is_good = command->check(words, count);
    }
    return is_good ? EX_OK : bad_usage(command->missing);
}

static int
check_options(const struct command *command, const struct arguments *arguments)
{
    char names[COMMAND_NAMES_MAX];
    struct error error = {0};
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
        char letter = letters[i].letter;
        bool is_given =
            memchr(arguments->given, letter, arguments->given_count) != NULL;
        if (is_given && strchr(command->takes, letter) == NULL) {
            error_set(&error, STATUS_PARSE, "%s is for %s", letters[i].name,
                      command_names(letter, names));
            return bad_usage(error.text);
        }
    }
    if (arguments->options.is_csv && arguments->options.is_json) {
        return bad_usage("give --csv or --json");
    }
    return EX_OK;
}

// Connects as the command needs it, and runs it.
static int
call(const struct command *command, char **words, int count,
     struct arguments *arguments)
{
    struct error error = {0};
    struct error why = {0};
    struct service *service = &arguments->service;
    enum status status = client_open(arguments->client, &why);
    const struct command_call call = {
        .client = arguments->client,
        .service = service,
        .words = words,
        .count = count,
        .options = &arguments->options,
        .is_redis_up = status == STATUS_OK,
    };
    int needs = command->needs_of != NULL ? command->needs_of(&call) : command->needs;
    if (status != STATUS_OK && (needs & COMMAND_REDIS) != 0) {
        return exit_code(status, &why);
    }
    if ((needs & COMMAND_SERVICE) != 0) {
        service_find(service, call.is_redis_up ? arguments->client : NULL);
    }
    status = command->run(&call, &error);
    int code = exit_code(status, &error);
    return code != EX_OK && service->exit_code != 0 ? service->exit_code : code;
}

static int
run(char **words, int count, struct arguments *arguments)
{
    char names[COMMAND_NAMES_MAX];
    struct error error = {0};
    const struct command *command = count != 0 ? command_find(words[0]) : NULL;
    if (command == NULL) {
        error_set(&error, STATUS_PARSE, "%s%s",
                  count == 0 ? "which command? There are "
                             : "no such command: there are ",
                  command_names(0, names));
        return bad_usage(error.text);
    }
    int code = check_words(command, words + 1, count - 1);
    if (code == EX_OK) {
        code = check_options(command, arguments);
    }
    if (code != EX_OK) {
        return code;
    }
    if (client_check(arguments->client, &error) != STATUS_OK) {
        return bad_usage(error.text);
    }
    return call(command, words + 1, count - 1, arguments);
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
        {"tree", no_argument, NULL, 't'},
        {"dot", no_argument, NULL, 'd'},
        {"follow", no_argument, NULL, 'f'},
        {"wait", no_argument, NULL, 'W'},
        {"origin", no_argument, NULL, 'O'},
        {"rule", required_argument, NULL, 'R'},
        {"user", required_argument, NULL, 'U'},
        {"yes", no_argument, NULL, 'y'},
        {"control", required_argument, NULL, 'C'},
        {"http", required_argument, NULL, 'H'},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int letter = 0;
    opterr = 0;
    while ((letter = getopt_long(argc, argv, ":r:p:o:w:n:e:1fjVh", options, NULL)) !=
           -1) {
        if (letter == 'h' || letter == 'V') {
            (void)fputs(letter == 'h' ? usage_commands
                                      : "cascadectl " CASCADED_VERSION "\n",
                        stdout);
            (void)fputs(letter == 'h' ? usage_options : "", stdout);
            return EX_OK;
        }
        struct error error = {0};
        if (letter == '?' || letter == ':') {
            const struct wrong_option wrong = {letter, optopt, argv[optind - 1]};
            (void)wrong_option_explain(&wrong, options, &error);
            return bad_usage(error.text);
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
        .options = {.every = USEC_PER_S},
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
