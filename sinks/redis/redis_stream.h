// A connected socket as a stream of libevent, with or without TLS, and the reason for
// its end.
#pragma once

#include <stdbool.h>

#include <event2/util.h>
#include <openssl/types.h>

#include "net/redis/redis_tls.h"
#include "net/redis/redis_url.h"

struct bufferevent;
struct event_base;

// Takes fd, also on failure. tls: NULL for none; url: whose host the certificate must
// name. NULL when memory is short.
struct bufferevent *redis_stream_open(struct event_base *base, evutil_socket_t fd,
                                      SSL_CTX *tls, const struct redis_url *url);

// The reason why the stream reported `what` (an end or an error), for messages: text or
// a string constant. is_answered: something was received over it.
const char *redis_stream_why_closed(struct bufferevent *stream, short what,
                                    bool is_answered, char text[REDIS_TLS_TEXT_MAX]);
