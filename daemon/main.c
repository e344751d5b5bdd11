// cascaded: dispatches the command line and returns the exit code.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "base/output.h"
#include "daemon/backtest.h"
#include "daemon/campaign_report.h"
#include "daemon/cli.h"
#include "daemon/config.h"
#include "daemon/config_load.h"
#include "daemon/crash.h"
#include "daemon/describe.h"
#include "daemon/libraries.h"
#include "daemon/live.h"
#include "daemon/people.h"
#include "daemon/replay_run.h"
#include "daemon/report.h"
#include "net/clock.h"

#define CONFIG_DEFAULT "/etc/cascaded/cascaded.conf"

static struct config_place
config_place(const struct cli *cli)
{
    const char *path = cli->config;
    if (path == NULL && access(CONFIG_DEFAULT, F_OK) == 0) {
        path = CONFIG_DEFAULT;
    }
    return (struct config_place){path, cli->overrides, cli->override_count};
}

static int
check_people(const struct settings *settings)
{
    struct error error = {0};
    if (people_check(settings, &error) != STATUS_OK) {
        log_error("people_file_failed", "%s", error.text);
        return EX_CONFIG;
    }
    return EX_OK;
}

static int
explain_nothing(const struct config_place *place)
{
    if (place->path == NULL) {
        log_error("usage",
                  "name a FILE to replay, or - for standard input, or a configuration "
                  "with sources (see cascaded --help)");
        return EX_USAGE;
    }
    log_error("usage",
              "%s: no source is configured; write for example: source \"x\" { url = "
              "\"https://api.x.com/2/tweets/search/stream\" token_file = "
              "\"/etc/cascaded/credentials/x-token\" }, or set http.token_file to "
              "accept pushed posts",
              place->path);
    return EX_CONFIG;
}

static int
run(const struct cli *cli)
{
    static struct settings settings;
    struct config_place place = config_place(cli);
    if (!config_load(&place, &settings, config_print_error, NULL)) {
        return EX_CONFIG;
    }
    settings.state.discards = cli->discards_state;
    log_options_apply(&settings.log, cli->action == CLI_RUN && cli->file_count == 0);
    if (cli->action == CLI_CHECK) {
        return check_people(&settings);
    }
    if (cli->action == CLI_BACKTEST) {
        const struct backtest backtest = {&settings, cli->files, cli->file_count,
                                          cli->per_day};
        return report_flush(backtest_run(&backtest));
    }
    if (cli->action == CLI_REPORT) {
        const struct campaign_report report = {
            .settings = &settings,
            .name = cli->report,
            .form = cli->is_json   ? CAMPAIGN_REPORT_JSON
                    : cli->is_html ? CAMPAIGN_REPORT_HTML
                                   : CAMPAIGN_REPORT_TEXT,
            .files = cli->files,
            .file_count = cli->file_count,
        };
        return report_flush(campaign_report_run(&report));
    }
    if (cli->file_count != 0) {
        return replay_run(cli, &settings);
    }
    return settings_has_input(&settings) ? live_run(&place, &settings)
                                         : explain_nothing(&place);
}

static int
describe_part(const struct cli *cli)
{
    if (!describe(stdout, cli->describe, cli->is_json)) {
        log_error("usage",
                  "--describe %s: give options, metrics, keys, formats or alerts",
                  cli->describe);
        return EX_USAGE;
    }
    return report_flush(EX_OK);
}

int
main(int argc, char **argv)
{
    struct cli cli = {0};
    struct error error = {0};
    output_guard();
    signal(SIGPIPE, SIG_IGN);
    if (cli_parse(argc, argv, &cli, &error) != STATUS_OK) {
        log_error("usage", "%s", error.text);
        return EX_USAGE;
    }
    log_setup(&(struct log_setup){
        .threshold = cli.verbosity < 0 ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO,
        .has_journal = getenv("JOURNAL_STREAM") != NULL,
        .monotonic = clock_monotonic,
        .system = clock_system,
    });
    crash_watch();
    switch (cli.action) {
    case CLI_VERSION:
        puts("cascaded " CASCADED_VERSION);
        libraries_print(stdout);
        return report_flush(EX_OK);
    case CLI_HELP:
        fputs(cli_help, stdout);
        return report_flush(EX_OK);
    case CLI_DESCRIBE:
        return describe_part(&cli);
    case CLI_RUN:
    case CLI_CHECK:
    case CLI_BACKTEST:
    case CLI_REPORT:
        break;
    }
    int exit_code = run(&cli);
    log_settle(true);
    return exit_code;
}
