#include "sinks/redis/redis_hello.h"

#include <stdio.h>

#include <openssl/crypto.h>

#include "net/redis/redis_cluster.h"
#include "sinks/redis/redis_conn_inside.h"

enum { REFUSAL_MAX = 200 };

static enum status
log_in(struct redis_conn *conn, struct error *error)
{
    char password[REDIS_URL_SECRET_MAX];
    enum status status = redis_target_password(&conn->target, password, error);
    if (status == STATUS_OK && password[0] != '\0') {
        const char *user = conn->target.url.user;
        const struct slice with_user[] = {SLICE_LIT("AUTH"), slice_of(user),
                                          slice_of(password)};
        const struct slice without[] = {SLICE_LIT("AUTH"), slice_of(password)};
        redis_conn_send_own(conn, user[0] != '\0' ? 3 : 2,
                            user[0] != '\0' ? with_user : without);
    }
    OPENSSL_cleanse(password, sizeof(password));
    return status;
}

enum status
redis_hello_say(struct redis_conn *conn, struct error *error)
{
    enum status status = log_in(conn, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (conn->target.url.db != 0) {
        char number[12];
        snprintf(number, sizeof(number), "%u", (unsigned)conn->target.url.db);
        const struct slice words[] = {SLICE_LIT("SELECT"), slice_of(number)};
        redis_conn_send_own(conn, 2, words);
    }
    if (conn->sentinel != NULL) {
        // Sentinels may still return a master that has just become a replica.
        const struct slice role = SLICE_LIT("ROLE");
        redis_conn_send_own(conn, 1, &role);
        conn->asks_role = true;
    }
    if (conn->is_cluster) {
        const struct slice words[] = {SLICE_LIT("GET"), slice_of(conn->probe)};
        redis_conn_send_own(conn, 2, words);
        conn->asks_slot = true;
    }
    return STATUS_OK;
}

// The reply to ROLE begins with "master"; otherwise another Sentinel may know the
// master. Without the right to use ROLE, the first write shows the role of the server.
static void
take_role(struct redis_conn *conn, const struct redis_item *item)
{
    if (conn->kind == REDIS_ERROR_NONE && item->depth == 1 && item->index == 0 &&
        !slice_equal(item->text, SLICE_LIT("master"))) {
        char role[16];
        char master[REDIS_URL_TEXT_MAX];
        conn->kind = REDIS_ERROR_READONLY;
        error_set(&conn->refusal, STATUS_IO,
                  "the Sentinels name %s as the master, but its role is %s",
                  redis_url_format(&conn->endpoint, master),
                  redis_reader_print(item->text, role, sizeof(role)));
    }
}

// The key of another type is repaired later; a missing right is reported then.
static bool
is_tolerated(const struct redis_conn *conn, enum redis_error_kind kind)
{
    bool is_question = (conn->asks_role || conn->asks_slot) && conn->own_replies == 1;
    bool is_wrong_type = conn->asks_slot && kind == REDIS_ERROR_WRONGTYPE;
    return is_question && (is_wrong_type || kind == REDIS_ERROR_NOPERM ||
                           kind == REDIS_ERROR_NO_COMMAND);
}

void
redis_hello_item(struct redis_conn *conn, const struct redis_item *item)
{
    if (conn->state != CONN_HELLO) {
        return;
    }
    if (item->type == REDIS_ITEM_ERROR) {
        char text[REFUSAL_MAX];
        enum redis_error_kind kind = redis_error_kind_of(item->text);
        if (conn->kind == REDIS_ERROR_NONE && !is_tolerated(conn, kind)) {
            conn->kind = kind;
            conn->is_moved =
                conn->asks_slot &&
                redis_cluster_moved(item->text, &conn->endpoint, &conn->owner);
            error_set(&conn->refusal, STATUS_IO, "%s",
                      redis_reader_print(item->text, text, sizeof(text)));
        }
    } else if (conn->asks_role && conn->own_replies == 1) {
        take_role(conn, item);
    }
}
