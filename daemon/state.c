// flock is in every Unix but not in POSIX.
#define _DEFAULT_SOURCE

#include "daemon/state.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "daemon/reason.h"
#include "daemon/state_read.h"
#include "pipeline/pipeline.h"
#include "pipeline/snapshot.h"

#define DAMAGED "snapshot.damaged"
#define DISCARDED "snapshot.discarded-%Y%m%dT%H%M%SZ" // the time of writing

enum {
    NAME_ROOM = 64,
    PIECE = 1 << 18,
    REST_PER_WORK = 4,
    NICER_BY = 10,
    FILE_MODE = 0600,
    DIR_MODE = 0700
};

// clang-format off
const struct option state_option_rows[] = {
    {"state.dir", OPTION_TEXT, "", 0, OPTION_TEXT_MAX - 1, false,
     offsetof(struct state_options, dir),
     "Directory for snapshots, so that a restart loses nothing; empty for none"},
    {"state.every", OPTION_SPAN, "60s", USEC_PER_S, USEC_PER_DAY, false,
     offsetof(struct state_options, every), "How often a snapshot is written"},
    OPTION_END,
};
// clang-format on

struct state {
    struct state_setup setup;
    int dir;
    int lock;
    struct event *ended; // SIGCHLD
    pid_t child;         // 0: none
};

const char *
state_find_directory(const struct state_options *options, char room[OPTION_TEXT_MAX])
{
    const char *made = getenv("STATE_DIRECTORY");
    if (options->dir[0] != '\0' || made == NULL) {
        return options->dir;
    }
    snprintf(room, OPTION_TEXT_MAX, "%.*s", (int)strcspn(made, ":"), made);
    return room;
}

int
state_directory(const struct state *state)
{
    return state->dir;
}

// ── writing ────────────────────────────────────────────────────────────────

struct writer {
    FILE *file;
    EVP_MD_CTX *digest;
    bool is_beside; // in a child process, while the loop runs
    size_t written; // since the last pause
    usec worked;    // CPU time of the process at that pause
};

// A child that computes without pauses would get half of a processor that it shares
// with the loop. With pauses it gets a fifth, in short pieces.
static void
rest(struct writer *writer)
{
    if (!writer->is_beside || writer->written < PIECE) {
        return;
    }
    usec worked = (usec)clock() * USEC_PER_S / CLOCKS_PER_SEC;
    usec span = (worked - writer->worked) * REST_PER_WORK;
    writer->worked = worked;
    writer->written = 0;
    const struct timespec wait = {span / USEC_PER_S, span % USEC_PER_S * 1000};
    nanosleep(&wait, NULL);
}

static bool
write_bytes(void *context, void *bytes, size_t size)
{
    struct writer *writer = context;
    const char *at = bytes;
    while (size != 0) {
        size_t piece = size < PIECE ? size : PIECE;
        if (fwrite(at, 1, piece, writer->file) != piece ||
            EVP_DigestUpdate(writer->digest, at, piece) != 1) {
            return false;
        }
        at += piece;
        size -= piece;
        writer->written += piece;
        rest(writer);
    }
    return true;
}

static bool
write_content(struct writer *writer, struct pipeline *pipeline, struct slice note)
{
    char magic[STATE_READ_MAGIC_LEN];
    memcpy(magic, STATE_READ_MAGIC, STATE_READ_MAGIC_LEN);
    uint64_t note_len = note.len;
    unsigned char digest[STATE_READ_DIGEST_LEN];
    return write_bytes(writer, magic, STATE_READ_MAGIC_LEN) &&
           write_bytes(writer, &note_len, sizeof(note_len)) &&
           write_bytes(writer, (void *)(uintptr_t)note.ptr, note.len) &&
           snapshot_save(pipeline, write_bytes, writer) == STATUS_OK &&
           EVP_DigestFinal_ex(writer->digest, digest, NULL) == 1 &&
           fwrite(digest, 1, STATE_READ_DIGEST_LEN, writer->file) ==
               STATE_READ_DIGEST_LEN;
}

// Before the fork: the child must not wait for a lock of OpenSSL that a thread of
// another library held at that moment. NULL when memory is short.
static EVP_MD_CTX *
create_digest(void)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    if (digest != NULL && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(digest);
        return NULL;
    }
    return digest;
}

// 0, or an errno.
static int
write_part(const struct state *state, struct pipeline *pipeline, struct slice note,
           struct writer *writer)
{
    // Left by a writer that was killed, or a link made by another user.
    if (unlinkat(state->dir, STATE_PART, 0) != 0 && errno != ENOENT) {
        return errno;
    }
    int fd = openat(state->dir, STATE_PART, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                    FILE_MODE);
    if (fd < 0) {
        return errno;
    }
    writer->file = fdopen(fd, "wb");
    errno = 0;
    bool is_good = writer->file != NULL && writer->digest != NULL &&
                   write_content(writer, pipeline, note) && fflush(writer->file) == 0 &&
                   fsync(fd) == 0;
    int reason = is_good ? 0 : errno != 0 ? errno : EIO;
    if (writer->file != NULL) {
        fclose(writer->file);
    } else {
        close(fd);
    }
    if (reason != 0) {
        (void)unlinkat(state->dir, STATE_PART, 0); // it may be what fills the disk
    }
    return reason;
}

// Links the newest to its second name first, so that a newest snapshot exists at any
// time.
int
state_install(int dir)
{
    bool is_done =
        (unlinkat(dir, STATE_PREVIOUS, 0) == 0 || errno == ENOENT) &&
        (linkat(dir, STATE_NEWEST, dir, STATE_PREVIOUS, 0) == 0 || errno == ENOENT) &&
        renameat(dir, STATE_PART, dir, STATE_NEWEST) == 0 && fsync(dir) == 0;
    return is_done ? 0 : errno;
}

static int
write_snapshot(const struct state *state, struct pipeline *pipeline, struct slice note,
               struct writer *writer)
{
    int reason = write_part(state, pipeline, note, writer);
    return reason != 0 ? reason : state_install(state->dir);
}

static enum status
explain(const struct state *state, int reason, struct error *error)
{
    return error_set(error, STATUS_IO,
                     "the state is not saved: cannot write a snapshot in %s: %s; %s",
                     state->setup.dir, strerror(reason), reason_advice(reason));
}

enum status
state_save_now(struct state *state, struct pipeline *pipeline, struct slice note,
               struct error *error)
{
    if (state->child != 0) {
        kill(state->child, SIGKILL);
        waitpid(state->child, NULL, 0);
        state->child = 0;
    }
    struct writer writer = {.digest = create_digest()};
    int reason = write_snapshot(state, pipeline, note, &writer);
    EVP_MD_CTX_free(writer.digest);
    return reason == 0 ? STATUS_OK : explain(state, reason, error);
}

// The child must not outlive the daemon, keep its lock, or handle signals as it does.
static void
become_writer(const struct state *state, pid_t parent)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGSEGV,
                                  SIGBUS, SIGILL,  SIGFPE, SIGABRT};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        signal(numbers[i], SIG_DFL);
    }
    close(state->lock);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
        _exit(ECANCELED);
    }
    // Its last steps do not rest: it flushes the file and frees its copy of the memory.
    int own = getpriority(PRIO_PROCESS, 0);
    (void)setpriority(PRIO_PROCESS, 0, own + NICER_BY);
}

bool
state_save(struct state *state, struct pipeline *pipeline, struct slice note)
{
    if (state->child != 0) {
        return false;
    }
    struct writer writer = {.digest = create_digest(), .is_beside = true};
    pid_t self = getpid();
    pid_t child = fork();
    if (child == 0) {
        become_writer(state, self);
        _exit(write_snapshot(state, pipeline, note, &writer));
    }
    EVP_MD_CTX_free(writer.digest);
    if (child < 0) {
        struct error error = {0};
        (void)explain(state, errno, &error);
        state->setup.on_saved(state->setup.context, &error);
        return false;
    }
    state->child = child;
    return true;
}

bool
state_is_saving(const struct state *state)
{
    return state->child != 0;
}

static void
on_ended(evutil_socket_t number, short what, void *context)
{
    (void)number;
    (void)what;
    struct state *state = context;
    int status;
    if (state->child == 0 || waitpid(state->child, &status, WNOHANG) != state->child) {
        return;
    }
    state->child = 0;
    struct error error = {0};
    if (!WIFEXITED(status)) {
        error_set(&error, STATUS_IO,
                  "the state is not saved: the process that writes %s was killed by "
                  "signal %d",
                  state->setup.dir, WTERMSIG(status));
    } else if (WEXITSTATUS(status) != 0) {
        (void)explain(state, WEXITSTATUS(status), &error);
    }
    state->setup.on_saved(state->setup.context, error.text[0] != '\0' ? &error : NULL);
}

// ── reading ────────────────────────────────────────────────────────────────

// A snapshot that was read.
struct attempt {
    const char *name;
    struct state_read read;
    enum state_read_result result;
    struct error why;
};

// Finds a name that does not exist yet; the directory is locked, so it remains free.
static bool
rename_beside(const struct state *state, const char *name, const char *wanted,
              char ret_name[NAME_ROOM])
{
    struct stat status;
    snprintf(ret_name, NAME_ROOM, "%s", wanted);
    for (int i = 2; fstatat(state->dir, ret_name, &status, AT_SYMLINK_NOFOLLOW) == 0;
         i++) {
        snprintf(ret_name, NAME_ROOM, "%s-%d", wanted, i);
    }
    return errno == ENOENT && renameat(state->dir, name, state->dir, ret_name) == 0;
}

// Renames a snapshot that cannot be used, without overwriting one that was kept before.
// Returns 0 or an exit code.
static int
set_aside(const struct state *state, const struct state_load *load,
          const struct attempt *attempt, struct error *error)
{
    char wanted[NAME_ROOM] = DAMAGED;
    char name[NAME_ROOM];
    struct tm made;
    if (attempt->result == STATE_READ_OTHER &&
        gmtime_r(&attempt->read.made, &made) != NULL) {
        strftime(wanted, sizeof(wanted), DISCARDED, &made);
    }
    if (!rename_beside(state, attempt->name, wanted, name)) {
        int reason = errno;
        error_set(error, STATUS_IO,
                  "%s/%s is not used: %s. It cannot be set aside: %s; %s",
                  state->setup.dir, attempt->name, attempt->why.text, strerror(reason),
                  reason_advice(reason));
        return reason_exit_code(reason, EX_CANTCREAT);
    }
    struct error why = {0};
    error_set(&why, STATUS_PARSE, "%s/%s is not used: %s; it is set aside as %s",
              state->setup.dir, attempt->name, attempt->why.text, name);
    load->report(load->context, &why);
    return 0;
}

static int
refuse(const struct state *state, const struct attempt *attempt, struct error *error)
{
    if (attempt->result == STATE_READ_OTHER) {
        error_set(error, STATUS_PARSE,
                  "%s/%s is not used: %s. Nothing was changed: use what it was made "
                  "with, or start once with --discard-state, which sets it aside and "
                  "counts from zero",
                  state->setup.dir, attempt->name, attempt->why.text);
        return EX_CONFIG;
    }
    int reason = attempt->read.reason;
    error_set(error, STATUS_IO, "cannot read %s/%s: %s. Nothing was changed: %s",
              state->setup.dir, attempt->name, attempt->why.text,
              reason_advice(reason));
    return reason_exit_code(reason, EX_IOERR);
}

// Loads into a fresh pipeline. Returns 0, or an exit code if the start has to end.
static int
try_one(const struct state *state, const struct state_load *load,
        struct attempt *attempt, struct pipeline **pipeline, struct error *error)
{
    pipeline_destroy(pipeline);
    *pipeline = load->create(load->context, error);
    if (*pipeline == NULL) {
        return EX_OSERR;
    }
    attempt->read = (struct state_read){.dir = state->dir,
                                        .name = attempt->name,
                                        .note = load->note,
                                        .pipeline = *pipeline};
    attempt->result = state_read(&attempt->read, &attempt->why);
    bool is_refused = attempt->result == STATE_READ_FAILED ||
                      (attempt->result == STATE_READ_OTHER && !load->discards);
    return is_refused ? refuse(state, attempt, error) : 0;
}

// Loads the newest usable snapshot, or returns a fresh pipeline if there is none. Files
// are renamed only when it is certain that the start continues.
static int
try_all(const struct state *state, struct state_load *load, struct pipeline **pipeline,
        struct error *error)
{
    struct attempt attempts[] = {{.name = STATE_NEWEST}, {.name = STATE_PREVIOUS}};
    const size_t most = sizeof(attempts) / sizeof(attempts[0]);
    size_t useless = 0; // attempts before the good one
    while (useless < most) {
        struct attempt *attempt = &attempts[useless];
        int exit_code = try_one(state, load, attempt, pipeline, error);
        if (exit_code != 0) {
            return exit_code;
        }
        if (attempt->result == STATE_READ_GOOD) {
            load->made = attempt->read.made;
            break;
        }
        useless++;
    }
    for (size_t i = 0; i < useless; i++) {
        int exit_code = attempts[i].result != STATE_READ_NONE
                            ? set_aside(state, load, &attempts[i], error)
                            : 0;
        if (exit_code != 0) {
            return exit_code;
        }
    }
    load->is_restored = useless < most;
    if (!load->is_restored && attempts[most - 1].result != STATE_READ_NONE) {
        pipeline_destroy(pipeline);
        *pipeline = load->create(load->context, error);
    }
    return *pipeline != NULL ? 0 : EX_OSERR;
}

int
state_load(const struct state *state, struct state_load *load,
           struct pipeline **ret_pipeline, struct error *error)
{
    struct pipeline *pipeline = NULL;
    load->is_restored = false;
    int exit_code = try_all(state, load, &pipeline, error);
    if (!load->is_restored) {
        load->note[0] = '\0';
    }
    if (exit_code == 0) {
        *ret_pipeline = pipeline;
    } else {
        pipeline_destroy(&pipeline);
    }
    return exit_code;
}

// ── life ───────────────────────────────────────────────────────────────────

static int
refuse_directory(const char *dir, int reason, struct error *error)
{
    error_set(error, STATUS_IO, "state.dir: cannot use %s: %s; %s", dir,
              strerror(reason), reason_advice(reason));
    return reason_exit_code(reason, EX_CANTCREAT);
}

static int
lock(struct state *state, struct error *error)
{
    const char *dir = state->setup.dir;
    if (mkdir(dir, DIR_MODE) != 0 && errno != EEXIST) {
        return refuse_directory(dir, errno, error);
    }
    state->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (state->dir >= 0) {
        state->lock = openat(state->dir, "lock",
                             O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    }
    if (state->lock < 0) {
        return refuse_directory(dir, errno, error);
    }
    if (flock(state->lock, LOCK_EX | LOCK_NB) == 0) {
        return 0;
    }
    if (errno != EWOULDBLOCK) {
        return refuse_directory(dir, errno, error);
    }
    error_set(error, STATUS_FULL,
              "state.dir: another cascaded uses %s; stop it or name another directory",
              dir);
    return EX_TEMPFAIL;
}

int
state_open(const struct state_setup *setup, struct state **ret_state,
           struct error *error)
{
    struct state *state = calloc(1, sizeof(*state));
    if (state == NULL) {
        error_set(error, STATUS_NOMEM, "no memory for the state directory");
        return EX_OSERR;
    }
    *state = (struct state){.setup = *setup, .dir = -1, .lock = -1};
    int exit_code = lock(state, error);
    if (exit_code == 0) {
        state->ended = evsignal_new(setup->base, SIGCHLD, on_ended, state);
        if (state->ended == NULL || event_add(state->ended, NULL) != 0) {
            error_set(error, STATUS_NOMEM, "no memory for the state directory");
            exit_code = EX_OSERR;
        }
    }
    if (exit_code != 0) {
        state_close(&state);
        return exit_code;
    }
    *ret_state = state;
    return 0;
}

void
state_close(struct state **state)
{
    struct state *s = *state;
    if (s == NULL) {
        return;
    }
    if (s->child != 0) {
        kill(s->child, SIGKILL);
        waitpid(s->child, NULL, 0);
    }
    if (s->ended != NULL) {
        event_free(s->ended);
    }
    if (s->lock >= 0) {
        close(s->lock);
    }
    if (s->dir >= 0) {
        close(s->dir);
    }
    free(s);
    *state = NULL;
}
