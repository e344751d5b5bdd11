#include "daemon/scale.h"

#include <stdio.h>
#include <string.h>

#include "daemon/settings.h"

#define AT(member) offsetof(struct scale_options, member)

// clang-format off
const struct option scale_option_rows[] = {
    {"scale.role", OPTION_TEXT, "", 0, 16, false, AT(role),
     "What this process does: ingest reads the sources and writes what it has read to Redis, work counts that; empty: both, without a detour"},
    {"scale.backlog", OPTION_COUNT, "200000", 10, 100000000, false, AT(backlog),
     "Maximum number of entries, of up to 100 posts and about 47 KB, that wait in Redis for a worker; then the sources are paused"},
    {"scale.takeover", OPTION_SPAN, "3s", USEC_PER_S, USEC_PER_HOUR, false, AT(takeover),
     "How long a worker may be silent until a spare, another process with role work, takes over"},
    OPTION_END,
};
// clang-format on

static const char *const names[] = {
    [SCALE_BOTH] = "", [SCALE_INGEST] = "ingest", [SCALE_WORK] = "work"};

enum { ROLES = sizeof(names) / sizeof(names[0]), KEY_ROOM = 3 };

static bool
find_role(const char *text, enum scale_role *ret_role)
{
    for (unsigned i = 0; i < ROLES; i++) {
        if (strcmp(names[i], text) == 0) {
            *ret_role = (enum scale_role)i;
            return true;
        }
    }
    return false;
}

enum scale_role
scale_role(const struct scale_options *options)
{
    enum scale_role role = SCALE_BOTH;
    (void)find_role(options->role, &role);
    return role;
}

enum status
scale_check(const struct settings *settings, struct error *error)
{
    enum scale_role role;
    if (!find_role(settings->scale.role, &role)) {
        return error_set(error, STATUS_PARSE,
                         "scale.role: \"%s\" is none of: ingest work",
                         settings->scale.role);
    }
    if (role == SCALE_WORK && settings->source_count != 0) {
        return error_set(error, STATUS_RANGE,
                         "scale.role: a worker has no sources of its own: move source "
                         "\"%s\" to the process with scale.role = \"ingest\"",
                         settings->sources[0].name);
    }
    if (role == SCALE_WORK && settings->http.token_file[0] != '\0') {
        return error_set(error, STATUS_RANGE,
                         "http.token_file: a worker accepts no posts: push them to the "
                         "process with scale.role = \"ingest\"");
    }
    if (role == SCALE_INGEST &&
        strlen(settings->redis.prefix) + KEY_ROOM > REDIS_PREFIX_MAX) {
        return error_set(error, STATUS_RANGE,
                         "redis.prefix: at most %d bytes with scale.role = \"ingest\"",
                         REDIS_PREFIX_MAX - KEY_ROOM);
    }
    return STATUS_OK;
}

void
scale_add_source(struct settings *settings)
{
    if (scale_role(&settings->scale) != SCALE_WORK) {
        return;
    }
    struct source_options *source = &settings->sources[0];
    option_presets(source_option_rows, source);
    snprintf(source->name, sizeof(source->name), SCALE_SOURCE);
    snprintf(source->url, sizeof(source->url), "stream:" SCALE_SOURCE);
    settings->source_lines[0] = 0;
    settings->source_count = 1;
}

const char *
scale_key(const char *prefix, char key[SCALE_KEY_MAX])
{
    snprintf(key, SCALE_KEY_MAX, "%s" SCALE_SOURCE, prefix);
    return key;
}

void
scale_own_prefix(const struct scale_options *options, struct redis_options *redis)
{
    if (scale_role(options) == SCALE_INGEST) {
        size_t len = strlen(redis->prefix);
        snprintf(redis->prefix + len, sizeof(redis->prefix) - len, SCALE_SOURCE ":");
    }
}
