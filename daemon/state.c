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
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pipeline/pipeline.h"
#include "pipeline/snapshot.h"

#define MAGIC "cascaded"
#define NEWEST "snapshot"
#define PREVIOUS "snapshot.previous"
#define DAMAGED "snapshot.damaged"
#define PART "snapshot.part"

enum {
    MAGIC_LEN = 8,
    DIGEST_LEN = 32,
    PIECE = 1 << 18,
    REST_PER_WORK = 4,
    FILE_MODE = 0600,
    DIR_MODE = 0700
};

// clang-format off
const struct option state_option_rows[] = {
    {"state.dir", OPTION_TEXT, "", 0, OPTION_TEXT_MAX - 1, false,
     offsetof(struct state_options, dir),
     "Directory for snapshots, so that a restart forgets nothing; empty for none"},
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

// ── writing ────────────────────────────────────────────────────────────────

struct writer {
    FILE *file;
    EVP_MD_CTX *digest;
    bool is_beside; // the loop goes on meanwhile
    size_t written; // since the last rest
    usec worked;    // CPU time of the process until then
};

// A child that computes without a pause would get half of a processor that it shares
// with the loop; so it gets a fifth, in short pieces.
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
    char magic[MAGIC_LEN];
    memcpy(magic, MAGIC, MAGIC_LEN);
    uint64_t note_len = note.len;
    unsigned char digest[DIGEST_LEN];
    return EVP_DigestInit_ex(writer->digest, EVP_sha256(), NULL) == 1 &&
           write_bytes(writer, magic, MAGIC_LEN) &&
           write_bytes(writer, &note_len, sizeof(note_len)) &&
           write_bytes(writer, (void *)(uintptr_t)note.ptr, note.len) &&
           pipeline_save(pipeline, write_bytes, writer) == STATUS_OK &&
           EVP_DigestFinal_ex(writer->digest, digest, NULL) == 1 &&
           fwrite(digest, 1, DIGEST_LEN, writer->file) == DIGEST_LEN;
}

// 0, or what errno says.
static int
write_part(const struct state *state, struct pipeline *pipeline, struct slice note,
           bool is_beside)
{
    int fd =
        openat(state->dir, PART, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    if (fd < 0) {
        return errno;
    }
    struct writer writer = {
        .file = fdopen(fd, "wb"), .digest = EVP_MD_CTX_new(), .is_beside = is_beside};
    errno = 0;
    bool is_good = writer.file != NULL && writer.digest != NULL &&
                   write_content(&writer, pipeline, note) && fflush(writer.file) == 0 &&
                   fsync(fd) == 0;
    int reason = is_good ? 0 : errno != 0 ? errno : EIO;
    EVP_MD_CTX_free(writer.digest);
    if (writer.file != NULL) {
        fclose(writer.file);
    } else {
        close(fd);
    }
    return reason;
}

// Gives the newest its second name first, so that there is a newest at any moment.
static int
write_snapshot(const struct state *state, struct pipeline *pipeline, struct slice note,
               bool is_beside)
{
    int reason = write_part(state, pipeline, note, is_beside);
    if (reason != 0) {
        return reason;
    }
    int dir = state->dir;
    if ((unlinkat(dir, PREVIOUS, 0) != 0 && errno != ENOENT) ||
        (linkat(dir, NEWEST, dir, PREVIOUS, 0) != 0 && errno != ENOENT) ||
        renameat(dir, PART, dir, NEWEST) != 0 || fsync(dir) != 0) {
        return errno;
    }
    return 0;
}

static enum status
explain(const struct state *state, int reason, struct error *error)
{
    return error_set(error, STATUS_IO,
                     "the state is not saved: cannot write a snapshot in %s: %s",
                     state->setup.dir, strerror(reason));
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
    int reason = write_snapshot(state, pipeline, note, false);
    return reason == 0 ? STATUS_OK : explain(state, reason, error);
}

// The child must not outlive the daemon, hold its lock, or answer signals as it does.
static void
become_writer(const struct state *state, pid_t parent)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        signal(numbers[i], SIG_DFL);
    }
    close(state->lock);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
        _exit(ECANCELED);
    }
}

bool
state_save(struct state *state, struct pipeline *pipeline, struct slice note)
{
    if (state->child != 0) {
        return false;
    }
    pid_t self = getpid();
    pid_t child = fork();
    if (child == 0) {
        become_writer(state, self);
        _exit(write_snapshot(state, pipeline, note, true));
    }
    if (child < 0) {
        struct error error = {0};
        (void)explain(state, errno, &error);
        state->setup.on_saved(state->setup.context, &error);
        return false;
    }
    state->child = child;
    return true;
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
                  "the state is not saved: the process that writes %s was ended by "
                  "signal %d",
                  state->setup.dir, WTERMSIG(status));
    } else if (WEXITSTATUS(status) != 0) {
        (void)explain(state, WEXITSTATUS(status), &error);
    }
    state->setup.on_saved(state->setup.context, error.text[0] != '\0' ? &error : NULL);
}

// ── reading ────────────────────────────────────────────────────────────────

struct reader {
    FILE *file;
    uint64_t left; // bytes before the digest
};

static bool
read_bytes(void *context, void *bytes, size_t size)
{
    struct reader *reader = context;
    if (size > reader->left) {
        return false;
    }
    reader->left -= size;
    return fread(bytes, 1, size, reader->file) == size;
}

// True if the file's last bytes are the digest of those before.
static bool
is_whole(FILE *file, uint64_t size)
{
    static char piece[PIECE];
    unsigned char expected[DIGEST_LEN];
    unsigned char found[DIGEST_LEN] = {0};
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool is_good = digest != NULL && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;
    for (uint64_t left = size; is_good && left != 0;) {
        size_t part = left < PIECE ? (size_t)left : (size_t)PIECE;
        is_good = fread(piece, 1, part, file) == part &&
                  EVP_DigestUpdate(digest, piece, part) == 1;
        left -= part;
    }
    is_good = is_good && EVP_DigestFinal_ex(digest, found, NULL) == 1 &&
              fread(expected, 1, DIGEST_LEN, file) == DIGEST_LEN &&
              memcmp(expected, found, DIGEST_LEN) == 0;
    EVP_MD_CTX_free(digest);
    return is_good;
}

static enum status
read_head(struct reader *reader, char *note, struct error *error)
{
    char magic[MAGIC_LEN];
    uint64_t note_len;
    if (!read_bytes(reader, magic, MAGIC_LEN) || memcmp(magic, MAGIC, MAGIC_LEN) != 0 ||
        !read_bytes(reader, &note_len, sizeof(note_len)) ||
        note_len >= STATE_NOTE_MAX || !read_bytes(reader, note, note_len)) {
        return error_set(error, STATUS_PARSE, "it is no snapshot");
    }
    note[note_len] = '\0';
    return STATUS_OK;
}

static enum status
read_snapshot(struct reader *reader, const struct state_load *load,
              struct pipeline *pipeline, struct error *error)
{
    struct stat status;
    if (fstat(fileno(reader->file), &status) != 0 || status.st_size < DIGEST_LEN) {
        return error_set(error, STATUS_PARSE, "it is cut short");
    }
    reader->left = (uint64_t)status.st_size - DIGEST_LEN;
    if (!is_whole(reader->file, reader->left)) {
        return error_set(error, STATUS_PARSE, "it is damaged");
    }
    rewind(reader->file);
    enum status result = read_head(reader, load->note, error);
    if (result == STATUS_OK) {
        result = pipeline_load(pipeline, read_bytes, reader, error);
    }
    return result;
}

static void
tell_unusable(const struct state *state, const struct state_load *load,
              const char *name, const char *why)
{
    struct error error = {0};
    error_set(
        &error, STATUS_PARSE, "%s/%s is not used: %s; it is set aside as %s, and %s",
        state->setup.dir, name, why, DAMAGED,
        strcmp(name, NEWEST) == 0 ? "the one before is tried" : "counting starts anew");
    load->tell(load->context, &error);
}

static enum status
try_load(struct state *state, const struct state_load *load, const char *name,
         struct pipeline **pipeline, struct error *error)
{
    int fd = openat(state->dir, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        return STATUS_AGAIN;
    }
    struct reader reader = {.file = fd >= 0 ? fdopen(fd, "rb") : NULL};
    struct error why = {0};
    enum status status;
    if (reader.file != NULL) {
        status = read_snapshot(&reader, load, *pipeline, &why);
        fclose(reader.file);
    } else {
        status = error_set(&why, STATUS_IO, "%s", strerror(errno));
    }
    if (status == STATUS_OK) {
        return status;
    }
    (void)renameat(state->dir, name, state->dir, DAMAGED);
    tell_unusable(state, load, name, why.text);
    pipeline_destroy(pipeline);
    *pipeline = load->create(load->context, error);
    return *pipeline != NULL ? STATUS_AGAIN : STATUS_NOMEM;
}

enum status
state_load(struct state *state, const struct state_load *load,
           struct pipeline **ret_pipeline, struct error *error)
{
    load->note[0] = '\0';
    struct pipeline *pipeline = load->create(load->context, error);
    if (pipeline == NULL) {
        return STATUS_NOMEM;
    }
    enum status status = try_load(state, load, NEWEST, &pipeline, error);
    if (status == STATUS_AGAIN) {
        status = try_load(state, load, PREVIOUS, &pipeline, error);
    }
    if (status == STATUS_AGAIN) {
        load->note[0] = '\0';
    }
    if (status != STATUS_NOMEM) {
        *ret_pipeline = pipeline;
    }
    return status;
}

// ── life ───────────────────────────────────────────────────────────────────

static enum status
lock(struct state *state, struct error *error)
{
    const char *dir = state->setup.dir;
    if (mkdir(dir, DIR_MODE) != 0 && errno != EEXIST) {
        return error_set(error, STATUS_IO, "state.dir: cannot make %s: %s", dir,
                         strerror(errno));
    }
    state->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (state->dir >= 0) {
        state->lock =
            openat(state->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    }
    if (state->lock < 0) {
        return error_set(error, STATUS_IO, "state.dir: cannot use %s: %s", dir,
                         strerror(errno));
    }
    if (flock(state->lock, LOCK_EX | LOCK_NB) != 0) {
        return error_set(error, STATUS_FULL,
                         "state.dir: another cascaded uses %s; stop it or name another "
                         "directory",
                         dir);
    }
    return STATUS_OK;
}

enum status
state_open(const struct state_setup *setup, struct state **ret_state,
           struct error *error)
{
    struct state *state = calloc(1, sizeof(*state));
    if (state == NULL) {
        return error_set(error, STATUS_NOMEM, "no memory for the state directory");
    }
    *state = (struct state){.setup = *setup, .dir = -1, .lock = -1};
    enum status status = lock(state, error);
    if (status == STATUS_OK) {
        state->ended = evsignal_new(setup->base, SIGCHLD, on_ended, state);
        if (state->ended == NULL || event_add(state->ended, NULL) != 0) {
            status =
                error_set(error, STATUS_NOMEM, "no memory for the state directory");
        }
    }
    if (status != STATUS_OK) {
        state_close(&state);
        return status;
    }
    *ret_state = state;
    return STATUS_OK;
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
