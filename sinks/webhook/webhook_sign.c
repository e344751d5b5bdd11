#define _DEFAULT_SOURCE // explicit_bzero
#include "sinks/webhook/webhook_sign.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/redact.h"

enum {
    FILE_MAX = 1024,
    DIGEST = 32,
    ID_BYTES = 16,
    BASE64_DIGEST = 44, // of DIGEST bytes
};

#define PREFIX "whsec_"
#define RIGHT                                                                          \
    "write it as whsec_ and the base64 of 24 to 64 random bytes, as from: "            \
    "echo \"whsec_$(head -c 32 /dev/urandom | base64)\""

// Without memory for a digest: as many bytes that differ between alerts, too. With one
// id for all, receivers would take every alert but the first for a repetition.
static void
hash_id(struct slice alert_id, unsigned char digest[EVP_MAX_MD_SIZE])
{
    for (uint64_t i = 0; i < ID_BYTES; i += sizeof(uint64_t)) {
        const struct hash_key key = {i, ~i};
        uint64_t hash = hash_slice(&key, alert_id);
        memcpy(digest + i, &hash, sizeof(hash));
    }
}

void
webhook_sign_id(struct slice alert_id, char id[WEBHOOK_ID_MAX])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    if (EVP_Digest(alert_id.ptr, alert_id.len, digest, NULL, EVP_sha256(), NULL) != 1) {
        hash_id(alert_id, digest);
    }
    memcpy(id, "msg_", 5);
    for (size_t i = 0; i < ID_BYTES; i++) {
        snprintf(id + 4 + 2 * i, 3, "%02x", (unsigned)digest[i]);
    }
}

// ── secrets ────────────────────────────────────────────────────────────────

static int
base64_value(char c)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

// Decodes a base64 text, padded or not; 0: invalid, or too many bytes.
static size_t
decode(struct slice text, unsigned char bytes[WEBHOOK_SECRET_MAX])
{
    while (text.len != 0 && text.ptr[text.len - 1] == '=') {
        text.len--;
    }
    unsigned bits = 0;
    unsigned pending = 0;
    size_t size = 0;
    for (size_t i = 0; i < text.len; i++) {
        int value = base64_value(text.ptr[i]);
        if (value < 0 || size == WEBHOOK_SECRET_MAX) {
            return 0;
        }
        bits = ((bits << 6) | (unsigned)value) & 0xffff;
        pending += 6;
        if (pending >= 8) {
            pending -= 8;
            bytes[size++] = (unsigned char)(bits >> pending);
        }
    }
    return text.len % 4 == 1 ? 0 : size;
}

static struct slice
next_line(struct slice *rest)
{
    const char *end = rest->len != 0 ? memchr(rest->ptr, '\n', rest->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - rest->ptr) : rest->len;
    struct slice line = {rest->ptr, len};
    size_t taken = len + (end != NULL);
    *rest = (struct slice){rest->ptr + taken, rest->len - taken};
    while (line.len != 0 && strchr(" \t\r", line.ptr[line.len - 1]) != NULL) {
        line.len--;
    }
    return line;
}

enum status
webhook_sign_parse(struct slice text, struct webhook_secrets *ret_secrets,
                   struct error *error)
{
    const struct slice prefix = SLICE_LIT(PREFIX);
    struct webhook_secrets secrets = {0};
    int number = 0;
    while (text.len != 0) {
        struct slice line = next_line(&text);
        number++;
        if (line.len == 0) {
            continue;
        }
        if (secrets.count == WEBHOOK_SECRETS_MAX) {
            return error_set(error, STATUS_PARSE,
                             "line %d: at most two secrets, the new and the old one",
                             number);
        }
        size_t size = 0;
        if (slice_starts(line, prefix)) {
            struct slice rest = {line.ptr + prefix.len, line.len - prefix.len};
            size = decode(rest, secrets.bytes[secrets.count]);
        }
        if (size < WEBHOOK_SECRET_MIN) {
            explicit_bzero(&secrets, sizeof(secrets));
            return error_set(error, STATUS_PARSE, "line %d is not a secret: " RIGHT,
                             number);
        }
        secrets.length[secrets.count++] = size;
    }
    if (secrets.count == 0) {
        return error_set(error, STATUS_PARSE, "it contains no secret: " RIGHT);
    }
    *ret_secrets = secrets;
    explicit_bzero(&secrets, sizeof(secrets));
    return STATUS_OK;
}

// systemd gives the unit's user access to a credential by an access list, which appears
// as rights of the group.
static bool
is_credential(const char *path)
{
    struct slice folder = slice_of(getenv("CREDENTIALS_DIRECTORY"));
    return folder.len != 0 && slice_starts(slice_of(path), folder) &&
           path[folder.len] == '/';
}

enum status
webhook_sign_read(const char *path, struct webhook_secrets *ret_secrets,
                  struct error *error)
{
    char text[FILE_MAX];
    char shown[REDACT_MAX];
    struct stat file;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 && fstat(fd, &file) == 0 ? read(fd, text, sizeof(text)) : -1;
    int code = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (size < 0) {
        return error_set(error, STATUS_IO, "cannot read %s: %s",
                         redact_path(path, code, shown), strerror(code));
    }
    mode_t others = is_credential(path) ? S_IWGRP | S_IRWXO : S_IRWXG | S_IRWXO;
    if ((file.st_mode & others) != 0) {
        explicit_bzero(text, sizeof(text));
        return error_set(
            error, STATUS_IO,
            "other users may read or change %s: chmod 600 it, and create a new secret",
            path);
    }
    struct error why = {.code = STATUS_OK};
    enum status status =
        webhook_sign_parse((struct slice){text, (size_t)size}, ret_secrets, &why);
    explicit_bzero(text, sizeof(text));
    return status == STATUS_OK ? STATUS_OK
                               : error_set(error, status, "%s: %s", path, why.text);
}

// ── signatures ─────────────────────────────────────────────────────────────

static bool
digest_of(EVP_MAC_CTX *context, const struct webhook_signed *message,
          unsigned char digest[DIGEST])
{
    char head[WEBHOOK_ID_MAX + 32];
    int len = snprintf(head, sizeof(head), "%.*s.%" PRId64 ".", SLICE_ARG(message->id),
                       message->seconds);
    size_t size = 0;
    return EVP_MAC_update(context, (const unsigned char *)head, (size_t)len) == 1 &&
           EVP_MAC_update(context, (const unsigned char *)message->body.ptr,
                          message->body.len) == 1 &&
           EVP_MAC_final(context, digest, &size, DIGEST) == 1 && size == DIGEST;
}

static bool
sign_one(EVP_MAC *mac, const struct webhook_secrets *secrets, size_t which,
         const struct webhook_signed *message, unsigned char digest[DIGEST])
{
    char name[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
    bool is_good = context != NULL &&
                   EVP_MAC_init(context, secrets->bytes[which], secrets->length[which],
                                params) == 1 &&
                   digest_of(context, message, digest);
    EVP_MAC_CTX_free(context);
    return is_good;
}

enum status
webhook_sign(const struct webhook_secrets *secrets,
             const struct webhook_signed *message,
             char signature[WEBHOOK_SIGNATURE_MAX])
{
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    bool is_good = mac != NULL;
    size_t used = 0;
    for (size_t i = 0; i < secrets->count && is_good; i++) {
        unsigned char digest[DIGEST];
        unsigned char text[BASE64_DIGEST + 1];
        is_good = sign_one(mac, secrets, i, message, digest);
        if (is_good) {
            EVP_EncodeBlock(text, digest, DIGEST);
            used += (size_t)snprintf(signature + used, WEBHOOK_SIGNATURE_MAX - used,
                                     "%sv1,%s", i != 0 ? " " : "", (char *)text);
        }
    }
    EVP_MAC_free(mac);
    return is_good ? STATUS_OK : STATUS_NOMEM;
}
