#include "sinks/redis/redis_stream.h"

#include <errno.h>
#include <string.h>

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/ssl.h>

static struct bufferevent *
open_tls(struct event_base *base, evutil_socket_t fd, SSL_CTX *tls,
         const struct redis_url *url)
{
    SSL *ssl = redis_tls_open(tls, url);
    if (ssl == NULL) {
        return NULL;
    }
    struct bufferevent *stream = bufferevent_openssl_socket_new(
        base, fd, ssl, BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
    if (stream == NULL) {
        SSL_free(ssl);
    }
    return stream;
}

struct bufferevent *
redis_stream_open(struct event_base *base, evutil_socket_t fd, SSL_CTX *tls,
                  const struct redis_url *url)
{
    struct bufferevent *stream =
        tls != NULL ? open_tls(base, fd, tls, url)
                    : bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (stream == NULL) {
        evutil_closesocket(fd);
    }
    return stream;
}

const char *
redis_stream_why_closed(struct bufferevent *stream, short what, bool is_answered,
                        char text[REDIS_TLS_TEXT_MAX])
{
    int code = EVUTIL_SOCKET_ERROR();
    const SSL *ssl = bufferevent_openssl_get_ssl(stream);
    if (ssl != NULL) {
        unsigned long failure = bufferevent_get_openssl_error(stream);
        const char *reason = redis_tls_reason(ssl, failure, text);
        if (reason != NULL) {
            return reason;
        }
        if (!is_answered) {
            return "it closed the connection during the TLS handshake; it may require "
                   "a client certificate (redis.cert_file)";
        }
    }
    bool is_end = (what & BEV_EVENT_EOF) != 0 || code == 0 || code == EPIPE;
    return is_end ? "it closed the connection" : strerror(code);
}
