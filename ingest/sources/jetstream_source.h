// The transport of Bluesky's Jetstream: both of its wire formats over WebSocket, one or
// several hosts.
//
// Resumes from the last message that the owner took: exactly on the host it came from,
// by time on all others (jetstream_wire.h). Missed messages are recovered if the first
// message of the new connection is not newer than the last one of the old. The gap ends
// when a message is as new as that connection, or the server has nothing more to send.
// Each host has its own waits (reconnect.h), and the one whose wait ends first is next;
// a host that refuses permanently is not tried again until the source is restarted.
#pragma once

#include "base/status.h"

struct source;
struct source_setup;

// setup's client may not be NULL. On failure *ret_source is untouched.
enum status jetstream_source_create(const struct source_setup *setup,
                                    struct source **ret_source,
                                    struct error *error) MUST_USE;
