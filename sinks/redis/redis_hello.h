// The first commands of a connection and their replies: the login, the database, and
// whether it is the right server: a master, for Sentinels; the owner of the slot, in a
// Redis Cluster.
#pragma once

#include "base/status.h"

struct redis_conn;
struct redis_item;

// Sends them, if there are any. A failure is one of the password's file.
enum status redis_hello_say(struct redis_conn *conn, struct error *error) MUST_USE;
// An item of a reply to a command of the connection's own.
void redis_hello_item(struct redis_conn *conn, const struct redis_item *item);
