#include "ingest/sources/mastodon_timeline.h"

#include <stdio.h>
#include <string.h>

#include "base/slice.h"

#define API "/api/v1/streaming"
#define STREAMING API "/"
#define TIMELINES "/api/v1/timelines/"

static const struct row {
    const char *stream;
    const char *timeline;
    const char *parameter; // of the stream, the end of the timeline's path
    const char *query;
    bool lacks_boosts;
} rows[] = {
    {"user", "home", NULL, "", false},
    {"public", "public", NULL, "", true},
    {"public/local", "public", NULL, "local=true&", true},
    {"public/remote", "public", NULL, "remote=true&", true},
    {"hashtag", "tag/", "tag", "", true},
    {"hashtag/local", "tag/", "tag", "local=true&", true},
    {"list", "list/", "list", "", false},
    {NULL, NULL, NULL, NULL, false},
};

// Splits the URL into the part before the path, the kind of stream, and the query.
static const struct row *
find_row(const char *url, struct slice *ret_server, const char **ret_query)
{
    const char *path = strstr(url, STREAMING);
    const char *query = strchr(url, '?');
    if (path == NULL || (query != NULL && query < path)) {
        return NULL;
    }
    *ret_server = (struct slice){url, (size_t)(path - url)};
    *ret_query = query != NULL ? query + 1 : "";
    path += sizeof(STREAMING) - 1;
    struct slice name = {path, strcspn(path, "?#")};
    while (name.len > 0 && name.ptr[name.len - 1] == '/') {
        name.len--;
    }
    const struct row *row = rows;
    while (row->stream != NULL && !slice_equal(name, slice_of(row->stream))) {
        row++;
    }
    return row->stream != NULL ? row : NULL;
}

static struct slice
find_parameter(const char *query, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = query; *at != '\0' && *at != '#';) {
        size_t size = strcspn(at, "&#");
        if (size > len && strncmp(at, name, len) == 0 && at[len] == '=') {
            return (struct slice){at + len + 1, size - len - 1};
        }
        at += size;
        at += *at == '&';
    }
    return SLICE_NONE;
}

// As a part of a path: characters that could end it, or have a meaning in it, are
// escaped.
static size_t
put_escaped(char *to, struct slice text)
{
    size_t used = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || strchr("-_~%", c) != NULL;
        used += (size_t)snprintf(to + used, 4, is_plain ? "%c" : "%%%02X", c);
    }
    return used;
}

bool
mastodon_timeline_of(const char *stream_url, const char *api_url,
                     char timeline[MASTODON_TIMELINE_MAX])
{
    struct slice server;
    const char *query;
    const struct row *row = find_row(stream_url, &server, &query);
    struct slice end = {"", 0};
    if (row != NULL && row->parameter != NULL) {
        end = find_parameter(query, row->parameter);
    }
    // The longest escape takes three bytes for one.
    if (row == NULL || slice_is_none(end) || (row->parameter != NULL && end.len == 0) ||
        3 * strlen(stream_url) + strlen(api_url) + sizeof(TIMELINES) + 64 >
            MASTODON_TIMELINE_MAX) {
        return false;
    }
    if (api_url[0] != '\0') {
        server = slice_of(api_url);
        server.len -= server.ptr[server.len - 1] == '/';
    }
    char escaped[MASTODON_TIMELINE_MAX];
    size_t len = put_escaped(escaped, end);
    bool is_media = slice_equal(find_parameter(query, "only_media"), SLICE_LIT("true"));
    snprintf(timeline, MASTODON_TIMELINE_MAX, "%.*s" TIMELINES "%s%.*s?%s%s",
             SLICE_ARG(server), row->timeline, (int)len, escaped, row->query,
             is_media ? "only_media=true&" : "");
    return true;
}

bool
mastodon_timeline_lacks_boosts(const char *stream_url)
{
    struct slice server;
    const char *query;
    const struct row *row = find_row(stream_url, &server, &query);
    return row != NULL && row->lacks_boosts;
}

bool
mastodon_timeline_is_stream(const char *stream_url)
{
    const char *path = strstr(stream_url, API);
    const char *query = strchr(stream_url, '?');
    if (path == NULL || (query != NULL && query < path)) {
        return false;
    }
    char end = path[sizeof(API) - 1];
    return end == '\0' || strchr("/?#", end) != NULL;
}

const char *
mastodon_timeline_hint(const char *stream_url, long status)
{
    static const long codes[] = {400, 404, 405, 426, 501};
    bool is_one = false;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        is_one |= codes[i] == status;
    }
    return is_one && mastodon_timeline_is_stream(stream_url)
               ? "; a server that streams over WebSocket only, as GoToSocial and "
                 "Akkoma "
                 "do, is not supported"
               : "";
}
