// A connected socket as a stream of libevent, with TLS or without, and why it ended.
#pragma once

#include <stdbool.h>

#include <event2/util.h>
#include <openssl/types.h>

#include "sinks/redis/redis_tls.h"
#include "sinks/redis/redis_url.h"

struct bufferevent;
struct event_base;

// Takes fd, also on failure. tls: NULL for none; url: whose host the certificate must
// name. NULL when memory is short.
struct bufferevent *redis_stream_open(struct event_base *base, evutil_socket_t fd,
                                      SSL_CTX *tls, const struct redis_url *url);

// Why the stream reported `what` (an end or an error), for a human: text or a string
// that stays. is_answered: something came over it.
const char *redis_stream_why_closed(struct bufferevent *stream, short what,
                                    bool is_answered, char text[REDIS_TLS_TEXT_MAX]);
