// Authenticates webhooks: id and signature according to Standard Webhooks 1.0.0.
//
//     webhook-id         msg_<32 hexadecimal digits>
//     webhook-signature  v1,<base64 of HMAC-SHA256(secret, "<id>.<seconds>.<body>")>
//
// A secret is `whsec_` and the base64 of 24 to 64 random bytes. Its file contains one,
// or two during a rotation, one a line; then every message is signed with both.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"

enum {
    WEBHOOK_ID_MAX = 40,
    WEBHOOK_SECRET_MIN = 24, // bytes
    WEBHOOK_SECRET_MAX = 64,
    WEBHOOK_SECRETS_MAX = 2,
    WEBHOOK_SIGNATURE_MAX = 128, // both, and the final NUL
};

struct webhook_secrets {
    size_t count;
    size_t length[WEBHOOK_SECRETS_MAX];
    unsigned char bytes[WEBHOOK_SECRETS_MAX][WEBHOOK_SECRET_MAX];
};

// The id of the message about this alert: a digest, so that it is the same after a
// restart, fits into a header for any alert id, and contains no full stop.
void webhook_sign_id(struct slice alert_id, char id[WEBHOOK_ID_MAX]);

// The contents of a secret file. STATUS_PARSE with what would be valid.
enum status webhook_sign_parse(struct slice text, struct webhook_secrets *ret_secrets,
                               struct error *error) MUST_USE;
// Reads the file: STATUS_IO if it cannot be read, or if its group or others may read it
// (except for the group of a systemd credential).
enum status webhook_sign_read(const char *path, struct webhook_secrets *ret_secrets,
                              struct error *error) MUST_USE;

struct webhook_signed {
    struct slice id;
    int64_t seconds; // since 1970, of the attempt
    struct slice body;
};
// At least one secret. STATUS_NOMEM if the library has no memory.
enum status webhook_sign(const struct webhook_secrets *secrets,
                         const struct webhook_signed *message,
                         char signature[WEBHOOK_SIGNATURE_MAX]) MUST_USE;
