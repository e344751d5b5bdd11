#include "net/redis/redis_tls.h"

#include <arpa/inet.h>
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

static enum status
file_error(struct error *error, const char *option, const char *path)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return error_set(error, STATUS_IO, "%s: cannot use %s: %s", option, path,
                     reason != NULL ? reason : "not in PEM form");
}

static enum status
load_files(SSL_CTX *tls, const struct redis_options *options, struct error *error)
{
    ERR_clear_error();
    if (options->ca_file[0] == '\0') {
        if (SSL_CTX_set_default_verify_paths(tls) != 1) {
            return file_error(error, "redis.ca_file", "the system's authorities");
        }
    } else if (SSL_CTX_load_verify_locations(tls, options->ca_file, NULL) != 1) {
        return file_error(error, "redis.ca_file", options->ca_file);
    }
    if (options->cert_file[0] == '\0') {
        return STATUS_OK;
    }
    if (SSL_CTX_use_certificate_chain_file(tls, options->cert_file) != 1) {
        return file_error(error, "redis.cert_file", options->cert_file);
    }
    if (SSL_CTX_use_PrivateKey_file(tls, options->key_file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(tls) != 1) {
        return file_error(error, "redis.key_file", options->key_file);
    }
    return STATUS_OK;
}

enum status
redis_tls_create(const struct redis_options *options, SSL_CTX **ret_tls,
                 struct error *error)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    if (tls == NULL || SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION) != 1) {
        SSL_CTX_free(tls);
        return error_set(error, STATUS_NOMEM, "cannot set up TLS");
    }
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
    enum status status = load_files(tls, options, error);
    if (status != STATUS_OK) {
        SSL_CTX_free(tls);
        return status;
    }
    *ret_tls = tls;
    return STATUS_OK;
}

void
redis_tls_destroy(SSL_CTX **tls)
{
    SSL_CTX_free(*tls);
    *tls = NULL;
}

static bool
expect_host(SSL *ssl, const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    if (inet_pton(AF_INET, host, address) == 1 ||
        inet_pton(AF_INET6, host, address) == 1) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    }
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

SSL *
redis_tls_open(SSL_CTX *tls, const struct redis_url *url)
{
    SSL *ssl = SSL_new(tls);
    if (ssl != NULL && !expect_host(ssl, url->host)) {
        SSL_free(ssl);
        ssl = NULL;
    }
    return ssl;
}

bool
redis_tls_random(unsigned char *bytes, size_t count)
{
    return RAND_bytes(bytes, (int)count) == 1;
}

const char *
redis_tls_reason(const SSL *ssl, unsigned long failure, char text[REDIS_TLS_TEXT_MAX])
{
    long verdict = SSL_get_verify_result(ssl);
    if (verdict != X509_V_OK) {
        snprintf(
            text, REDIS_TLS_TEXT_MAX,
            "its certificate is refused: %s; see redis.ca_file and the host's name",
            X509_verify_cert_error_string(verdict));
        return text;
    }
    const char *reason = ERR_reason_error_string(failure);
    if (reason == NULL) {
        return NULL;
    }
    snprintf(text, REDIS_TLS_TEXT_MAX, "TLS: %s", reason);
    return text;
}
