#include "daemon/cli.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/wrong_option.h"

const char cli_help[] =
    "Usage: cascaded [OPTION]... [FILE]...\n"
    "\n"
    "Reads posts and keeps exact rolling counters, cascades and leaderboards in "
    "Redis.\n"
    "Without FILE it follows the sources of the configuration until a signal. With "
    "FILEs\n"
    "(NDJSON; \"-\" is standard input) it replays them and prints one line of totals.\n"
    "\n"
    "  -c, --config FILE        configuration (default /etc/cascaded/cascaded.conf, if "
    "it\n"
    "                           exists)\n"
    "  -o, --option KEY=VALUE   override one option, as in -o "
    "redis.url=unix:/run/redis.sock\n"
    "  -t, --check              check the configuration and exit (0, or 78 with the "
    "errors)\n"
    "      --speed N|max        replay speed: 1 = as recorded, 60 = a minute per "
    "second\n"
    "      --stay               keep running after the replay, until a signal\n"
    "      --deliver            let a replay call webhooks (by default it does not)\n"
    "      --backtest           print the alerts that the rules would have sent for "
    "FILEs\n"
    "      --per-day N          with --backtest: wanted number of alerts a day "
    "(default 10)\n"
    "      --report NAME        print a report of the campaign of that name for FILEs\n"
    "      --html               with --report: as an HTML file\n"
    "      --discard-state      rename a snapshot of other options or another version, "
    "and\n"
    "                           count from zero\n"
    "      --describe WHAT      print a table: options, metrics, keys, formats or "
    "alerts\n"
    "      --json               with --describe or --report: as JSON\n"
    "  -q, --quiet              log errors only\n"
    "  -v, --verbose            log every refused message, and all counters at the "
    "end\n"
    "  -V, --version            print the version, and those of the libraries\n"
    "  -h, --help               print this help\n";

enum { PER_DAY = 10 };

enum {
    OPTION_SPEED = 256,
    OPTION_STAY,
    OPTION_DELIVER,
    OPTION_BACKTEST,
    OPTION_PER_DAY,
    OPTION_DISCARD_STATE,
    OPTION_DESCRIBE,
    OPTION_JSON,
    OPTION_REPORT,
    OPTION_HTML,
};

static enum status
parse_speed(const char *text, double *ret_speed, struct error *error)
{
    if (strcmp(text, "max") == 0) {
        *ret_speed = 0;
        return STATUS_OK;
    }
    char *end;
    double speed = strtod(text, &end);
    if (end == text || *end != '\0' || !(speed >= 0.01 && speed <= 1e6)) {
        return error_set(error, STATUS_PARSE,
                         "--speed %s: give a number from 0.01 to 1000000, or max",
                         text);
    }
    *ret_speed = speed;
    return STATUS_OK;
}

static enum status
parse_per_day(const char *text, double *ret_per_day, struct error *error)
{
    char *end;
    double per_day = strtod(text, &end);
    if (end == text || *end != '\0' || !(per_day > 0 && per_day <= 1e6)) {
        return error_set(error, STATUS_PARSE,
                         "--per-day %s: give a number above 0, at most 1000000", text);
    }
    *ret_per_day = per_day;
    return STATUS_OK;
}

// An option without a letter.
static enum status
take_long(int option, struct cli *cli, struct error *error)
{
    switch (option) {
    case OPTION_SPEED:
        return parse_speed(optarg, &cli->speed, error);
    case OPTION_STAY:
        cli->stays = true;
        break;
    case OPTION_DELIVER:
        cli->delivers = true;
        break;
    case OPTION_BACKTEST:
        cli->action = CLI_BACKTEST;
        break;
    case OPTION_PER_DAY:
        return parse_per_day(optarg, &cli->per_day, error);
    case OPTION_DISCARD_STATE:
        cli->discards_state = true;
        break;
    case OPTION_DESCRIBE:
        cli->action = CLI_DESCRIBE;
        cli->describe = optarg;
        break;
    case OPTION_JSON:
        cli->is_json = true;
        break;
    case OPTION_REPORT:
        cli->report = optarg;
        break;
    case OPTION_HTML:
        cli->is_html = true;
        break;
    default:
        break;
    }
    return STATUS_OK;
}

static enum status
take(int option, struct cli *cli, struct error *error)
{
    switch (option) {
    case 'c':
        cli->config = optarg;
        break;
    case 'o':
        if (cli->override_count == CLI_OVERRIDES_MAX) {
            return error_set(error, STATUS_FULL, "more than %d times -o",
                             CLI_OVERRIDES_MAX);
        }
        cli->overrides[cli->override_count++] = optarg;
        break;
    case 't':
        cli->action = CLI_CHECK;
        break;
    case 'q':
        cli->verbosity = -1;
        break;
    case 'v':
        cli->verbosity = 1;
        break;
    case 'V':
        cli->action = CLI_VERSION;
        break;
    case 'h':
        cli->action = CLI_HELP;
        break;
    default:
        return take_long(option, cli, error);
    }
    return STATUS_OK;
}

// Options that change what others print.
static enum status
check(struct cli *cli, struct error *error)
{
    if (cli->report != NULL && cli->action != CLI_RUN) {
        return error_set(error, STATUS_PARSE,
                         "--report: give it without another action");
    }
    cli->action = cli->report != NULL ? CLI_REPORT : cli->action;
    if (cli->is_html && cli->action != CLI_REPORT) {
        return error_set(error, STATUS_PARSE, "--html: give it with --report NAME");
    }
    if (cli->is_json && cli->action != CLI_REPORT && cli->action != CLI_DESCRIBE) {
        return error_set(error, STATUS_PARSE,
                         "--json: give it with --describe WHAT or --report NAME");
    }
    if (cli->is_json && cli->is_html) {
        return error_set(error, STATUS_PARSE, "--json, --html: give only one of them");
    }
    return STATUS_OK;
}

static enum status
refuse(const struct option *options, const struct wrong_option *wrong,
       struct error *error)
{
    struct error reason = {0};
    enum status status = wrong_option_explain(wrong, options, &reason);
    return error_set(error, status, "%s (cascaded --help lists the options)",
                     reason.text);
}

enum status
cli_parse(int argc, char **argv, struct cli *ret_cli, struct error *error)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"option", required_argument, NULL, 'o'},
        {"check", no_argument, NULL, 't'},
        {"speed", required_argument, NULL, OPTION_SPEED},
        {"stay", no_argument, NULL, OPTION_STAY},
        {"deliver", no_argument, NULL, OPTION_DELIVER},
        {"backtest", no_argument, NULL, OPTION_BACKTEST},
        {"per-day", required_argument, NULL, OPTION_PER_DAY},
        {"discard-state", no_argument, NULL, OPTION_DISCARD_STATE},
        {"describe", required_argument, NULL, OPTION_DESCRIBE},
        {"json", no_argument, NULL, OPTION_JSON},
        {"report", required_argument, NULL, OPTION_REPORT},
        {"html", no_argument, NULL, OPTION_HTML},
        {"quiet", no_argument, NULL, 'q'},
        {"verbose", no_argument, NULL, 'v'},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct cli cli = {.per_day = PER_DAY};
    opterr = 0;
    int option;
    while ((option = getopt_long(argc, argv, ":c:o:tqvVh", options, NULL)) != -1) {
        const struct wrong_option wrong = {option, optopt, argv[optind - 1]};
        enum status status = option == ':' || option == '?'
                                 ? refuse(options, &wrong, error)
                                 : take(option, &cli, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    cli.files = argv + optind;
    cli.file_count = argc - optind;
    enum status status = check(&cli, error);
    *ret_cli = cli;
    return status;
}
