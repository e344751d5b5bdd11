// The control socket: requests of cascadectl to the running daemon.
//
// A unix stream socket with mode 0660. A client sends one line, at most
// CONTROL_REQUEST_MAX bytes: the name of the request and its arguments, separated by
// tabs and ended by a line feed. The daemon sends one line of JSON and closes the
// connection:
//
//     {"code":0,"result":…}
//     {"code":66,"error":"there is no webhook \"ops\""}
//
// `code` is an exit code of sysexits. Only root, the user of the daemon and members of
// its group are answered (SO_PEERCRED). At most CONTROL_CLIENTS_MAX are connected; a
// further one is answered with code 75. One deadline is set for a request as a whole,
// from the connection to the end of the answer.
//
// A request that cannot be answered at once (STATUS_AGAIN) is run again every
// CONTROL_EVERY until it can, or its deadline ends it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/option.h"
#include "base/status.h"
#include "base/usec.h"

struct control_socket;
struct event_base;

enum {
    CONTROL_REQUEST_MAX = 1 << 18, // an alert fits
    CONTROL_ANSWER_MAX = 16 << 20,
    CONTROL_CLIENTS_MAX = 16,
    CONTROL_WORDS_MAX = 4,
};
#define CONTROL_PATIENCE (20 * USEC_PER_S)
#define CONTROL_EVERY (20 * USEC_PER_MS)

struct control_socket_options {
    char socket[OPTION_TEXT_MAX];
};

extern const struct option control_socket_option_rows[];

// A request in progress.
struct control_call {
    const char *words[CONTROL_WORDS_MAX]; // the arguments, each ended by a NUL
    size_t count;
    struct buffer *result; // empty: receives JSON, or nothing for null
    int stage;             // 0 at first; kept for the function between its runs
};

// error->code gives the exit code: STATUS_RANGE 66, STATUS_PARSE 65, STATUS_FULL 64,
// STATUS_IO 74, STATUS_NOMEM 71. STATUS_AGAIN: see above; error may contain what the
// request waits for, for an answer at the end of its time.
typedef enum status (*control_run_fn)(void *context, struct control_call *call,
                                      struct error *error);

struct control_request {
    const char *name; // NULL ends the table
    size_t least;     // arguments
    size_t most;
    control_run_fn run;
};

struct control_setup {
    struct event_base *base; // kept, as all pointers here
    const char *path;
    const struct control_request *requests;
    void *context;
};

// The path of the options; without one, control.sock in the first directory of
// $RUNTIME_DIRECTORY, which systemd sets; else empty: no socket. Returns path.
const char *control_socket_path(const struct control_socket_options *options,
                                char path[OPTION_TEXT_MAX]);

// Listens. A socket of a process that has ended is replaced. NULL with error set, also
// when another process listens there (STATUS_IO).
struct control_socket *control_socket_create(const struct control_setup *setup,
                                             struct error *error);
// Closes all connections and removes the socket. Accepts NULL.
void control_socket_destroy(struct control_socket **control);

// True if the process at the other end, with these ids, is answered.
struct control_peer {
    uid_t user;
    gid_t group;
    const gid_t *groups; // further ones
    size_t group_count;
};
bool control_socket_admits(const struct control_peer *peer, uid_t user, gid_t group);
