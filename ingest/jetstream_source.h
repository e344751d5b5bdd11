// The transport of Bluesky's Jetstream: both of its wires over WebSocket, one or
// several hosts.
//
// Resumes from the last message taken: exactly on the host it came from, by time on all
// others (jetstream_wire.h). What was missed is recovered if the first message of the
// new connection is not newer than the last one of the old, once a message is as new as
// that connection, or the server has nothing more to send. Each host has waits of its
// own (reconnect.h), and the one that may be asked first is; a host that refuses for
// good is not asked again until the source is started anew.
#pragma once

#include "base/status.h"

struct source;
struct source_setup;

// setup's client may not be NULL. On failure *ret_source is untouched.
enum status jetstream_source_create(const struct source_setup *setup,
                                    struct source **ret_source,
                                    struct error *error) MUST_USE;
