// What a webhook may say in the configuration.
#include "sinks/webhook/webhook_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char secret[] = "webhook-options-XXXXXX";

static int
make_secret(void **state)
{
    static const char text[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n";
    (void)state;
    int fd = mkstemp(secret);
    bool is_good = fd >= 0 && write(fd, text, sizeof(text) - 1) == sizeof(text) - 1;
    close(fd);
    return is_good ? 0 : -1;
}

static int
remove_secret(void **state)
{
    (void)state;
    return remove(secret);
}

static struct webhook_options
made(const char *url)
{
    struct webhook_options options = {.name = "ops"};
    option_presets(webhook_options_rows, &options);
    snprintf(options.url, sizeof(options.url), "%s", url);
    snprintf(options.secret_file, sizeof(options.secret_file), "%s", secret);
    return options;
}

static void
check(const struct webhook_options *options, const char *why)
{
    struct error error = {.code = STATUS_OK};
    enum status status = webhook_options_check(options, &error);
    if ((status == STATUS_OK) != (why == NULL) ||
        (why != NULL && strstr(error.text, why) == NULL)) {
        fail_msg("%s: %s", options->url, error.text);
    }
}

static void
alerts_leave_the_machine_encrypted_only(void **state)
{
    (void)state;
    struct webhook_options options = made("https://example.org/hook?a=1");
    check(&options, NULL);
    assert_int_equal(webhook_options_address(&options), ADDRESS_RULE_PUBLIC);
    options.allow_private = true;
    check(&options, NULL);
    assert_int_equal(webhook_options_address(&options), ADDRESS_RULE_ANY);
    options = made("http://example.org/hook");
    check(&options, "write https://");
    options.allow_private = true;
    check(&options, "write https://");
    options = made("http://localhost:8080/");
    check(&options, "needs allow_private");
    options.allow_private = true;
    check(&options, NULL);
    assert_int_equal(webhook_options_address(&options), ADDRESS_RULE_LOOPBACK);
    options = made("wss://example.org/");
    check(&options, "https://");
    options = made("");
    check(&options, "url: ");
    options = made("https://user:pass@example.org/");
    check(&options, "url: ");
}

static void
a_standard_webhook_needs_a_secret_and_slack_may_have_one(void **state)
{
    (void)state;
    struct webhook_options options = made("https://example.org/");
    options.secret_file[0] = '\0';
    check(&options, "secret_file is missing");
    strcpy(options.format, "slack");
    check(&options, NULL);
    assert_int_equal(webhook_options_format(&options), WEBHOOK_FORMAT_SLACK);
    strcpy(options.secret_file, "no-such-file");
    check(&options, "secret_file: cannot read that file");
    options = made("https://example.org/");
    assert_int_equal(chmod(secret, 0644), 0);
    check(&options, "chmod 600");
    assert_int_equal(chmod(secret, 0600), 0);
    check(&options, NULL);
    strcpy(options.format, "xml");
    check(&options, "none of standard and slack");
}

static void
the_name_fits_a_key_and_a_label(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "a b", "a.b", "a\"b", "é"};
    struct webhook_options options = made("https://example.org/");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        strcpy(options.name, bad[i]);
        check(&options, "letters, digits");
    }
}

static void
rules_choose_the_alerts_of_a_webhook(void **state)
{
    (void)state;
    struct webhook_options options = made("https://example.org/");
    assert_true(webhook_options_want(&options, SLICE_LIT("viral")));
    for (const struct option *row = webhook_options_rows; row->name != NULL; row++) {
        if (strcmp(row->name, "rules") == 0) {
            assert_int_equal(
                option_set(row, &options, SLICE_LIT("{viral, slow}"), NULL), STATUS_OK);
        }
    }
    assert_true(webhook_options_want(&options, SLICE_LIT("viral")));
    assert_true(webhook_options_want(&options, SLICE_LIT("slow")));
    assert_true(webhook_options_want(&options, SLICE_NONE));
    assert_false(webhook_options_want(&options, SLICE_LIT("vira")));
    assert_false(webhook_options_want(&options, SLICE_LIT("viral, slow")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alerts_leave_the_machine_encrypted_only),
        cmocka_unit_test(a_standard_webhook_needs_a_secret_and_slack_may_have_one),
        cmocka_unit_test(the_name_fits_a_key_and_a_label),
        cmocka_unit_test(rules_choose_the_alerts_of_a_webhook),
    };
    return cmocka_run_group_tests(tests, make_secret, remove_secret);
}
