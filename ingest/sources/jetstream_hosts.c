#include "ingest/sources/jetstream_hosts.h"

#include <assert.h>
#include <stdio.h>

static void
add(struct jetstream_hosts *hosts, const struct url *url, uint64_t seed)
{
    struct jetstream_host *host = &hosts->items[hosts->count];
    *host = (struct jetstream_host){.url = *url};
    snprintf(host->name, sizeof(host->name), "%s", url->host);
    if (url->port != (url->is_tls ? 443 : 80)) {
        // Room for the port; names in the DNS are shorter.
        snprintf(host->name, sizeof(host->name), "%.249s:%u", url->host,
                 (unsigned)url->port);
    }
    reconnect_init(&host->reconnect, seed + hosts->count, RECONNECT_JITTER);
    hosts->count++;
}

enum status
jetstream_hosts_init(struct jetstream_hosts *hosts, const struct url *url,
                     const char *list, uint64_t seed, struct error *error)
{
    struct slice rest = slice_of(list);
    hosts->count = 0;
    hosts->current = 0;
    add(hosts, url, seed);
    while (rest.len > 0) {
        struct url other = *url;
        other.port = url->is_tls ? 443 : 80;
        enum status status = url_parse_host(url_next_host(&rest), &other, error);
        if (status != STATUS_OK) {
            return status;
        }
        if (hosts->count > SOURCE_HOSTS_MAX) {
            return error_set(error, STATUS_RANGE, "hosts: at most %d",
                             SOURCE_HOSTS_MAX);
        }
        add(hosts, &other, seed);
    }
    return STATUS_OK;
}

void
jetstream_hosts_start(struct jetstream_hosts *hosts, usec now)
{
    for (size_t i = 0; i < hosts->count; i++) {
        hosts->items[i].ready_at = now;
    }
}

struct jetstream_host *
jetstream_hosts_current(struct jetstream_hosts *hosts)
{
    assert(hosts->current < hosts->count);
    return &hosts->items[hosts->current];
}

void
jetstream_hosts_flow(struct jetstream_hosts *hosts)
{
    struct jetstream_host *host = jetstream_hosts_current(hosts);
    reconnect_up(&host->reconnect);
    host->from = JETSTREAM_BY_VALUE;
}

void
jetstream_hosts_refuse_cursor(struct jetstream_hosts *hosts, enum jetstream_from asked)
{
    struct jetstream_host *host = jetstream_hosts_current(hosts);
    if (asked != JETSTREAM_FROM_NOW && host->from <= asked) {
        host->from = asked + 1;
    }
}

usec
jetstream_hosts_after(struct jetstream_hosts *hosts, enum reconnect_class class,
                      bool may_stay, usec now, usec not_before)
{
    struct jetstream_host *host = jetstream_hosts_current(hosts);
    host->ready_at = reconnect_after(&host->reconnect, class, now, not_before);
    size_t best = hosts->count;
    usec best_at = INT64_MAX;
    for (size_t i = 0; i < hosts->count; i++) {
        size_t at = (hosts->current + i + !may_stay) % hosts->count;
        usec ready = hosts->items[at].ready_at;
        if (ready == USEC_NONE) {
            continue;
        }
        ready = ready > now ? ready : now;
        if (ready < best_at) {
            best = at;
            best_at = ready;
        }
    }
    if (best == hosts->count) {
        return USEC_NONE;
    }
    hosts->current = best;
    return best_at;
}
