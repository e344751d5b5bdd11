// TLS towards Redis: version 1.2 or newer, the certificate's chain and its name (or
// address) verified. There is no way to switch that off.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>

#include "base/status.h"
#include "sinks/redis/redis_options.h"
#include "sinks/redis/redis_url.h"

// What connections have in common; reads the files. STATUS_IO: the error names the
// file.
enum status redis_tls_create(const struct redis_options *options, SSL_CTX **ret_tls,
                             struct error *error) MUST_USE;
void redis_tls_destroy(SSL_CTX **tls);

// One connection to url's host, the caller's to free (SSL_free). NULL when memory is
// short.
SSL *redis_tls_open(SSL_CTX *tls, const struct redis_url *url);

// Bytes nobody can guess; false when the system has none.
bool redis_tls_random(unsigned char *bytes, size_t count);

// Why TLS failed, for a human: text, or NULL when TLS is not the reason. failure: what
// the library reported, or 0.
enum { REDIS_TLS_TEXT_MAX = 256 };
const char *redis_tls_reason(const SSL *ssl, unsigned long failure,
                             char text[REDIS_TLS_TEXT_MAX]);
