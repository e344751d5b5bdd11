#include "ctl/command.h"

#include <stdio.h>
#include <string.h>

#include "ctl/alerts.h"
#include "ctl/bugreport.h"
#include "ctl/board_list.h"
#include "ctl/campaign.h"
#include "ctl/carriers.h"
#include "ctl/completion.h"
#include "ctl/configuration.h"
#include "ctl/outreach.h"
#include "ctl/show.h"
#include "ctl/state.h"
#include "ctl/top.h"
#include "ctl/tree.h"
#include "ctl/webhooks.h"

static enum status
run_status(const struct command_call *call, struct error *error)
{
    return state_show(call->service, call->options->is_json, error);
}

static enum status
run_sources(const struct command_call *call, struct error *error)
{
    const char *name = call->count != 0 ? call->words[0] : NULL;
    return state_sources(call->service, name, call->options->is_json, error);
}

static enum status
run_top(const struct command_call *call, struct error *error)
{
    const struct top_options options = {
        .window = call->options->window != NULL ? call->options->window : "1h",
        .rows = call->options->rows,
        .every = call->options->every,
        .is_once = call->options->is_once,
        .is_json = call->options->is_json,
    };
    return top_run(call->client, &options, error);
}

static enum status
run_board(const struct command_call *call, struct error *error)
{
    const struct board_list_request request = {
        .metric = call->words[0],
        .window = call->count > 1 ? call->words[1] : NULL,
        .rows = call->options->rows != 0 ? call->options->rows : BOARD_LIST_ROWS,
        .is_json = call->options->is_json,
    };
    return board_list_show(call->client, &request, error);
}

static enum status
run_user(const struct command_call *call, struct error *error)
{
    return show_user(call->client, call->words[0], call->options->is_json, error);
}

static enum status
run_cascade(const struct command_call *call, struct error *error)
{
    const struct command_options *options = call->options;
    if (options->is_tree || options->is_dot) {
        enum tree_form form = options->is_dot    ? TREE_DOT
                              : options->is_json ? TREE_JSON
                                                 : TREE_LINES;
        return tree_show(call->service, call->words[0], form, options->rows, error);
    }
    return show_cascade(call->client, call->words[0], options->is_json, error);
}

static enum status
run_carriers(const struct command_call *call, struct error *error)
{
    size_t rows = call->options->rows != 0 ? call->options->rows : CARRIERS_ROWS;
    return carriers_show(call->client, rows, call->options->is_json, error);
}

static enum status
run_carrier(const struct command_call *call, struct error *error)
{
    return show_carrier(call->client, call->words[0], call->options->is_json, error);
}

static enum status
run_campaign(const struct command_call *call, struct error *error)
{
    const struct campaign_options options = {
        .window = call->options->window,
        .rows = call->options->rows != 0 ? call->options->rows : CAMPAIGN_ROWS,
        .is_json = call->options->is_json,
    };
    return call->count == 0 ? campaign_show_all(call->client, options.is_json, error)
                            : campaign_show(call->client, call->service, call->words[0],
                                            &options, error);
}

static enum status
run_outreach(const struct command_call *call, struct error *error)
{
    char **words = call->words;
    if (call->count == 1) {
        enum outreach_form form = call->options->is_csv    ? OUTREACH_CSV
                                  : call->options->is_json ? OUTREACH_JSON
                                                           : OUTREACH_TABLE;
        return outreach_show(call->client, words[0], call->options->rows, form, error);
    }
    return strcmp(words[1], "done") == 0
               ? outreach_mark(call->client, words[0], words[2], error)
               : outreach_unmark(call->client, words[0], words[2], error);
}

static bool
check_outreach(char **words, int count)
{
    return count == 1 || (count == 3 && (strcmp(words[1], "done") == 0 ||
                                         strcmp(words[1], "undo") == 0));
}

static enum status
run_alerts(const struct command_call *call, struct error *error)
{
    const struct command_options *options = call->options;
    const struct alerts_request request = {
        .rule = options->rule,
        .rows = options->rows != 0 ? options->rows : ALERTS_ROWS,
        .is_following = options->is_following,
        .is_json = options->is_json,
    };
    return alerts_show(call->client, &request, error);
}

static enum status
run_explain(const struct command_call *call, struct error *error)
{
    return alerts_explain(call->client, call->words[0], call->options->is_json, error);
}

static enum status
run_reload(const struct command_call *call, struct error *error)
{
    return configuration_reload(call->service, call->options->is_waiting,
                                call->options->is_json, error);
}

static enum status
run_config(const struct command_call *call, struct error *error)
{
    return configuration_show(call->service, call->options->has_origin,
                              call->options->is_json, error);
}

static bool
check_config(char **words, int count)
{
    return count == 0 || strcmp(words[0], "show") == 0;
}

static enum status
run_webhook(const struct command_call *call, struct error *error)
{
    return webhooks_list(call->service, call->options->is_json, error);
}

static bool
check_webhook(char **words, int count)
{
    return count == 0 || strcmp(words[0], "list") == 0;
}

static enum status
run_bugreport(const struct command_call *call, struct error *error)
{
    return bugreport_print(call->service, call->is_redis_up, call->options->is_json,
                           error);
}

static enum status
run_completion(const struct command_call *call, struct error *error)
{
    return completion_print(call->service, call->words[0], error);
}

// In the order of the help.
// clang-format off
static const struct command commands[] = {
    {"status", COMMAND_SERVICE, 0, 0, NULL, "j", NULL, run_status},
    {"sources", COMMAND_SERVICE, 0, 1, "give at most one source", "j", NULL, run_sources},
    {"top", COMMAND_REDIS, 0, 0, NULL, "wne1j", NULL, run_top},
    {"board", COMMAND_REDIS, 1, 2, "give a metric, and a window unless the board has none",
     "nj", NULL, run_board},
    {"user", COMMAND_REDIS, 1, 1, "give one id", "j", NULL, run_user},
    {"cascade", COMMAND_REDIS | COMMAND_SERVICE, 1, 1, "give one id", "tdnj", NULL,
     run_cascade},
    {"carriers", COMMAND_REDIS, 0, 0, NULL, "nj", NULL, run_carriers},
    {"carrier", COMMAND_REDIS, 1, 1, "give one id", "j", NULL, run_carrier},
    {"campaign", COMMAND_REDIS | COMMAND_SERVICE, 0, 1, "give at most one campaign", "wnj", NULL,
     run_campaign},
    {"outreach", COMMAND_REDIS, 1, 3,
     "give one campaign, and done or undo with a person if one is to be marked", "ncj",
     check_outreach, run_outreach},
    {"alerts", COMMAND_REDIS, 0, 0, NULL, "nfRj", NULL, run_alerts},
    {"explain", COMMAND_REDIS, 1, 1, "give the id of one alert", "j", NULL, run_explain},
    {"reload", COMMAND_SERVICE, 0, 0, NULL, "Wj", NULL, run_reload},
    {"config", COMMAND_SERVICE, 0, 1, "write config show", "Oj", check_config, run_config},
    {"webhook", COMMAND_SERVICE, 0, 1, "write webhook list", "j", check_webhook,
     run_webhook},
    {"bugreport", COMMAND_SERVICE, 0, 0, NULL, "j", NULL, run_bugreport},
    {"completion", COMMAND_SERVICE, 1, 1, "give a shell: bash, zsh or fish", "", NULL,
     run_completion},
};
// clang-format on

enum { COUNT = sizeof commands / sizeof *commands };

const struct command *
command_find(const char *name)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

const char *
command_names(char letter, char text[COMMAND_NAMES_MAX])
{
    const char *found[COUNT];
    size_t count = 0;
    size_t used = 0;
    for (size_t i = 0; i < COUNT; i++) {
        if (letter == 0 || strchr(commands[i].takes, letter) != NULL) {
            found[count++] = commands[i].name;
        }
    }
    text[0] = '\0';
    for (size_t i = 0; i < count && used < COMMAND_NAMES_MAX; i++) {
        const char *between = i == 0 ? "" : i + 1 == count ? " and " : ", ";
        int length =
            snprintf(text + used, COMMAND_NAMES_MAX - used, "%s%s", between, found[i]);
        used += (size_t)length;
    }
    return text;
}
