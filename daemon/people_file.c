#include "daemon/people_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ingest/frames/file_input.h"
#include "ingest/text/text.h"
#include "ingest/text/utf8.h"
#include "pipeline/campaigns/campaign.h"

enum { ROOM = 4 * PEOPLE_FILE_LINE_MAX };

struct people_file {
    char path[PATH_MAX];
    int fd;
    bool has_input;
    struct file_input input;
    uint64_t bytes;
    bool is_ended;    // `text` has the last bytes
    bool is_too_long; // the rest of a long line is to be ignored
    size_t at;
    size_t end;
    char text[ROOM];
    char unquoted[PEOPLE_FILE_LINE_MAX];
    struct account_needs needs;
    struct known_people people;
    struct people_file_counts counts;
};

// ── one line ───────────────────────────────────────────────────────────────

enum kind { KIND_NOTHING, KIND_ACCOUNT, KIND_WORD, KIND_FAULT };

static bool
is_separator(char c)
{
    return c == ',' || c == ';' || c == '\t';
}

// Visible characters of UTF-8 only, and no quote.
static bool
is_clean(struct slice text)
{
    for (size_t at = 0; at < text.len;) {
        unsigned char byte = (unsigned char)text.ptr[at];
        struct utf8_char c =
            byte < 0x80 ? (struct utf8_char){byte, 1} : utf8_at(text, at);
        if (c.code <= ' ' || c.code == '"' || c.code == 0x7f || c.code == 0xa0) {
            return false;
        }
        at += c.size;
    }
    return true;
}

static enum kind
kind_of(struct slice account)
{
    if (account.len == 0) {
        return KIND_NOTHING;
    }
    if (!is_clean(account)) {
        return KIND_FAULT;
    }
    const char *sign = memchr(account.ptr, '@', account.len);
    const char *colon = memchr(account.ptr, ':', account.len);
    const char *end = account.ptr + account.len;
    if (campaign_is_handle(account)) {
        bool is_good = colon != account.ptr && sign + 1 != end &&
                       (size_t)(end - sign - 1) <= HANDLE_FORM_MAX;
        return is_good ? KIND_ACCOUNT : KIND_FAULT;
    }
    if (account.len > POST_ID_MAX || (sign != NULL && colon == NULL)) {
        return KIND_FAULT;
    }
    if (colon == NULL) {
        return KIND_WORD;
    }
    return colon != account.ptr && colon + 1 != end ? KIND_ACCOUNT : KIND_FAULT;
}

// The column of a line without quotes, without a comment.
static struct slice
plain_account(struct slice column)
{
    for (size_t i = 0; i < column.len; i++) {
        if (column.ptr[i] == '#' && (i == 0 || column.ptr[i - 1] == ' ')) {
            column.len = i;
        }
    }
    column = text_trim(column);
    bool is_protected = column.len > 1 && column.ptr[0] == '\'' && column.ptr[1] == '@';
    return (struct slice){column.ptr + is_protected, column.len - is_protected};
}

static enum status
take(struct people_file *file, struct slice column, struct error *error)
{
    struct people_file_counts *counts = &file->counts;
    struct slice account = plain_account(column);
    enum kind kind = kind_of(account);
    if (kind == KIND_FAULT && counts->lines != 0) { // else it is the head
        counts->faults++;
        counts->first_fault =
            counts->first_fault != 0 ? counts->first_fault : counts->lines + 1;
    }
    if (kind != KIND_ACCOUNT && kind != KIND_WORD) {
        return STATUS_OK;
    }
    counts->entries++;
    counts->without_network += kind == KIND_WORD && counts->lines != 0;
    enum status status =
        known_people_add(&file->people, account_hash(file->needs, account));
    if (status == STATUS_FULL) {
        return error_set(error, status, "more than %d people", KNOWN_PEOPLE_MAX);
    }
    return status == STATUS_OK ? status : error_set(error, status, "no memory left");
}

// ── lines ──────────────────────────────────────────────────────────────────

// A record: the bytes from `at` to behind its line end.
struct record {
    struct slice column; // the first
    size_t size;
    uint64_t lines;
    bool is_cut; // at a limit: the line continues
};

// The end of a column that begins with a quote: the byte behind the closing one; 0: it
// is not closed, or other characters follow. Its text goes to `unquoted`, if any.
static size_t
quoted_end(struct slice text, size_t at, char *unquoted, size_t *ret_len)
{
    size_t len = 0;
    size_t last =
        text.len - at > PEOPLE_FILE_LINE_MAX ? at + PEOPLE_FILE_LINE_MAX : text.len;
    for (at++; at < last; at++) {
        if (text.ptr[at] == '"' && (++at == last || text.ptr[at] != '"')) {
            bool is_end = at == text.len || is_separator(text.ptr[at]) ||
                          text.ptr[at] == '\n' || text.ptr[at] == '\r';
            *ret_len = len;
            return is_end ? at : 0;
        }
        if (unquoted != NULL) {
            unquoted[len] = text.ptr[at];
        }
        len++;
    }
    return 0;
}

static size_t
plain_end(struct slice text, size_t at)
{
    while (at < text.len && text.ptr[at] != '\n' && !is_separator(text.ptr[at])) {
        at++;
    }
    return at;
}

// The line alone, where quotes have no meaning.
static struct record
one_line(struct slice text, struct slice column)
{
    size_t most = text.len < PEOPLE_FILE_LINE_MAX ? text.len : PEOPLE_FILE_LINE_MAX;
    const char *end = memchr(text.ptr, '\n', most);
    bool is_cut = end == NULL && most < text.len;
    size_t size = end != NULL ? (size_t)(end - text.ptr) + 1 : most;
    size_t len = end != NULL ? size - 1 : size;
    return (struct record){
        .column = {column.ptr, column.len < len ? column.len : len},
        .size = size,
        .lines = !is_cut,
        .is_cut = is_cut,
    };
}

// Behind the first column: to the end of the record.
static struct record
read_others(struct slice text, size_t at, struct slice column)
{
    at = plain_end(text, at); // CR
    while (at < text.len && is_separator(text.ptr[at])) {
        size_t len = 0;
        at++;
        if (at < text.len && text.ptr[at] == '"') {
            at = quoted_end(text, at, NULL, &len);
            if (at == 0 || at > PEOPLE_FILE_LINE_MAX) {
                return one_line(text, column);
            }
        }
        at = plain_end(text, at);
    }
    if (at > PEOPLE_FILE_LINE_MAX) {
        return one_line(text, column);
    }
    at += at < text.len;
    uint64_t lines = slice_count((struct slice){text.ptr, at}, '\n');
    return (struct record){
        .column = column,
        .size = at,
        .lines = lines + (text.ptr[at - 1] != '\n'),
    };
}

// text: not empty.
static struct record
read_record(struct people_file *file, struct slice text)
{
    size_t start = 0;
    while (start < text.len && text.ptr[start] == ' ') {
        start++;
    }
    size_t len = 0;
    if (start == text.len || text.ptr[start] == '#') {
        return one_line(text, (struct slice){text.ptr, start});
    }
    if (text.ptr[start] != '"') {
        size_t end = plain_end(text, start);
        return read_others(text, end, (struct slice){text.ptr, end});
    }
    size_t end = quoted_end(text, start, file->unquoted, &len);
    if (end == 0) {
        // Found in no account.
        return one_line(text, (struct slice){text.ptr, text.len});
    }
    return read_others(text, end, (struct slice){file->unquoted, len});
}

// ── the file ───────────────────────────────────────────────────────────────

// Fills the room, as far as the file goes.
static enum status
fill(struct people_file *file, struct error *error)
{
    file->end -= file->at;
    memmove(file->text, file->text + file->at, file->end);
    file->at = 0;
    while (file->end < ROOM && !file->is_ended) {
        size_t size = 0;
        enum status status = file_input_read(&file->input, file->text + file->end,
                                             ROOM - file->end, &size, error);
        if (status == STATUS_IO) {
            return error_set(error, STATUS_IO, "%s", strerror(errno));
        }
        if (status != STATUS_OK && status != STATUS_AGAIN) {
            return status;
        }
        file->is_ended = status == STATUS_OK && size == 0;
        file->end += size;
        file->bytes += size;
        if (file->bytes > PEOPLE_FILE_BYTES_MAX) {
            return error_set(error, STATUS_FULL, "more than %d bytes",
                             PEOPLE_FILE_BYTES_MAX);
        }
    }
    return STATUS_OK;
}

// Reads the rest of a line that is too long, as far as it is in the room.
static void
skip_rest(struct people_file *file, struct slice text)
{
    const char *end = memchr(text.ptr, '\n', text.len);
    file->is_too_long = end == NULL;
    file->counts.lines += end != NULL;
    file->at += end != NULL ? (size_t)(end - text.ptr) + 1 : text.len;
}

// Reads the next record or the next bytes. *ret_is_done: there are no more.
static enum status
read_next(struct people_file *file, bool *ret_is_done, struct error *error)
{
    struct slice text = {file->text + file->at, file->end - file->at};
    if (text.len <= PEOPLE_FILE_LINE_MAX && !file->is_ended) {
        return fill(file, error);
    }
    if (text.len == 0) {
        file->counts.lines += file->is_too_long;
        file->is_too_long = false;
        *ret_is_done = true;
        return STATUS_OK;
    }
    if (file->is_too_long) {
        skip_rest(file, text);
        return STATUS_OK;
    }
    struct record record = read_record(file, text);
    file->at += record.size;
    enum status status = take(file, record.column, error);
    file->counts.lines += record.lines;
    file->is_too_long = record.is_cut;
    return status;
}

// True for a file that can be read.
static bool
open_input(const char *path, int *ret_fd, struct error *error)
{
    struct stat found;
    // O_NONBLOCK: opening a FIFO without a writer would wait.
    *ret_fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*ret_fd < 0 || fstat(*ret_fd, &found) != 0) {
        (void)error_set(error, STATUS_IO, "%s", strerror(errno));
    } else if (!S_ISREG(found.st_mode)) {
        (void)error_set(error, STATUS_IO, "it is not a regular file");
    } else {
        return true;
    }
    return false;
}

static enum status
blame(const char *path, enum status status, const struct error *why,
      struct error *error)
{
    return error_set(error, status, "cannot read %s: %s", path, why->text);
}

enum status
people_file_check(const char *path, struct error *error)
{
    struct error why = {0};
    int fd = -1;
    bool is_good = open_input(path, &fd, &why);
    if (fd >= 0) {
        (void)close(fd);
    }
    return is_good ? STATUS_OK : blame(path, STATUS_IO, &why, error);
}

enum status
people_file_open(const char *path, struct account_needs needs,
                 struct people_file **ret_file, struct error *error)
{
    static const struct slice mark = {"\xef\xbb\xbf", 3};
    struct error why = {0};
    struct people_file *file = calloc(1, sizeof(*file));
    if (file == NULL) {
        return error_set(error, STATUS_NOMEM, "no memory left");
    }
    file->fd = -1;
    file->needs = needs;
    snprintf(file->path, sizeof(file->path), "%s", path);
    enum status status = open_input(path, &file->fd, &why) ? STATUS_OK : STATUS_IO;
    if (status == STATUS_OK) {
        file_input_init(&file->input, file->fd);
        file->has_input = true;
        status = fill(file, &why);
    }
    if (slice_starts((struct slice){file->text, file->end}, mark)) {
        file->at = mark.len;
    }
    if (status != STATUS_OK) {
        people_file_close(&file);
        return blame(path, status, &why, error);
    }
    *ret_file = file;
    return STATUS_OK;
}

void
people_file_close(struct people_file **file)
{
    struct people_file *self = *file;
    if (self == NULL) {
        return;
    }
    known_people_fini(&self->people);
    if (self->has_input) {
        file_input_fini(&self->input);
    }
    if (self->fd >= 0) {
        (void)close(self->fd);
    }
    free(self);
    *file = NULL;
}

enum status
people_file_read(struct people_file *file, size_t records, struct error *error)
{
    struct error why = {0};
    bool is_done = false;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < records && !is_done && status == STATUS_OK; i++) {
        status = read_next(file, &is_done, &why);
    }
    if (status != STATUS_OK) {
        return blame(file->path, status, &why, error);
    }
    return is_done ? STATUS_OK : STATUS_AGAIN;
}

struct known_people *
people_file_people(struct people_file *file)
{
    return &file->people;
}

const struct people_file_counts *
people_file_counts(const struct people_file *file)
{
    return &file->counts;
}

const char *
people_file_describe(const struct people_file *file, char text[PEOPLE_FILE_TEXT_MAX])
{
    const struct people_file_counts *counts = &file->counts;
    char faults[256] = "";
    char words[128] = "";
    if (counts->faults != 0) {
        (void)snprintf(faults, sizeof(faults),
                       "; %" PRIu64 " of %" PRIu64
                       " lines not understood, the first is "
                       "line %" PRIu64 ": neither an id with its network, such as "
                       "x:783214, nor a handle such as @ann",
                       counts->faults, counts->lines, counts->first_fault);
    }
    if (counts->without_network != 0) {
        (void)snprintf(words, sizeof(words),
                       "; %" PRIu64 " without a network or @, taken as ids of native "
                       "posts",
                       counts->without_network);
    }
    (void)snprintf(text, PEOPLE_FILE_TEXT_MAX, "%.500s: %" PRIu32 " people%s%s",
                   file->path, file->people.count, faults, words);
    return text;
}
