#include "ctl/command.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/alerts.h"
#include "ctl/bugreport.h"
#include "ctl/board_list.h"
#include "ctl/campaign.h"
#include "ctl/carriers.h"
#include "ctl/completion.h"
#include "ctl/configuration.h"
#include "ctl/outreach.h"
#include "ctl/purge.h"
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

static int
needs_of_cascade(const struct command_call *call)
{
    return call->options->is_tree || call->options->is_dot ? COMMAND_SERVICE
                                                           : COMMAND_REDIS;
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

static bool
check_webhook(char **words, int count)
{
    return count == 0 || (strcmp(words[0], "list") == 0 && count == 1) ||
           (strcmp(words[0], "test") == 0 && count == 2) ||
           (strcmp(words[0], "replay") == 0 && count >= 2);
}

static bool
is_webhook_replay(const struct command_call *call)
{
    return call->count != 0 && strcmp(call->words[0], "replay") == 0;
}

static int
needs_of_webhook(const struct command_call *call)
{
    return is_webhook_replay(call) ? COMMAND_REDIS | COMMAND_SERVICE : COMMAND_SERVICE;
}

static enum status
run_webhook(const struct command_call *call, struct error *error)
{
    bool is_json = call->options->is_json;
    if (is_webhook_replay(call)) {
        const struct webhooks_replay request = {
            .webhook = call->words[1],
            .alert = call->count > 2 ? call->words[2] : NULL,
            .rows = call->options->rows != 0 ? call->options->rows : 1,
            .is_json = is_json,
        };
        return webhooks_replay(call->client, call->service, &request, error);
    }
    return call->count == 2
               ? webhooks_test(call->service, call->words[1], is_json, error)
               : webhooks_list(call->service, is_json, error);
}

static enum status
run_purge(const struct command_call *call, struct error *error)
{
    const struct purge_request request = {
        .user = call->options->user,
        .is_sure = call->options->is_sure,
        .is_json = call->options->is_json,
    };
    if (request.user == NULL) {
        call->service->exit_code = EX_USAGE;
        return error_set(error, STATUS_FULL, "purge: give --user ID");
    }
    return purge_user(call->client, call->service, &request, error);
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
static const struct command commands[] = {
    {.name = "status", .needs = COMMAND_SERVICE, .takes = "j", .run = run_status},
    {
        .name = "sources",
        .needs = COMMAND_SERVICE,
        .most = 1,
        .missing = "give at most one source",
        .takes = "j",
        .run = run_sources,
    },
    {.name = "top", .needs = COMMAND_REDIS, .takes = "wne1j", .run = run_top},
    {
        .name = "board",
        .needs = COMMAND_REDIS,
        .least = 1,
        .most = 2,
        .missing = "give a metric, and a window unless the board has none",
        .takes = "nj",
        .run = run_board,
    },
    {
        .name = "user",
        .needs = COMMAND_REDIS,
        .least = 1,
        .most = 1,
        .missing = "give one id",
        .takes = "j",
        .run = run_user,
    },
    {
        .name = "cascade",
        .least = 1,
        .most = 1,
        .missing = "give one id",
        .takes = "tdnj",
        .needs_of = needs_of_cascade,
        .run = run_cascade,
    },
    {.name = "carriers", .needs = COMMAND_REDIS, .takes = "nj", .run = run_carriers},
    {
        .name = "carrier",
        .needs = COMMAND_REDIS,
        .least = 1,
        .most = 1,
        .missing = "give one id",
        .takes = "j",
        .run = run_carrier,
    },
    {
        .name = "campaign",
        .needs = COMMAND_REDIS | COMMAND_SERVICE,
        .most = 1,
        .missing = "give at most one campaign",
        .takes = "wnj",
        .run = run_campaign,
    },
    {
        .name = "outreach",
        .needs = COMMAND_REDIS,
        .least = 1,
        .most = 3,
        .missing = "give one campaign, and done or undo with a person if one is to be "
                   "marked",
        .takes = "ncj",
        .check = check_outreach,
        .run = run_outreach,
    },
    {.name = "alerts", .needs = COMMAND_REDIS, .takes = "nfRj", .run = run_alerts},
    {
        .name = "explain",
        .needs = COMMAND_REDIS,
        .least = 1,
        .most = 1,
        .missing = "give the id of one alert",
        .takes = "j",
        .run = run_explain,
    },
    {.name = "reload", .needs = COMMAND_SERVICE, .takes = "Wj", .run = run_reload},
    {
        .name = "config",
        .needs = COMMAND_SERVICE,
        .most = 1,
        .missing = "write config show",
        .takes = "Oj",
        .check = check_config,
        .run = run_config,
    },
    {
        .name = "webhook",
        .most = 3,
        .missing =
            "write webhook list, webhook test WEBHOOK, or webhook replay WEBHOOK "
            "with an alert or --rows",
        .takes = "nj",
        .check = check_webhook,
        .needs_of = needs_of_webhook,
        .run = run_webhook,
    },
    {
        .name = "purge",
        .needs = COMMAND_REDIS | COMMAND_SERVICE,
        .takes = "Uyj",
        .run = run_purge,
    },
    {.name = "bugreport", .needs = COMMAND_SERVICE, .takes = "j", .run = run_bugreport},
    {
        .name = "completion",
        .needs = COMMAND_SERVICE,
        .least = 1,
        .most = 1,
        .missing = "give a shell: bash, zsh or fish",
        .takes = "",
        .run = run_completion,
    },
};

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
