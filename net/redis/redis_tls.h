// TLS to Redis: version 1.2 or newer; the certificate's chain and its name (or address)
// are verified. This cannot be switched off.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>

#include "base/status.h"
#include "net/redis/redis_options.h"
#include "net/redis/redis_url.h"

// The common part of all connections; reads the files. STATUS_IO: the error names the
// file.
enum status redis_tls_create(const struct redis_options *options, SSL_CTX **ret_tls,
                             struct error *error) MUST_USE;
void redis_tls_destroy(SSL_CTX **tls);

// One connection to url's host, owned by the caller (SSL_free). NULL when memory is
// short.
SSL *redis_tls_open(SSL_CTX *tls, const struct redis_url *url);

// Unpredictable random bytes; false when the system has none.
bool redis_tls_random(unsigned char *bytes, size_t count);

// The reason why TLS failed, for messages: text, or NULL when TLS is not the reason.
// failure: the library's error, or 0.
enum { REDIS_TLS_TEXT_MAX = 256 };
const char *redis_tls_reason(const SSL *ssl, unsigned long failure,
                             char text[REDIS_TLS_TEXT_MAX]);
