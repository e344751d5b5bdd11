#define _DEFAULT_SOURCE // explicit_bzero
#include "sinks/webhook/webhook_options.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/redact.h"
#include "net/url.h"
#include "sinks/webhook/webhook_sign.h"

#define AT(member) offsetof(struct webhook_options, member)

enum { QUEUE_MAX = 4096 };

// clang-format off
const struct option webhook_options_rows[] = {
    {"url", OPTION_TEXT, "", 0, OPTION_TEXT_MAX - 1, true,
     AT(url), "URL to which alerts are sent by POST: https://…; http:// only for this machine, with allow_private"},
    {"secret_file", OPTION_TEXT, "", 0, OPTION_TEXT_MAX - 1, true,
     AT(secret_file), "File with the secret, whsec_ and base64, read at every attempt; a second line contains the old secret during a rotation; a bare name is a systemd credential"},
    {"format", OPTION_TEXT, "standard", 1, OPTION_TEXT_MAX - 1, true,
     AT(format), "standard: the alert's JSON, signed according to Standard Webhooks; slack: a sentence, for Slack and Mattermost"},
    {"rules", OPTION_TEXTS, "", 0, OPTION_TEXTS_MAX, true,
     AT(rules), "Rules whose alerts are sent to it; empty for all"},
    {"allow_private", OPTION_BOOL, "false", 0, 0, true,
     AT(allow_private), "Allow addresses that are not public: loopback, private, link-local and similar"},
    {"ca_file", OPTION_TEXT, "", 0, OPTION_TEXT_MAX - 1, true,
     AT(ca_file), "Certificate authorities to trust (PEM) instead of the system's"},
    {"timeout", OPTION_SPAN, "15s", 100 * USEC_PER_MS, USEC_PER_MIN, true,
     AT(timeout), "Maximum time for an answer, including name look-up and connection"},
    {"queue", OPTION_COUNT, "1000", 1, QUEUE_MAX, false,
     AT(queue), "Maximum number of waiting alerts; further alerts are dropped and counted"},
    OPTION_END,
};
// clang-format on

static const char *const formats[] = {
    [WEBHOOK_FORMAT_STANDARD] = "standard",
    [WEBHOOK_FORMAT_SLACK] = "slack",
};

static enum status
check_name(const char *name, struct error *error)
{
    size_t len = strlen(name);
    bool is_good = len > 0;
    for (size_t i = 0; i < len; i++) {
        is_good = is_good &&
                  (isalnum((unsigned char)name[i]) || name[i] == '-' || name[i] == '_');
    }
    return is_good ? STATUS_OK
                   : error_set(error, STATUS_PARSE,
                               "the name of a webhook is letters, digits, '-' and '_'");
}

static enum status
check_url(const struct webhook_options *options, struct error *error)
{
    struct url url;
    struct error why = {.code = STATUS_OK};
    enum status status = url_parse(slice_of(options->url), &url, &why);
    if (status != STATUS_OK) {
        return error_set(error, status, "url: %s", why.text);
    }
    if (url.kind != URL_HTTP) {
        return error_set(error, STATUS_RANGE, "url: write it as https://…");
    }
    if (!url.is_tls && !url_is_loopback(url.host)) {
        return error_set(error, STATUS_RANGE,
                         "url: alerts are sent encrypted: write https://; http:// is "
                         "allowed for this machine only, with allow_private = true");
    }
    if (!url.is_tls && !options->allow_private) {
        return error_set(error, STATUS_RANGE,
                         "url: http:// for this machine needs allow_private = true");
    }
    if (!url.is_tls && options->ca_file[0] != '\0') {
        return error_set(error, STATUS_RANGE, "ca_file is for https://");
    }
    return STATUS_OK;
}

static enum status
check_format(const struct webhook_options *options, struct error *error)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (strcmp(options->format, formats[i]) == 0) {
            return STATUS_OK;
        }
    }
    return error_set(error, STATUS_PARSE,
                     "format: \"%s\" is none of standard and slack", options->format);
}

static enum status
check_secret(const struct webhook_options *options, struct error *error)
{
    if (options->secret_file[0] == '\0') {
        return webhook_options_format(options) == WEBHOOK_FORMAT_SLACK
                   ? STATUS_OK
                   : error_set(error, STATUS_PARSE,
                               "secret_file is missing: receivers verify the sender of "
                               "an alert by its signature");
    }
    struct webhook_secrets secrets;
    struct error why = {.code = STATUS_OK};
    enum status status = webhook_sign_read(options->secret_file, &secrets, &why);
    explicit_bzero(&secrets, sizeof(secrets));
    return status == STATUS_OK ? STATUS_OK
                               : error_set(error, status, "secret_file: %s", why.text);
}

enum status
webhook_options_check(const struct webhook_options *options, struct error *error)
{
    enum status status = check_name(options->name, error);
    if (status == STATUS_OK) {
        status = check_url(options, error);
    }
    if (status == STATUS_OK) {
        status = check_format(options, error);
    }
    if (status == STATUS_OK) {
        status = check_secret(options, error);
    }
    if (status == STATUS_OK && options->ca_file[0] != '\0' &&
        access(options->ca_file, R_OK) != 0) {
        char shown[REDACT_MAX];
        return error_set(error, STATUS_IO, "ca_file: cannot read %s: %s",
                         redact_path(options->ca_file, errno, shown), strerror(errno));
    }
    return status;
}

enum webhook_format
webhook_options_format(const struct webhook_options *options)
{
    return strcmp(options->format, formats[WEBHOOK_FORMAT_SLACK]) == 0
               ? WEBHOOK_FORMAT_SLACK
               : WEBHOOK_FORMAT_STANDARD;
}

enum address_rule
webhook_options_address(const struct webhook_options *options)
{
    if (!options->allow_private) {
        return ADDRESS_RULE_PUBLIC;
    }
    // The name of this machine may have another address by now.
    return strncmp(options->url, "http:", 5) == 0 ? ADDRESS_RULE_LOOPBACK
                                                  : ADDRESS_RULE_ANY;
}

bool
webhook_options_want(const struct webhook_options *options, struct slice rule)
{
    if (options->rules.count == 0 || rule.len == 0) {
        return true;
    }
    const char *item = NULL;
    while ((item = option_texts_next(&options->rules, item)) != NULL) {
        if (slice_equal(slice_of(item), rule)) {
            return true;
        }
    }
    return false;
}
