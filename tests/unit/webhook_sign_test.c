// Ids, secrets and signatures of webhooks.
#include "sinks/webhook/webhook_sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/crypto.h>

#define NEW "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define OLD "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static struct webhook_secrets
parse(const char *text)
{
    struct webhook_secrets secrets = {0};
    struct error error = {.code = STATUS_OK};
    if (webhook_sign_parse(slice_of(text), &secrets, &error) != STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return secrets;
}

static const struct webhook_signed message = {
    .id = {"msg_p5jXN8AQM9LWM0D4loKWxJek", 28},
    .seconds = 1614265330,
    .body = {"{\"test\": 2432232314}", 20},
};

// The vector that the libraries of standardwebhooks.com test themselves with.
static void
a_signature_is_that_of_the_specification(void **state)
{
    (void)state;
    char text[WEBHOOK_SIGNATURE_MAX];
    const struct webhook_secrets secrets = parse(NEW "\n");
    assert_int_equal(secrets.count, 1);
    assert_int_equal(secrets.length[0], 24);
    assert_int_equal(webhook_sign(&secrets, &message, text), STATUS_OK);
    assert_string_equal(text, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void
two_secrets_make_two_signatures(void **state)
{
    (void)state;
    char text[WEBHOOK_SIGNATURE_MAX];
    const struct webhook_secrets secrets = parse("\n" OLD " \r\n\n" NEW);
    assert_int_equal(secrets.count, 2);
    assert_int_equal(secrets.length[0], 32);
    assert_int_equal(webhook_sign(&secrets, &message, text), STATUS_OK);
    assert_int_equal(strlen(text), 2 * 47 + 1);
    assert_string_equal(text + 48, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert_int_equal(text[47], ' ');
}

static void
what_is_no_secret_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *why;
    } bad[] = {
        {"", "contains no secret"},
        {"\n \n", "contains no secret"},
        {"hunter2", "line 1 is not a secret"},
        {"whsec_", "line 1 is not a secret"},
        {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa", "line 1 is not a secret"}, // 22 bytes
        {NEW "\nwhsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2L aLaSw", "line 2 is not a secret"},
        {NEW "\n" NEW "\n" NEW, "line 3: at most two"},
        {NEW "A", "line 1 is not a secret"}, // no base64 has such a length
        {"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
         "AAAAAAAAAAAAAAAAAA",
         "line 1 is not a secret"}, // 66 bytes
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct webhook_secrets secrets;
        struct error error = {.code = STATUS_OK};
        assert_int_equal(webhook_sign_parse(slice_of(bad[i].text), &secrets, &error),
                         STATUS_PARSE);
        if (strstr(error.text, bad[i].why) == NULL) {
            fail_msg("\"%s\": %s", bad[i].text, error.text);
        }
        assert_null(strstr(error.text, "MfKQ"));
    }
}

static void
a_file_that_others_may_read_is_refused(void **state)
{
    (void)state;
    static const mode_t modes[] = {0640, 0604, 0620, 0601};
    char path[] = "webhook-secret-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, NEW "\n", sizeof(NEW)), sizeof(NEW));
    close(fd);
    struct webhook_secrets secrets;
    assert_int_equal(webhook_sign_read(path, &secrets, NULL), STATUS_OK);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        struct error error = {.code = STATUS_OK};
        assert_int_equal(chmod(path, modes[i]), 0);
        assert_int_equal(webhook_sign_read(path, &secrets, &error), STATUS_IO);
        assert_non_null(strstr(error.text, "chmod 600"));
    }
    char folder[4096];
    char full[sizeof(folder) + sizeof(path) + 1];
    assert_non_null(getcwd(folder, sizeof(folder)));
    snprintf(full, sizeof(full), "%s/%s", folder, path);
    setenv("CREDENTIALS_DIRECTORY", folder, 1);
    assert_int_equal(chmod(path, 0440), 0);
    assert_int_equal(webhook_sign_read(full, &secrets, NULL), STATUS_OK);
    assert_int_equal(chmod(path, 0444), 0);
    assert_int_equal(webhook_sign_read(full, &secrets, NULL), STATUS_IO);
    unsetenv("CREDENTIALS_DIRECTORY");
    remove(path);
    struct error error = {.code = STATUS_OK};
    assert_int_equal(webhook_sign_read(path, &secrets, &error), STATUS_IO);
    assert_non_null(strstr(error.text, "No such file"));
}

static void
an_id_fits_a_header_whatever_the_alert_is_called(void **state)
{
    (void)state;
    char id[WEBHOOK_ID_MAX];
    char other[WEBHOOK_ID_MAX];
    webhook_sign_id(SLICE_LIT("viral:bsky:at://did:plc:a/app.bsky.feed.post/3k\r\n:1"),
                    id);
    assert_int_equal(strlen(id), 36);
    assert_int_equal(strspn(id, "msg_0123456789abcdef"), 36);
    webhook_sign_id(SLICE_LIT("viral:bsky:at://did:plc:a/app.bsky.feed.post/3k\r\n:3"),
                    other);
    assert_string_not_equal(id, other);
    webhook_sign_id(SLICE_LIT("abc"), id);
    assert_string_equal(id, "msg_ba7816bf8f01cfea414140de5dae2223"); // SHA-256
}

// ── without memory ─────────────────────────────────────────────────────────

static bool is_out_of_memory;

static void *
give(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return is_out_of_memory ? NULL : malloc(size);
}

static void *
give_again(void *old, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return is_out_of_memory ? NULL : realloc(old, size);
}

static void
take(void *old, const char *file, int line)
{
    (void)file;
    (void)line;
    free(old);
}

static void
ids_differ_also_without_memory(void **state)
{
    (void)state;
    char ids[3][WEBHOOK_ID_MAX];
    webhook_sign_id(SLICE_LIT("viral:app:1:1"), ids[0]); // OpenSSL is ready now
    is_out_of_memory = true;
    webhook_sign_id(SLICE_LIT("viral:app:1:1"), ids[0]);
    webhook_sign_id(SLICE_LIT("viral:app:2:1"), ids[1]);
    webhook_sign_id(SLICE_LIT("viral:app:1:1"), ids[2]);
    is_out_of_memory = false;
    assert_string_not_equal(ids[0], ids[1]);
    assert_string_equal(ids[0], ids[2]);
    assert_int_equal(strspn(ids[0], "msg_0123456789abcdef"), 36);
}

int
main(void)
{
    // Before OpenSSL allocates anything.
    if (CRYPTO_set_mem_functions(give, give_again, take) != 1) {
        return EXIT_FAILURE;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_is_that_of_the_specification),
        cmocka_unit_test(two_secrets_make_two_signatures),
        cmocka_unit_test(what_is_no_secret_is_refused_with_its_line),
        cmocka_unit_test(a_file_that_others_may_read_is_refused),
        cmocka_unit_test(an_id_fits_a_header_whatever_the_alert_is_called),
        cmocka_unit_test(ids_differ_also_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
