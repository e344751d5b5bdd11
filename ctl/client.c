#include "ctl/client.h"

#include "base/buffer.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

enum {
    WORDS_MAX = 16,
    KEY_MAX = 4096,
    REDIS_PORT = 6379,
    SENTINEL_PORT = 26379,
    PATIENCE_S = 3,
};

static const struct timeval patience = {PATIENCE_S, 0};

static enum status
bad_url(struct error *error)
{
    return error_set(error, STATUS_PARSE,
                     "this is not a Redis URL: write unix:/path/to/socket, "
                     "redis://host:port/db or sentinel://host:port,host:port/name");
}

// Parses a decimal number from 0 to `most` that is all of text.
static bool
parse_number(const char *text, int most, int *ret_number)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    long number = strtol(text, &end, 10);
    if (*end != '\0' || number > most) {
        return false;
    }
    *ret_number = (int)number;
    return true;
}

static bool
parse_host_port(char *text, struct client_address *address)
{
    char *host = text;
    char *colon = strrchr(text, ':');
    char *bracket = strrchr(text, ']');
    if (text[0] == '[' && bracket != NULL) {
        host = text + 1;
        *bracket = '\0';
        colon = bracket[1] == ':' ? bracket + 1 : NULL;
        if (colon == NULL && bracket[1] != '\0') {
            return false;
        }
    }
    if (colon != NULL) {
        *colon = '\0';
        if (!parse_number(colon + 1, 65535, &address->port)) {
            return false;
        }
    }
    (void)snprintf(address->host, sizeof address->host, "%s", host);
    return host[0] != '\0';
}

static enum status
check_secret(const char *text, struct error *error)
{
    if (strchr(text, '@') != NULL) {
        return error_set(error, STATUS_PARSE,
                         "a user or password in a URL is visible to everybody on this "
                         "machine: leave it out");
    }
    return STATUS_OK;
}

// Cuts text at its first "/" and parses the number of the database after it, if any.
static bool
parse_database(char *text, struct client_address *address)
{
    char *slash = strchr(text, '/');
    if (slash == NULL) {
        return true;
    }
    *slash = '\0';
    return slash[1] == '\0' || parse_number(slash + 1, 1 << 20, &address->database);
}

static enum status
parse_tcp(const char *rest, struct client_address *address, struct error *error)
{
    char text[CLIENT_ADDRESS_MAX];
    (void)snprintf(text, sizeof text, "%s", rest);
    enum status status = check_secret(text, error);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_good = parse_database(text, address) && parse_host_port(text, address);
    return is_good ? STATUS_OK : bad_url(error);
}

// Moves the first Sentinel of *list to host and port.
static bool
next_sentinel(const char **list, struct client_address *address)
{
    char text[CLIENT_ADDRESS_MAX];
    size_t length = strcspn(*list, ",");
    (void)snprintf(text, sizeof text, "%.*s", (int)length, *list);
    *list += length;
    *list += **list == ',' ? 1 : 0;
    address->port = SENTINEL_PORT;
    return parse_host_port(text, address);
}

static enum status
parse_sentinels(const char *rest, struct client_address *address, struct error *error)
{
    enum status status = check_secret(rest, error);
    if (status != STATUS_OK) {
        return status;
    }
    const char *slash = strchr(rest, '/');
    if (slash == NULL || slash == rest || slash[-1] == ',') {
        return bad_url(error);
    }
    (void)snprintf(address->sentinels, sizeof address->sentinels, "%.*s",
                   (int)(slash - rest), rest);
    (void)snprintf(address->name, sizeof address->name, "%s", slash + 1);
    bool is_good = parse_database(address->name, address) && address->name[0] != '\0';
    for (const char *list = address->sentinels; is_good && list[0] != '\0';) {
        is_good = next_sentinel(&list, address);
    }
    return is_good ? STATUS_OK : bad_url(error);
}

enum status
client_parse_url(const char *url, struct client_address *ret_address,
                 struct error *error)
{
    static const char unix_form[] = "unix:";
    static const char tcp_form[] = "redis://";
    static const char sentinel_form[] = "sentinel://";
    struct client_address address = {.port = REDIS_PORT};
    enum status status = STATUS_OK;
    if (strlen(url) >= CLIENT_ADDRESS_MAX) {
        status = bad_url(error);
    } else if (strncmp(url, unix_form, strlen(unix_form)) == 0) {
        const char *path = url + strlen(unix_form);
        path += strncmp(path, "//", 2) == 0 ? 2 : 0;
        (void)snprintf(address.path, sizeof address.path, "%s", path);
        status = path[0] == '/' ? STATUS_OK : bad_url(error);
    } else if (strncmp(url, tcp_form, strlen(tcp_form)) == 0) {
        status = parse_tcp(url + strlen(tcp_form), &address, error);
    } else if (strncmp(url, sentinel_form, strlen(sentinel_form)) == 0) {
        status = parse_sentinels(url + strlen(sentinel_form), &address, error);
    } else {
        status = bad_url(error);
    }
    if (status == STATUS_OK) {
        *ret_address = address;
    }
    return status;
}

static enum status
unreachable(const struct client *client, const struct client_address *address,
            struct error *error)
{
    char port[16];
    bool is_path = address->path[0] != '\0';
    (void)snprintf(port, sizeof port, ":%d", address->port);
    const char *why = client->redis != NULL ? client->redis->errstr : "out of memory";
    return error_set(error, STATUS_IO,
                     "cannot reach Redis at %s%.200s%s: %s; start it, or name another "
                     "server with --redis URL",
                     is_path ? "unix:" : "redis://",
                     is_path ? address->path : address->host, is_path ? "" : port, why);
}

// Stores the answer of one Sentinel in host and port, else the error in ret_why.
static bool
ask_sentinel(struct client_address *address, char *ret_why, size_t size)
{
    redisContext *redis =
        redisConnectWithTimeout(address->host, address->port, patience);
    redisReply *reply = NULL;
    if (redis != NULL && redis->err == 0 &&
        redisSetTimeout(redis, patience) == REDIS_OK) {
        reply =
            redisCommand(redis, "SENTINEL GET-MASTER-ADDR-BY-NAME %s", address->name);
    }
    bool is_known = reply != NULL && reply->type == REDIS_REPLY_ARRAY &&
                    reply->elements == 2 &&
                    reply->element[0]->type == REDIS_REPLY_STRING &&
                    reply->element[1]->type == REDIS_REPLY_STRING &&
                    parse_number(reply->element[1]->str, 65535, &address->port);
    if (is_known) {
        (void)snprintf(address->host, sizeof address->host, "%s",
                       reply->element[0]->str);
    } else if (reply == NULL) {
        (void)snprintf(ret_why, size, "%s",
                       redis != NULL ? redis->errstr : "out of memory");
    } else if (reply->type == REDIS_REPLY_ERROR) {
        (void)snprintf(ret_why, size, "%s", reply->str);
    } else {
        (void)snprintf(ret_why, size, "it has no master of this name");
    }
    freeReplyObject(reply);
    redisFree(redis);
    return is_known;
}

// Asks the Sentinels for the master, one after the other.
static enum status
find_master(struct client_address *address, struct error *error)
{
    char why[128] = "";
    for (const char *list = address->sentinels; list[0] != '\0';) {
        if (next_sentinel(&list, address) && ask_sentinel(address, why, sizeof why)) {
            return STATUS_OK;
        }
    }
    return error_set(error, STATUS_IO,
                     "cannot get the master \"%.100s\" from the Sentinels %.200s: %s; "
                     "name others with --redis URL",
                     address->name, address->sentinels, why);
}

enum status
client_open(struct client *client, const char *url, const char *prefix,
            struct error *error)
{
    struct client_address address;
    client->redis = NULL;
    if (prefix[0] == '\0' || strlen(prefix) >= sizeof client->prefix) {
        return error_set(error, STATUS_PARSE, "the prefix must have 1 to %d bytes",
                         CLIENT_PREFIX_MAX - 1);
    }
    (void)snprintf(client->prefix, sizeof client->prefix, "%s", prefix);
    enum status status = client_parse_url(url, &address, error);
    if (status == STATUS_OK && address.name[0] != '\0') {
        status = find_master(&address, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    client->redis = address.path[0] != '\0'
                        ? redisConnectUnixWithTimeout(address.path, patience)
                        : redisConnectWithTimeout(address.host, address.port, patience);
    if (client->redis == NULL || client->redis->err != 0 ||
        redisSetTimeout(client->redis, patience) != REDIS_OK) {
        return unreachable(client, &address, error);
    }
    if (address.database == 0) {
        return STATUS_OK;
    }
    (void)redisAppendCommand(client->redis, "SELECT %d", address.database);
    redisReply *reply = client_answer(client, REDIS_REPLY_STATUS, error);
    status = reply != NULL ? STATUS_OK : STATUS_IO;
    freeReplyObject(reply);
    return status;
}

void
client_close(struct client *client)
{
    if (client->redis != NULL) {
        redisFree(client->redis);
        client->redis = NULL;
    }
}

void
client_ask(struct client *client, const char *command, struct slice key,
           const char *const *tail)
{
    const char *words[WORDS_MAX] = {command};
    size_t sizes[WORDS_MAX] = {strlen(command)};
    int count = 2;
    struct buffer name;
    buffer_init(&name, KEY_MAX);
    buffer_append(&name, slice_of(client->prefix));
    buffer_append(&name, key);
    words[1] = name.is_failed ? "" : buffer_text(&name).ptr;
    sizes[1] = name.is_failed ? 0 : name.size;
    for (; tail != NULL && *tail != NULL; tail++, count++) {
        assert(count < WORDS_MAX);
        words[count] = *tail;
        sizes[count] = strlen(*tail);
    }
    // If memory is short the command is not sent; the missing answer is then a timeout.
    (void)redisAppendCommandArgv(client->redis, count, words, sizes);
    buffer_fini(&name);
}

static bool
is_error(const redisReply *reply, const char *word)
{
    return strncmp(reply->str, word, strlen(word)) == 0;
}

static void
refused(const redisReply *reply, struct error *error)
{
    const char *hint = "";
    if (is_error(reply, "NOAUTH")) {
        hint = "; it requires a password, which cascadectl cannot send: use a socket "
               "or user without one";
    } else if (is_error(reply, "NOPERM")) {
        hint = "; its user may not read these keys";
    } else if (is_error(reply, "LOADING")) {
        hint = "; try again in a moment";
    } else if (is_error(reply, "WRONGTYPE")) {
        hint = "; the keys under this prefix are not cascaded's";
    }
    (void)error_set(error, STATUS_IO, "Redis refused the command: %.300s%s", reply->str,
                    hint);
}

redisReply *
client_answer(struct client *client, int type, struct error *error)
{
    void *answer = NULL;
    if (redisGetReply(client->redis, &answer) != REDIS_OK || answer == NULL) {
        (void)error_set(error, STATUS_IO, "lost Redis: %s",
                        client->redis->errstr[0] != '\0' ? client->redis->errstr
                                                         : "no answer");
        return NULL;
    }
    redisReply *reply = answer;
    if (reply->type == type ||
        (type == REDIS_REPLY_STRING && reply->type == REDIS_REPLY_NIL)) {
        return reply;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        refused(reply, error);
    } else {
        (void)error_set(error, STATUS_PARSE,
                        "Redis answers with another type of value");
    }
    freeReplyObject(reply);
    return NULL;
}

struct slice
client_text(const redisReply *reply)
{
    if (reply == NULL || reply->type != REDIS_REPLY_STRING) {
        return SLICE_NONE;
    }
    return (struct slice){reply->str, reply->len};
}
