// The hosts of one Jetstream source: which one to connect to next, and when. Pure.
//
// Each host has its own waits (reconnect.h), so that one that is down does not delay a
// connection to another. The host whose wait ends first is next; among those whose wait
// is over, the current one if its stream just dropped, else the next of the list. A
// host that refuses permanently is not tried again until jetstream_hosts_start.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/usec.h"
#include "ingest/sources/jetstream_wire.h"
#include "ingest/sources/source_options.h"
#include "net/reconnect.h"
#include "net/url.h"

struct jetstream_host {
    struct url url;
    char name[SOURCE_CURSOR_HOST_MAX]; // as in cursors: with the port if it is not the
                                       // default
    struct reconnect reconnect;
    usec ready_at;            // USEC_NONE: refused permanently
    enum jetstream_from from; // the best that it has not refused
};

struct jetstream_hosts {
    struct jetstream_host items[SOURCE_HOSTS_MAX + 1];
    size_t count;
    size_t current;
};

// The host of url, and those of the list with commas, on the same path. Keeps the path.
enum status jetstream_hosts_init(struct jetstream_hosts *hosts, const struct url *url,
                                 const char *list, uint64_t seed,
                                 struct error *error) MUST_USE;

// Every host may be tried from now on.
void jetstream_hosts_start(struct jetstream_hosts *hosts, usec now);

struct jetstream_host *jetstream_hosts_current(struct jetstream_hosts *hosts);

// Its stream flows: waits begin again, and cursors are sent again.
void jetstream_hosts_flow(struct jetstream_hosts *hosts);

// It refused a cursor of that kind, which is not sent again before its stream flows.
void jetstream_hosts_refuse_cursor(struct jetstream_hosts *hosts,
                                   enum jetstream_from asked);

// The attempt or stream of the current host is over; not_before as in reconnect_after.
// Chooses the next host and returns when to connect; USEC_NONE: all refuse permanently.
usec jetstream_hosts_after(struct jetstream_hosts *hosts, enum reconnect_class class,
                           bool may_stay, usec now, usec not_before);
