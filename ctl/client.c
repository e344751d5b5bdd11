#include "ctl/client.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/buffer.h"
#include "net/redis/redis_cluster.h"
#include "net/redis/redis_glob.h"
#include "net/redis/redis_options.h"
#include "net/redis/redis_target.h"
#include "net/redis/redis_tls.h"

enum { WORDS_MAX = 16, KEY_MAX = 4096, CURSOR_MAX = 24 };

struct scan {
    client_key_fn on_key;
    void *context;
    struct error *error;
};

// ── options ────────────────────────────────────────────────────────────────

enum status
client_init(struct client *client, struct error *error)
{
    *client = (struct client){.options = calloc(1, sizeof *client->options)};
    if (client->options == NULL) {
        return error_set(error, STATUS_NOMEM, "out of memory");
    }
    option_presets(redis_options_rows, client->options);
    return STATUS_OK;
}

void
client_fini(struct client *client)
{
    connection_close(&client->connection);
    redis_tls_destroy(&client->tls);
    free(client->options);
    client->options = NULL;
}

enum status
client_set(struct client *client, struct slice name, struct slice value,
           struct error *error)
{
    const struct option *row = option_find(redis_options_rows, name);
    if (row == NULL) {
        return error_set(
            error, STATUS_FULL,
            "give KEY=VALUE, with an option of cascaded's section redis as "
            "KEY, such as redis.password_file");
    }
    return option_set(row, client->options, value, error);
}

enum status
client_check(const struct client *client, struct error *error)
{
    const struct redis_options *options = client->options;
    struct redis_url url;
    struct error ignored = {0};
    if (redis_url_parse(slice_of(options->url), &url, &ignored) == STATUS_OK &&
        (url.user[0] != '\0' || url.password[0] != '\0')) {
        return error_set(error, STATUS_PARSE,
                         "a user or password in a URL is visible to everybody on this "
                         "machine: use -o redis.user=USER and -o "
                         "redis.password_file=FILE");
    }
    return redis_options_check(options, error);
}

// ── commands ───────────────────────────────────────────────────────────────

static bool
is_error(const redisReply *reply, const char *word)
{
    return strncmp(reply->str, word, strlen(word)) == 0;
}

static const char *
hint_of(const redisReply *reply)
{
    static const struct {
        const char *word;
        const char *hint;
    } rows[] = {
        {"NOAUTH", "; it requires a password: use -o redis.password_file=FILE"},
        {"WRONGPASS", "; see redis.user and redis.password_file"},
        {"NOPERM", "; its user may not read these keys"},
        {"LOADING", "; try again in a moment"},
        {"WRONGTYPE", "; the keys under this prefix are not cascaded's"},
        {"ERR unknown command",
         "; the address of a Sentinel is written sentinel://host:port/name"},
        {"ERR AUTH <password> called without any password",
         "; it has no password: leave redis.password_file out"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (is_error(reply, rows[i].word)) {
            return rows[i].hint;
        }
    }
    return "";
}

// Frees the reply unless it has the expected type.
static redisReply *
expect(redisReply *reply, int type, struct error *error)
{
    if (reply->type == type ||
        (type == REDIS_REPLY_STRING && reply->type == REDIS_REPLY_NIL)) {
        return reply;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        (void)error_set(error, STATUS_IO, "Redis refused the command: %.300s%s",
                        reply->str, hint_of(reply));
    } else {
        (void)error_set(error, STATUS_PARSE,
                        "Redis answers with another type of value");
    }
    freeReplyObject(reply);
    return NULL;
}

// Sends a command of words that end with NULL, and waits for its answer.
static redisReply *
call(struct connection *connection, const char **words, int type, struct error *error)
{
    size_t sizes[WORDS_MAX];
    int count = 0;
    for (; words[count] != NULL; count++) {
        sizes[count] = strlen(words[count]);
    }
    connection_send(connection, count, words, sizes);
    redisReply *reply = connection_answer(connection, error);
    return reply != NULL ? expect(reply, type, error) : NULL;
}

static enum status
call_status(struct connection *connection, const char **words, struct error *error)
{
    redisReply *reply = call(connection, words, REDIS_REPLY_STATUS, error);
    freeReplyObject(reply);
    return reply != NULL ? STATUS_OK : STATUS_IO;
}

// ── connections ────────────────────────────────────────────────────────────

struct login {
    const char *user; // empty: the default user
    char password[REDIS_URL_SECRET_MAX];
};

// Connects and logs in. The error is the reason, without the address.
static enum status
join(struct client *client, const struct redis_target *target,
     const struct redis_url *url, const struct login *login, struct error *error)
{
    const struct connection_setup setup = {
        .url = url,
        .tls = client->tls,
        .connect_timeout = target->connect_timeout,
        .timeout = target->timeout,
    };
    enum status status = connection_open(&client->connection, &setup, error);
    if (status != STATUS_OK || login->password[0] == '\0') {
        return status;
    }
    bool has_user = login->user[0] != '\0';
    const char *words[] = {"AUTH", has_user ? login->user : login->password,
                           has_user ? login->password : NULL, NULL};
    return call_status(&client->connection, words, error);
}

// The address of the master by one Sentinel.
static enum status
ask_sentinel(struct client *client, const struct redis_target *target, size_t index,
             const struct login *login, struct redis_url *ret_master,
             struct error *error)
{
    struct redis_url url = redis_url_of_index(&target->url, index);
    enum status status = join(client, target, &url, login, error);
    if (status != STATUS_OK) {
        return status;
    }
    const char *words[] = {"SENTINEL", "get-master-addr-by-name", target->url.name,
                           NULL};
    redisReply *reply = call(&client->connection, words, REDIS_REPLY_ARRAY, error);
    bool is_known =
        reply != NULL && reply->elements == 2 &&
        redis_url_of_host(client_text(reply->element[0]),
                          client_text(reply->element[1]), ret_master) == STATUS_OK;
    freeReplyObject(reply);
    if (!is_known) {
        return error_set(error, STATUS_IO, "it has no master of this name");
    }
    if (target->url.is_tls) {
        ret_master->kind = REDIS_URL_TLS;
    }
    return STATUS_OK;
}

// Asks the Sentinels for the master, one after the other.
static enum status
find_master(struct client *client, const struct redis_target *target,
            struct redis_url *ret_master, struct error *error)
{
    struct error why = {0};
    struct login login = {.user = target->sentinel_user};
    enum status status = redis_target_sentinel_password(target, login.password, error);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_found = false;
    for (size_t i = 0; i < target->url.host_count && !is_found; i++) {
        why = (struct error){0};
        is_found =
            ask_sentinel(client, target, i, &login, ret_master, &why) == STATUS_OK;
        connection_close(&client->connection);
    }
    OPENSSL_cleanse(login.password, sizeof login.password);
    return is_found ? STATUS_OK
                    : error_set(error, STATUS_IO,
                                "cannot get the master from %s: %s; name others with "
                                "--redis URL",
                                target->address, why.text);
}

// Moves on to the node that owns the slot, if that is another one. STATUS_AGAIN: it is.
static enum status
ask_node(struct client *client, struct redis_url *node, struct error *error)
{
    char key[REDIS_CLUSTER_KEY_MAX];
    const char *words[] = {"GET", redis_cluster_key(client->options->prefix, key)};
    const size_t sizes[] = {strlen(words[0]), strlen(key)};
    connection_send(&client->connection, 2, words, sizes);
    redisReply *reply = connection_answer(&client->connection, error);
    if (reply == NULL) {
        return STATUS_IO;
    }
    bool is_moved =
        reply->type == REDIS_REPLY_ERROR &&
        redis_cluster_moved((struct slice){reply->str, reply->len}, node, node);
    bool is_down = reply->type == REDIS_REPLY_ERROR && is_error(reply, "CLUSTERDOWN");
    if (is_down) {
        (void)error_set(error, STATUS_IO, "%.300s", reply->str);
    }
    freeReplyObject(reply);
    if (is_down) {
        return STATUS_IO;
    }
    return is_moved ? STATUS_AGAIN : STATUS_OK;
}

// Connects to one node and follows it to the owner of the slot.
static enum status
open_node(struct client *client, const struct redis_target *target, size_t index,
          const struct login *login, struct error *error)
{
    struct redis_url node = redis_url_of_index(&target->url, index);
    enum status status = STATUS_AGAIN;
    for (int i = 0; i <= REDIS_CLUSTER_REDIRECTS_MAX && status == STATUS_AGAIN; i++) {
        connection_close(&client->connection);
        status = join(client, target, &node, login, error);
        if (status == STATUS_OK) {
            status = ask_node(client, &node, error);
        }
    }
    return status == STATUS_AGAIN
               ? error_set(error, STATUS_IO, "its nodes do not agree on the owner")
               : status;
}

static enum status
open_cluster(struct client *client, const struct redis_target *target,
             struct error *error)
{
    struct error why = {0};
    struct login login = {.user = target->url.user};
    enum status status = redis_target_password(target, login.password, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = STATUS_IO;
    for (size_t i = 0; i < target->url.host_count && status != STATUS_OK; i++) {
        why = (struct error){0};
        status = open_node(client, target, i, &login, &why);
    }
    OPENSSL_cleanse(login.password, sizeof login.password);
    return status == STATUS_OK
               ? STATUS_OK
               : error_set(error, STATUS_IO,
                           "cannot reach the cluster at %s: %s; name other nodes with "
                           "--redis URL",
                           target->address, why.text);
}

static enum status
open_server(struct client *client, const struct redis_target *target,
            const struct redis_url *url, struct error *error)
{
    char address[REDIS_URL_TEXT_MAX];
    char number[12];
    struct error why = {0};
    struct login login = {.user = target->url.user};
    enum status status = redis_target_password(target, login.password, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = join(client, target, url, &login, &why);
    OPENSSL_cleanse(login.password, sizeof login.password);
    if (status != STATUS_OK) {
        return error_set(error, status,
                         "cannot reach Redis at %s: %s; start it, or name another "
                         "server with --redis URL",
                         redis_url_format(url, address), why.text);
    }
    if (target->url.db == 0) {
        return STATUS_OK;
    }
    (void)snprintf(number, sizeof number, "%u", (unsigned)target->url.db);
    const char *words[] = {"SELECT", number, NULL};
    return call_status(&client->connection, words, error);
}

enum status
client_open(struct client *client, struct error *error)
{
    struct redis_target target;
    enum status status = redis_target_read(client->options, &target, error);
    if (status == STATUS_OK && redis_url_is_tls(&target.url)) {
        status = redis_tls_create(client->options, &client->tls, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct redis_url url = target.url;
    if (target.url.kind == REDIS_URL_CLUSTER) {
        return open_cluster(client, &target, error);
    }
    if (target.url.kind == REDIS_URL_SENTINEL) {
        status = find_master(client, &target, &url, error);
    }
    return status == STATUS_OK ? open_server(client, &target, &url, error) : status;
}

// ── requests ───────────────────────────────────────────────────────────────

void
client_queue(struct client *client, const char *command, struct slice key,
             const char *const *tail)
{
    const char *words[WORDS_MAX] = {command};
    size_t sizes[WORDS_MAX] = {strlen(command)};
    int count = 2;
    struct buffer name;
    buffer_init(&name, KEY_MAX);
    buffer_append(&name, slice_of(client->options->prefix));
    buffer_append(&name, key);
    words[1] = name.is_failed ? "" : buffer_text(&name).ptr;
    sizes[1] = name.is_failed ? 0 : name.size;
    for (; tail != NULL && *tail != NULL; tail++, count++) {
        assert(count < WORDS_MAX);
        words[count] = *tail;
        sizes[count] = strlen(*tail);
    }
    connection_send(&client->connection, count, words, sizes);
    buffer_fini(&name);
}

void
client_queue_script(struct client *client, const char *script,
                    const struct slice keys[2], const char *const *arguments)
{
    const char *words[WORDS_MAX] = {"EVAL", script, "2"};
    size_t sizes[WORDS_MAX] = {strlen("EVAL"), strlen(script), 1};
    struct buffer names[2];
    int count = 3;
    for (size_t i = 0; i < 2; i++, count++) {
        buffer_init(&names[i], KEY_MAX);
        buffer_append(&names[i], slice_of(client->options->prefix));
        buffer_append(&names[i], keys[i]);
        words[count] = buffer_text(&names[i]).ptr;
        sizes[count] = names[i].size;
    }
    for (; *arguments != NULL; arguments++, count++) {
        assert(count < WORDS_MAX);
        words[count] = *arguments;
        sizes[count] = strlen(*arguments);
    }
    connection_send(&client->connection, count, words, sizes);
    buffer_fini(&names[1]);
    buffer_fini(&names[0]);
}

// One step from the cursor, which is replaced by the next one.
static enum status
scan_step(struct client *client, const char *pattern, char cursor[CURSOR_MAX],
          const struct scan *scan)
{
    const char *words[] = {"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"};
    size_t sizes[] = {4, strlen(cursor), 5, strlen(pattern), 5, 4};
    size_t prefix = slice_of(client->options->prefix).len;
    connection_send(&client->connection, 6, words, sizes);
    redisReply *reply = client_answer(client, REDIS_REPLY_ARRAY, scan->error);
    if (reply == NULL) {
        return STATUS_IO;
    }
    struct slice next =
        reply->elements == 2 ? client_text(reply->element[0]) : SLICE_NONE;
    if (next.len == 0 || next.len >= CURSOR_MAX) {
        freeReplyObject(reply);
        return error_set(scan->error, STATUS_PARSE,
                         "Redis answers SCAN without a cursor");
    }
    memcpy(cursor, next.ptr, next.len);
    cursor[next.len] = '\0';
    for (size_t i = 0; i < reply->element[1]->elements; i++) {
        struct slice key = client_text(reply->element[1]->element[i]);
        if (key.len > prefix) {
            scan->on_key(scan->context,
                         (struct slice){key.ptr + prefix, key.len - prefix});
        }
    }
    freeReplyObject(reply);
    return STATUS_OK;
}

enum status
client_scan(struct client *client, struct slice head, client_key_fn on_key,
            void *context, struct error *error)
{
    const struct scan scan = {on_key, context, error};
    char pattern[2 * KEY_MAX];
    char cursor[CURSOR_MAX] = "0";
    enum status status = STATUS_OK;
    assert(head.len < KEY_MAX - REDIS_PREFIX_MAX);
    redis_glob_begin(pattern, slice_of(client->options->prefix), head);
    do {
        status = scan_step(client, pattern, cursor, &scan);
    } while (status == STATUS_OK && strcmp(cursor, "0") != 0);
    return status;
}

redisReply *
client_answer(struct client *client, int type, struct error *error)
{
    struct error why = {0};
    redisReply *reply = connection_answer(&client->connection, &why);
    if (reply == NULL) {
        (void)error_set(error, STATUS_IO, "lost Redis: %s", why.text);
        return NULL;
    }
    return expect(reply, type, error);
}

struct slice
client_text(const redisReply *reply)
{
    if (reply == NULL || reply->type != REDIS_REPLY_STRING) {
        return SLICE_NONE;
    }
    return (struct slice){reply->str, reply->len};
}
