#include "daemon/people_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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

struct reading {
    struct file_input input;
    uint64_t bytes;
    bool is_ended;    // `text` has the last bytes
    bool is_too_long; // the rest of a long line is to be ignored
    size_t at;
    size_t end;
    char text[ROOM];
    char unquoted[PEOPLE_FILE_LINE_MAX];
    struct account_needs needs;
    struct known_people *people;
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
take(struct reading *reading, struct slice column, struct error *error)
{
    struct people_file_counts *counts = &reading->counts;
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
        known_people_add(reading->people, account_hash(reading->needs, account));
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
read_record(struct reading *reading, struct slice text)
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
    size_t end = quoted_end(text, start, reading->unquoted, &len);
    if (end == 0) {
        // Found in no account.
        return one_line(text, (struct slice){text.ptr, text.len});
    }
    return read_others(text, end, (struct slice){reading->unquoted, len});
}

// ── the file ───────────────────────────────────────────────────────────────

// Fills the room, as far as the file goes.
static enum status
fill(struct reading *reading, struct error *error)
{
    reading->end -= reading->at;
    memmove(reading->text, reading->text + reading->at, reading->end);
    reading->at = 0;
    while (reading->end < ROOM && !reading->is_ended) {
        size_t size = 0;
        enum status status =
            file_input_read(&reading->input, reading->text + reading->end,
                            ROOM - reading->end, &size, error);
        if (status == STATUS_IO) {
            return error_set(error, STATUS_IO, "%s", strerror(errno));
        }
        if (status != STATUS_OK && status != STATUS_AGAIN) {
            return status;
        }
        reading->is_ended = status == STATUS_OK && size == 0;
        reading->end += size;
        reading->bytes += size;
        if (reading->bytes > PEOPLE_FILE_BYTES_MAX) {
            return error_set(error, STATUS_FULL, "more than %d bytes",
                             PEOPLE_FILE_BYTES_MAX);
        }
    }
    return STATUS_OK;
}

// Reads the rest of a line that is too long, as far as it is in the room.
static void
skip_rest(struct reading *reading, struct slice text)
{
    const char *end = memchr(text.ptr, '\n', text.len);
    reading->is_too_long = end == NULL;
    reading->counts.lines += end != NULL;
    reading->at += end != NULL ? (size_t)(end - text.ptr) + 1 : text.len;
}

static enum status
read_all(struct reading *reading, struct error *error)
{
    static const struct slice mark = {"\xef\xbb\xbf", 3};
    enum status status = fill(reading, error);
    if (slice_starts((struct slice){reading->text, reading->end}, mark)) {
        reading->at = mark.len;
    }
    while (status == STATUS_OK && (reading->at < reading->end || !reading->is_ended)) {
        struct slice text = {reading->text + reading->at, reading->end - reading->at};
        if (text.len <= PEOPLE_FILE_LINE_MAX && !reading->is_ended) {
            status = fill(reading, error);
        } else if (reading->is_too_long) {
            skip_rest(reading, text);
        } else {
            struct record record = read_record(reading, text);
            status = take(reading, record.column, error);
            reading->at += record.size;
            reading->counts.lines += record.lines;
            reading->is_too_long = record.is_cut;
        }
    }
    reading->counts.lines += reading->is_too_long;
    return status;
}

static enum status
open_file(const char *path, int *ret_fd, struct error *error)
{
    struct stat found;
    // O_NONBLOCK: opening a FIFO without a writer would wait.
    *ret_fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*ret_fd < 0 || fstat(*ret_fd, &found) != 0) {
        return error_set(error, STATUS_IO, "%s", strerror(errno));
    }
    if (!S_ISREG(found.st_mode)) {
        return error_set(error, STATUS_IO, "it is not a regular file");
    }
    return STATUS_OK;
}

static enum status
read_file(const char *path, struct reading *reading, struct error *error)
{
    int fd = -1;
    enum status status = open_file(path, &fd, error);
    if (status == STATUS_OK) {
        file_input_init(&reading->input, fd);
        status = read_all(reading, error);
        file_input_fini(&reading->input);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return status;
}

enum status
people_file_read(const char *path, struct account_needs needs,
                 struct known_people *people, struct people_file_counts *ret_counts,
                 struct error *error)
{
    struct error why = {0};
    struct reading *reading = calloc(1, sizeof(*reading));
    enum status status = STATUS_NOMEM;
    if (reading == NULL) {
        (void)error_set(&why, status, "no memory left");
    } else {
        reading->needs = needs;
        reading->people = people;
        status = read_file(path, reading, &why);
    }
    if (status == STATUS_OK) {
        *ret_counts = reading->counts;
    } else {
        known_people_fini(people);
        (void)error_set(error, status, "cannot read %s: %s", path, why.text);
    }
    free(reading);
    return status;
}

const char *
people_file_describe(const char *path, const struct known_people *people,
                     const struct people_file_counts *counts,
                     char text[PEOPLE_FILE_TEXT_MAX])
{
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
    (void)snprintf(text, PEOPLE_FILE_TEXT_MAX, "%.500s: %" PRIu32 " people%s%s", path,
                   people->count, faults, words);
    return text;
}
