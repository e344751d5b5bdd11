#include "ingest/sources/source_options.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/redact.h"
#include "ingest/decode/decode.h"
#include "ingest/decode/decode_format.h"
#include "ingest/sources/jetstream_wire.h"
#include "ingest/sources/kafka_topic.h"
#include "ingest/sources/mastodon_timeline.h"
#include "net/http_request.h"
#include "net/url.h"

#define AT(member) offsetof(struct source_options, member)

enum { BACKFILL_MAX = 5 };

// clang-format off
const struct option source_option_rows[] = {
    {"url", OPTION_TEXT, "", 0, OPTION_TEXT_MAX - 1, true,
     AT(url), "Address of the stream: https:// for lines or server-sent events, wss:// for Jetstream, "
              "kafkas://host/topic for Kafka"},
    {"hosts", OPTION_TEXT, "", 0, OPTION_TEXT_MAX - 1, true,
     AT(hosts), "Further hosts of a wss:// source, used when one fails, or brokers of a kafkas:// source, "
                "separated by commas"},
    {"format", OPTION_TEXT, "auto", 1, OPTION_TEXT_MAX - 1, true,
     AT(format), "Format of the messages, as listed by --describe formats"},
    {"api_url", OPTION_TEXT, "", 0, OPTION_TEXT_MAX - 1, true,
     AT(api_url), "Server from which a gap of a Mastodon stream is filled; empty: that of the stream"},
    {"token_file", OPTION_TEXT, "", 0, OPTION_TEXT_MAX - 1, true,
     AT(token_file), "File with the bearer token, or the password of user, read at every connection; a bare name "
                     "is a systemd credential"},
    {"user", OPTION_TEXT, "", 0, OPTION_TEXT_MAX - 1, true,
     AT(user), "Name to log in to Kafka with; the password is in token_file"},
    {"sasl", OPTION_TEXT, "PLAIN", 1, OPTION_TEXT_MAX - 1, true,
     AT(sasl), "How to log in to Kafka: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"},
    {"ca_file", OPTION_TEXT, "", 0, OPTION_TEXT_MAX - 1, true,
     AT(ca_file), "Certificate authorities to trust (PEM) instead of the system's"},
    {"dictionary_file", OPTION_TEXT, "", 0, OPTION_TEXT_MAX - 1, true,
     AT(dictionary_file), "Jetstream's zstd dictionary, for compressed messages"},
    {"backfill_minutes", OPTION_COUNT, "0", 0, BACKFILL_MAX, true,
     AT(backfill_minutes), "Minutes that X is asked to send again after a gap; 0 if the account "
                           "has no right to that"},
    {"compressed", OPTION_BOOL, "false", 0, 0, true,
     AT(is_compressed), "Request compressed data"},
    {"likes", OPTION_BOOL, "false", 0, 0, true,
     AT(has_likes), "Request likes from Jetstream, too"},
    {"connect_timeout", OPTION_SPAN, "10s", 50 * USEC_PER_MS, USEC_PER_MIN, true,
     AT(connect_timeout), "Maximum time to look up the host, connect and set up encryption"},
    OPTION_END,
};
// clang-format on

void
source_options_url(const struct source_options *options, bool has_gap,
                   char url[SOURCE_OPTIONS_URL_MAX])
{
    char more[48] = "";
    if (has_gap && options->backfill_minutes > 0) {
        snprintf(more, sizeof(more), "%cbackfill_minutes=%" PRIu64,
                 strchr(options->url, '?') != NULL ? '&' : '?',
                 options->backfill_minutes);
    }
    snprintf(url, SOURCE_OPTIONS_URL_MAX, "%s%s", options->url, more);
}

struct http_request_options
source_options_http(const struct source_options *options)
{
    return (struct http_request_options){
        .token_file = options->token_file,
        .ca_file = options->ca_file,
        .is_compressed = options->is_compressed,
    };
}

static enum status
check_name(const char *name, struct error *error)
{
    size_t len = strlen(name);
    bool is_good = len > 0;
    for (size_t i = 0; i < len; i++) {
        is_good = is_good &&
                  (isalnum((unsigned char)name[i]) || name[i] == '-' || name[i] == '_');
    }
    if (!is_good) {
        return error_set(error, STATUS_PARSE,
                         "the name of a source is letters, digits, '-' and '_'");
    }
    return STATUS_OK;
}

static const char *
encrypted_scheme(enum url_kind kind)
{
    static const char *const names[] = {
        [URL_HTTP] = "https", [URL_WEBSOCKET] = "wss", [URL_KAFKA] = "kafkas"};
    return names[kind];
}

static enum status
check_encrypted(const struct url *url, struct error *error)
{
    if (!url->is_tls && !url_is_loopback(url->host)) {
        return error_set(error, STATUS_RANGE, "%s is not this machine: write %s://",
                         url->host, encrypted_scheme(url->kind));
    }
    return STATUS_OK;
}

static enum status
check_hosts(const struct source_options *options, const struct url *url,
            struct error *error)
{
    struct slice rest = slice_of(options->hosts);
    size_t count = 0;
    while (rest.len > 0) {
        struct url host = *url;
        struct error why = {.code = STATUS_OK};
        enum status status = url_parse_host(url_next_host(&rest), &host, &why);
        if (status == STATUS_OK) {
            status = check_encrypted(&host, &why);
        }
        if (status != STATUS_OK) {
            return error_set(error, status, "hosts: %s", why.text);
        }
        if (++count > SOURCE_HOSTS_MAX) {
            return error_set(error, STATUS_RANGE, "hosts: at most %d",
                             SOURCE_HOSTS_MAX);
        }
    }
    return STATUS_OK;
}

static enum status
check_api_url(const struct source_options *options, struct error *error)
{
    struct url api;
    struct error why = {.code = STATUS_OK};
    char timeline[MASTODON_TIMELINE_MAX];
    if (options->api_url[0] == '\0') {
        return STATUS_OK;
    }
    enum status status = url_parse(slice_of(options->api_url), &api, &why);
    if (status == STATUS_OK) {
        status = check_encrypted(&api, &why);
    }
    if (status != STATUS_OK) {
        return error_set(error, status, "api_url: %s", why.text);
    }
    bool is_bare = api.path.len == 0 || slice_equal(api.path, SLICE_LIT("/"));
    if (api.kind != URL_HTTP || !is_bare) {
        return error_set(error, STATUS_RANGE, "api_url: write https://host");
    }
    if (!mastodon_timeline_of(options->url, options->api_url, timeline)) {
        return error_set(
            error, STATUS_RANGE,
            "api_url can only be set for streams of Mastodon that have a timeline");
    }
    return STATUS_OK;
}

static enum status
check_authorities(const struct source_options *options, const struct url *url,
                  struct error *error)
{
    if (options->ca_file[0] != '\0' && !url->is_tls) {
        return error_set(error, STATUS_RANGE,
                         "ca_file can only be set for encrypted addresses");
    }
    return STATUS_OK;
}

static enum status
check_kafka(const struct source_options *options, const struct url *url,
            struct error *error)
{
    static const char *const mechanisms[] = {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"};
    char topic[KAFKA_TOPIC_MAX];
#ifndef CASCADED_KAFKA
    return error_set(
        error, STATUS_RANGE,
        "url: this build cannot read %s://: it was built without librdkafka",
        url->scheme);
#endif
    if (kafka_topic_of(url, topic, error) != STATUS_OK) {
        return STATUS_PARSE;
    }
    if ((options->user[0] != '\0') != (options->token_file[0] != '\0')) {
        return error_set(error, STATUS_RANGE,
                         "user and token_file go together for kafkas:// sources");
    }
    bool is_known = false;
    for (size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++) {
        is_known = is_known || strcmp(options->sasl, mechanisms[i]) == 0;
    }
    if (!is_known) {
        return error_set(error, STATUS_PARSE,
                         "sasl: \"%s\" is none of: PLAIN SCRAM-SHA-256 SCRAM-SHA-512",
                         options->sasl);
    }
    return check_authorities(options, url, error);
}

// Refuses options that the transport of the URL would silently ignore.
static enum status
check_transport(const struct source_options *options, const struct url *url,
                struct error *error)
{
    enum {
        HTTP = 1 << URL_HTTP,
        WEBSOCKET = 1 << URL_WEBSOCKET,
        KAFKA = 1 << URL_KAFKA
    };
    const struct {
        bool is_given;
        unsigned kinds;
        const char *text;
    } rows[] = {
        {options->hosts[0] != '\0', WEBSOCKET | KAFKA,
         "hosts is for wss:// and kafkas:// sources"},
        {options->dictionary_file[0] != '\0', WEBSOCKET,
         "dictionary_file is for wss:// sources"},
        {options->has_likes, WEBSOCKET, "likes is for wss:// sources"},
        {options->is_compressed, HTTP | WEBSOCKET,
         "compressed is not for kafkas:// sources: Kafka compresses by itself"},
        {options->backfill_minutes != 0, HTTP,
         "backfill_minutes is for https:// sources"},
        {options->api_url[0] != '\0', HTTP, "api_url is for https:// sources"},
        {options->user[0] != '\0', KAFKA, "user is for kafkas:// sources"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].is_given && (rows[i].kinds >> url->kind & 1) == 0) {
            return error_set(error, STATUS_RANGE, "%s", rows[i].text);
        }
    }
    if (url->kind == URL_KAFKA) {
        return check_kafka(options, url, error);
    }
    bool is_websocket = url->kind == URL_WEBSOCKET;
    if (is_websocket && mastodon_timeline_is_stream(options->url)) {
        return error_set(error, STATUS_RANGE,
                         "url: streams of Mastodon over WebSocket are not supported: "
                         "write https://…/api/v1/streaming/user; a server without it, "
                         "as GoToSocial and Akkoma, cannot be followed");
    }
    enum jetstream_wire wire;
    if (is_websocket && jetstream_wire_of(url->path, &wire, error) != STATUS_OK) {
        return STATUS_RANGE;
    }
    if (is_websocket &&
        options->is_compressed != (options->dictionary_file[0] != '\0')) {
        return error_set(
            error, STATUS_RANGE,
            "compressed and dictionary_file go together for wss:// sources");
    }
    return check_authorities(options, url, error);
}

static enum status
check_file(const char *option, const char *path, struct error *error)
{
    assert(path != NULL);
    char shown[REDACT_MAX];
    if (path[0] != '\0' && access(path, R_OK) != 0) {
        return error_set(error, STATUS_IO, "%s: cannot read %s: %s", option,
                         redact_path(path, errno, shown), strerror(errno));
    }
    return STATUS_OK;
}

// A token in a file owned by root may be readable by this process' group; in a file of
// this user, only by the user.
static enum status
check_token_file(const char *path, struct error *error)
{
    struct stat info;
    char shown[REDACT_MAX];
    if (strchr(path, '/') == NULL) {
        return STATUS_OK;
    }
    if (stat(path, &info) != 0 || access(path, R_OK) != 0) {
        return error_set(error, STATUS_IO, "token_file: cannot read %s: %s",
                         redact_path(path, errno, shown), strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return error_set(error, STATUS_IO, "token_file: %s is not a file", path);
    }
    mode_t others = S_IRWXO | S_IWGRP;
    if (info.st_uid == geteuid()) {
        others |= S_IRGRP;
    }
    if ((info.st_mode & others) != 0) {
        return error_set(error, STATUS_IO,
                         "token_file: other users may read or change %s: chmod 600 it, "
                         "and create a new token if it could be read for a long time",
                         path);
    }
    return STATUS_OK;
}

enum status
source_options_check(const struct source_options *options, struct error *error)
{
    struct url url;
    struct error why = {.code = STATUS_OK};
    enum decode_format format;
    enum status status = check_name(options->name, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = url_parse(slice_of(options->url), &url, &why);
    if (status == STATUS_OK) {
        status = check_encrypted(&url, &why);
    }
    if (status != STATUS_OK) {
        return error_set(error, status, "url: %s", why.text);
    }
    if (decode_format_parse(slice_of(options->format), &format) != STATUS_OK) {
        return error_set(error, STATUS_PARSE, "format: there is no format \"%s\"",
                         options->format);
    }
    status = check_transport(options, &url, error);
    if (status == STATUS_OK) {
        status = check_hosts(options, &url, error);
    }
    if (status == STATUS_OK) {
        status = check_api_url(options, error);
    }
    if (status == STATUS_OK) {
        status = check_token_file(options->token_file, error);
    }
    const struct {
        const char *option;
        const char *path;
    } files[] = {
        {"ca_file", options->ca_file},
        {"dictionary_file", options->dictionary_file},
    };
    for (size_t i = 0; status == STATUS_OK && i < sizeof(files) / sizeof(files[0]);
         i++) {
        status = check_file(files[i].option, files[i].path, error);
    }
    return status;
}
