#include "sinks/redis/redis_report.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "sinks/redis/redis_inside.h"

enum { ADVICE_MAX = 256 };

#define AT(member) offsetof(struct redis_metrics, member)
#define ERRORS(label, member)                                                          \
    {                                                                                  \
        "cascaded_redis_errors_total", "word=\"" label "\"", METRIC_COUNTER,           \
            AT(member), "Error replies of Redis, by kind"                              \
    }

// clang-format off
const struct metric redis_report_metric_rows[] = {
    {"cascaded_redis_flushes_total", NULL, METRIC_COUNTER, AT(flushes),
     "Flushes that Redis acknowledged"},
    {"cascaded_redis_transactions_total", NULL, METRIC_COUNTER, AT(transactions),
     "Transactions that Redis acknowledged"},
    {"cascaded_redis_commands_total", NULL, METRIC_COUNTER, AT(commands),
     "Commands in acknowledged transactions"},
    {"cascaded_redis_changes_total", NULL, METRIC_COUNTER, AT(changes),
     "Changes of users, cascades and boards that Redis acknowledged"},
    {"cascaded_redis_sent_bytes_total", NULL, METRIC_COUNTER, AT(bytes_sent),
     "Bytes handed to the connection"},
    {"cascaded_redis_received_bytes_total", NULL, METRIC_COUNTER, AT(bytes_received),
     "Bytes read from the connection"},
    {"cascaded_redis_connections_total", NULL, METRIC_COUNTER, AT(connections),
     "Connections established, including the login"},
    {"cascaded_redis_connects_failed_total", NULL, METRIC_COUNTER, AT(connects_failed),
     "Attempts to connect or log in that failed"},
    {"cascaded_redis_connections_lost_total", NULL, METRIC_COUNTER, AT(connections_lost),
     "Connections that were lost or closed"},
    {"cascaded_redis_transactions_refused_total", NULL, METRIC_COUNTER, AT(transactions_refused),
     "Transactions that Redis answered with an error"},
    {"cascaded_redis_transactions_fenced_total", NULL, METRIC_COUNTER, AT(transactions_fenced),
     "Transactions that Redis discarded because the epoch was touched"},
    {"cascaded_redis_rewrites_total", NULL, METRIC_COUNTER, AT(rewrites),
     "Times that everything was written again because Redis may have lost it"},
    {"cascaded_redis_keys_repaired_total", NULL, METRIC_COUNTER, AT(keys_repaired),
     "Keys of cascaded that had another type and were replaced"},
    {"cascaded_redis_keys_restored_total", NULL, METRIC_COUNTER, AT(keys_restored),
     "Keys of cascaded that were deleted or changed by another client and are written again"},
    {"cascaded_redis_keys_purged_total", NULL, METRIC_COUNTER, AT(keys_purged),
     "Keys of an earlier run that were removed"},
    {"cascaded_redis_alerts_total", NULL, METRIC_COUNTER, AT(alerts),
     "Alerts that entered the stream"},
    {"cascaded_redis_alerts_known_total", NULL, METRIC_COUNTER, AT(alerts_known),
     "Alerts that were published before and were not published again"},
    ERRORS("oom", errors_oom),
    ERRORS("readonly", errors_readonly),
    ERRORS("loading", errors_loading),
    ERRORS("busy", errors_busy),
    ERRORS("permission", errors_permission),
    ERRORS("wrongtype", errors_wrongtype),
    ERRORS("other", errors_other),
    {"cascaded_redis_protocol_errors_total", NULL, METRIC_COUNTER, AT(protocol_errors),
     "Replies that violate the Redis protocol"},
    {"cascaded_redis_strings_omitted_total", NULL, METRIC_COUNTER, AT(strings_omitted),
     "Strings of more than 1 MiB in replies, which are read as empty: they are not of cascaded"},
    {"cascaded_redis_timeouts_total", NULL, METRIC_COUNTER, AT(timeouts),
     "Replies that did not arrive in time"},
    {"cascaded_redis_in_flight", NULL, METRIC_GAUGE, AT(changes_in_flight),
     "Changes sent to Redis and not yet acknowledged"},
    {"cascaded_redis_up", NULL, METRIC_GAUGE, AT(is_up),
     "1 while Redis can be reached and accepts writes, else 0"},
    {"cascaded_redis_flush_seconds", NULL, METRIC_SPAN, AT(flush_us),
     "Duration of the last flush"},
    {"cascaded_redis_flush_duration_seconds", NULL, METRIC_HISTOGRAM, AT(flush_times),
     "Durations of flushes"},
    {"cascaded_post_to_redis_seconds", NULL, METRIC_HISTOGRAM, AT(lags),
     "Time from a post until its counts are in Redis, of a sample of the posts received and pushed"},
    METRIC_END,
};
// clang-format on

static void
update_up(struct redis_sink *sink)
{
    sink->metrics.is_up = sink->report.is_ready && sink->report.troubles == 0;
}

void
redis_report_event(struct redis_sink *sink, enum redis_event event, int exit_code,
                   const struct error *error)
{
    if (sink->setup.on_event != NULL) {
        sink->setup.on_event(sink->setup.context, event, exit_code, error);
    }
}

static void
report_once(struct redis_sink *sink, enum redis_trouble kind, const struct error *error)
{
    bool is_reported = (sink->report.troubles & (unsigned)kind) != 0;
    if (sink->report.troubles == 0 && sink->setup.ends_when_refused) {
        timer_set(&sink->patience, sink->patience_most);
    }
    sink->report.troubles |= (unsigned)kind;
    sink->report.last_error = *error;
    update_up(sink);
    if (!is_reported) {
        bool is_lost = kind == REDIS_TROUBLE_LOST;
        redis_report_event(sink, is_lost ? REDIS_EVENT_LOST : REDIS_EVENT_TROUBLE, 0,
                           error);
    }
}

// "… to run the 'xadd' command" names the missing right, +xadd.
static void
advise_right(const struct redis_sink *sink, const char *text, char advice[ADVICE_MAX])
{
    const char *command = strstr(text, "to run the '");
    if (command != NULL) {
        command = strchr(command, '\'') + 1;
        snprintf(advice, ADVICE_MAX, "add the right +%.*s to its ACL",
                 (int)strcspn(command, "'"), command);
    } else if (strstr(text, "channel") != NULL) {
        snprintf(advice, ADVICE_MAX, "add the right &%salerts to its ACL",
                 sink->prefix);
    } else {
        snprintf(advice, ADVICE_MAX, "add the right ~%s* to its ACL", sink->prefix);
    }
}

static bool
is_about_slots(enum redis_error_kind kind)
{
    return kind == REDIS_ERROR_MOVED || kind == REDIS_ERROR_CLUSTERDOWN ||
           kind == REDIS_ERROR_ASK || kind == REDIS_ERROR_TRYAGAIN;
}

enum redis_action
redis_report_action(const struct redis_sink *sink, enum redis_error_kind kind)
{
    if (!redis_conn_asks_cluster(sink->conn) || !is_about_slots(kind)) {
        return redis_error_kind_row(kind)->action;
    }
    // While a slot is moved its old owner answers, and TRYAGAIN or ASK.
    bool is_moving = kind == REDIS_ERROR_ASK || kind == REDIS_ERROR_TRYAGAIN;
    return is_moving ? REDIS_ACTION_RETRY : REDIS_ACTION_RECONNECT;
}

void
redis_report_refusal(const struct redis_sink *sink, enum redis_error_kind kind,
                     const char *text, struct error *ret_error)
{
    char advice[ADVICE_MAX];
    bool is_other = redis_report_action(sink, kind) == REDIS_ACTION_RECONNECT;
    snprintf(advice, sizeof(advice), "%s", redis_error_kind_row(kind)->advice);
    if (kind == REDIS_ERROR_NOPERM) {
        advise_right(sink, text, advice);
    } else if (is_other && redis_conn_asks_sentinels(sink->conn)) {
        snprintf(advice, sizeof(advice), "asking the Sentinels for the master again");
    } else if (is_other && redis_conn_asks_cluster(sink->conn)) {
        snprintf(advice, sizeof(advice),
                 "asking the cluster for the owner of the slot again");
    } else if (redis_conn_asks_cluster(sink->conn) && is_about_slots(kind)) {
        snprintf(advice, sizeof(advice),
                 "the slot is being moved to another node; writing is tried again");
    }
    error_set(ret_error, STATUS_IO, "Redis at %s: %s; %s",
              redis_conn_address(sink->conn), text, advice);
}

bool
redis_report_is_patient(const struct redis_sink *sink)
{
    return sink->report.is_proven && !sink->setup.ends_when_refused;
}

static void
report_lost(struct redis_sink *sink, enum redis_error_kind kind,
            const struct error *error)
{
    const char *address = redis_conn_address(sink->conn);
    struct error why = {.code = STATUS_OK};
    if (kind != REDIS_ERROR_NONE) {
        redis_report_refusal(sink, kind, error->text, &why);
    } else if (sink->report.is_ready) {
        error_set(&why, STATUS_IO, "lost Redis at %s: %s; trying again", address,
                  error->text);
    } else {
        error_set(&why, STATUS_IO,
                  "cannot reach Redis at %s: %s; start it or set redis.url", address,
                  error->text);
    }
    sink->report.is_refused = kind != REDIS_ERROR_NONE;
    report_once(sink, REDIS_TROUBLE_LOST, &why);
}

enum redis_phase
redis_report_down(struct redis_sink *sink, enum redis_error_kind kind,
                  const struct error *error)
{
    if (kind != REDIS_ERROR_NONE) {
        redis_report_count(sink, kind);
    }
    if (kind != REDIS_ERROR_NONE && !redis_report_is_patient(sink) &&
        redis_report_action(sink, kind) == REDIS_ACTION_OPERATOR) {
        struct error last = {.code = STATUS_OK};
        redis_report_refusal(sink, kind, error->text, &last);
        return redis_tools_stop(sink, REDIS_EVENT_FATAL,
                                redis_error_kind_row(kind)->exit_code, &last);
    }
    report_lost(sink, kind, error);
    return REDIS_PHASE_STAY;
}

void
redis_report_trouble(struct redis_sink *sink, const struct error *error)
{
    sink->report.is_refused = true;
    report_once(sink, REDIS_TROUBLE_REFUSED, error);
}

void
redis_report_well(struct redis_sink *sink)
{
    bool was_reported = sink->report.troubles != 0;
    bool was_ready = sink->report.is_ready;
    sink->report.troubles = 0;
    sink->report.is_refused = false;
    timer_stop(&sink->patience);
    sink->report.is_ready = true;
    sink->report.last_error = (struct error){.code = STATUS_OK};
    update_up(sink);
    if (!was_ready) {
        redis_report_event(sink, REDIS_EVENT_READY, 0, NULL);
    } else if (was_reported) {
        redis_report_event(sink, REDIS_EVENT_RECOVERED, 0, NULL);
    }
}

static void
advise_policy(struct redis_sink *sink, const char *policy)
{
    struct error error = {.code = STATUS_OK};
    error_set(&error, STATUS_IO,
              "Redis at %s deletes keys when its memory is full (maxmemory-policy "
              "%s), so boards and hashes may be incomplete until these keys are "
              "written again: set maxmemory-policy noeviction",
              redis_conn_address(sink->conn), policy);
    sink->report.is_advised = true;
    redis_report_event(sink, REDIS_EVENT_ADVICE, 0, &error);
}

void
redis_report_policy(struct redis_sink *sink, struct slice info)
{
    char policy[REDIS_ANSWER_NAME_MAX];
    if (!redis_answer_is_evicting(info, policy)) {
        sink->report.is_advised = false;
    } else if (!sink->report.is_advised) {
        advise_policy(sink, policy);
    }
}

void
redis_report_advice(struct redis_sink *sink)
{
    const struct redis_answer *answer = &sink->answer;
    struct error error = {.code = STATUS_OK};
    if (sink->report.is_advised) {
        return;
    }
    if (answer->is_evicting) {
        advise_policy(sink, answer->policy);
    } else if (answer->is_info_refused) {
        error_set(&error, STATUS_IO,
                  "Redis at %s does not allow its user to run INFO, so its "
                  "maxmemory-policy is not known: add the right +info to its ACL",
                  redis_conn_address(sink->conn));
        sink->report.is_advised = true;
        redis_report_event(sink, REDIS_EVENT_ADVICE, 0, &error);
    }
}

void
redis_report_count(struct redis_sink *sink, enum redis_error_kind kind)
{
    struct redis_metrics *metrics = &sink->metrics;
    uint64_t *const counters[REDIS_ERROR_COUNT] = {
        [REDIS_ERROR_OOM] = &metrics->errors_oom,
        [REDIS_ERROR_READONLY] = &metrics->errors_readonly,
        [REDIS_ERROR_LOADING] = &metrics->errors_loading,
        [REDIS_ERROR_BUSY] = &metrics->errors_busy,
        [REDIS_ERROR_NOAUTH] = &metrics->errors_permission,
        [REDIS_ERROR_WRONGPASS] = &metrics->errors_permission,
        [REDIS_ERROR_NOPERM] = &metrics->errors_permission,
        [REDIS_ERROR_WRONGTYPE] = &metrics->errors_wrongtype,
    };
    uint64_t *counter =
        counters[kind] != NULL ? counters[kind] : &metrics->errors_other;
    (*counter)++;
}
