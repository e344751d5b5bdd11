#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/control.h"
#include "base/hash.h"

enum {
    ESCAPE_LEN = 4, // a byte as \xNN
    SAME_MAX = 32,  // lines whose repetitions are counted
    SAME_TEXT_MAX = 256,
    NAMES_MAX = 256, // prefix, level, time, event, key, number, punctuation
    LINE_MAX = NAMES_MAX + 2 * ESCAPE_LEN * (LOG_TEXT_MAX + LOG_ABOUT_MAX),
};

// A line that was written, and how often it was not since.
struct same {
    uint64_t hash;
    usec written; // 0: free
    uint64_t count;
    enum log_level level;
    const char *name;
    const char *key;
    char about[LOG_ABOUT_MAX + 1];
    char text[SAME_TEXT_MAX + 1];
};

static struct {
    struct log_setup setup;
    struct same same[SAME_MAX];
    uint64_t missing; // lines that could not be written
    bool is_cut;      // the last one was written in part
} logger = {.setup = {.threshold = LOG_LEVEL_INFO}};

void
log_setup(const struct log_setup *setup)
{
    logger.setup = *setup;
    memset(logger.same, 0, sizeof(logger.same));
    logger.missing = 0;
    logger.is_cut = false;
}

void
log_set_form(enum log_form form)
{
    logger.setup.form = form;
}

bool
log_wants(enum log_level level)
{
    return level <= logger.setup.threshold;
}

// ── lines ──────────────────────────────────────────────────────────────────

static const char *
level_prefix(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERROR:
        return "<3>";
    case LOG_LEVEL_WARN:
        return "<4>";
    case LOG_LEVEL_INFO:
        break;
    }
    return "<6>";
}

static const char *
level_name(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERROR:
        return "error";
    case LOG_LEVEL_WARN:
        return "warning";
    case LOG_LEVEL_INFO:
        break;
    }
    return "info";
}

static char *
put(char *to, const char *text)
{
    return stpcpy(to, text);
}

static char *
put_number(char *to, uint64_t number)
{
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while (count != 0) {
        *to++ = digits[--count];
    }
    return to;
}

static char *
put_escaped_byte(char *to, unsigned char byte, bool is_quoted)
{
    static const char hex[] = "0123456789abcdef";
    *to++ = '\\';
    if (is_quoted) {
        *to++ = '\\';
    }
    *to++ = 'x';
    *to++ = hex[byte >> 4];
    *to++ = hex[byte & 15];
    return to;
}

// is_quoted: for a place between quotes.
static char *
put_text(char *to, struct slice rest, bool is_quoted)
{
    while (rest.len != 0) {
        char first = *rest.ptr;
        size_t character = control_utf8(rest);
        bool is_bad = first != '\t' && (character == 0 || control_length(rest) != 0);
        size_t len = character == 0 ? 1 : character;
        for (size_t i = 0; is_bad && i < len; i++) {
            to = put_escaped_byte(to, (unsigned char)rest.ptr[i], is_quoted);
        }
        if (!is_bad && is_quoted && (first == '"' || first == '\\' || first == '\t')) {
            *to++ = '\\';
            *to++ = first == '\t' ? 't' : first;
        } else if (!is_bad) {
            memcpy(to, rest.ptr, len);
            to += len;
        }
        rest = (struct slice){rest.ptr + len, rest.len - len};
    }
    return to;
}

static char *
put_quoted(char *to, struct slice text)
{
    *to++ = '"';
    to = put_text(to, text, true);
    *to++ = '"';
    return to;
}

// A value without quotes: letters, digits, and signs that names and addresses have.
static bool
is_bare(const char *text)
{
    static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789-_./:@+";
    return *text != '\0' && text[strspn(text, bare)] == '\0';
}

static struct slice
beginning_of(const char *text, size_t most)
{
    size_t len = strlen(text);
    return (struct slice){text, len < most ? len : most};
}

static struct slice
about_of(const struct log_event *event)
{
    return beginning_of(event->about, LOG_ABOUT_MAX);
}

static char *
put_fields(char *to, const struct log_event *event, uint64_t repeated)
{
    to = put(put(to, " event="), event->name);
    if (event->key != NULL) {
        *to++ = ' ';
        to = put(to, event->key);
        *to++ = '=';
        to = is_bare(event->about) ? put_text(to, about_of(event), false)
                                   : put_quoted(to, about_of(event));
    }
    return repeated != 0 ? put_number(put(to, " repeated="), repeated) : to;
}

static char *
put_json(char *to, enum log_level level, const struct log_event *event,
         struct slice text, uint64_t repeated)
{
    *to++ = '{';
    if (logger.setup.system != NULL) {
        char time[USEC_TEXT_MAX];
        to = put(to, "\"time\":\"");
        to = put(put(to, usec_format_rfc3339(logger.setup.system(), time)), "\",");
    }
    to = put(put(put(to, "\"level\":\""), level_name(level)), "\"");
    to = put(put(put(to, ",\"event\":\""), event->name), "\"");
    if (event->key != NULL) {
        to = put(put(put(to, ",\""), event->key), "\":");
        to = put_quoted(to, about_of(event));
    }
    to = put_quoted(put(to, ",\"message\":"), text);
    if (repeated != 0) {
        to = put_number(put(to, ",\"repeated\":"), repeated);
    }
    return put(to, "}");
}

// How many bytes could be written.
static size_t
write_some(const char *text, size_t size)
{
    size_t written = 0;
    while (written != size) {
        ssize_t done = write(STDERR_FILENO, text + written, size - written);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            break;
        }
        written += (size_t)done;
    }
    return written;
}

static void
write_all(const char *text, size_t size)
{
    if (logger.is_cut && write_some("\n", 1) == 1) {
        logger.is_cut = false;
    }
    size_t written = logger.is_cut ? 0 : write_some(text, size);
    logger.is_cut = logger.is_cut || (written != 0 && written != size);
    logger.missing += written != size;
}

static void
put_line(enum log_level level, const struct log_event *event, const char *text,
         uint64_t repeated)
{
    char line[LINE_MAX];
    struct slice words = beginning_of(text, LOG_TEXT_MAX);
    char *to = logger.setup.has_journal        ? put(line, level_prefix(level))
               : logger.setup.form == LOG_JSON ? line
                                               : put(line, "cascaded: ");
    if (logger.setup.form == LOG_JSON) {
        to = put_json(to, level, event, words, repeated);
    } else {
        to = put_text(to, words, false);
        if (logger.setup.form == LOG_FIELDS) {
            to = put_fields(to, event, repeated);
        } else if (repeated != 0) {
            to = put(put_number(put(to, " (and "), repeated), " like it not shown)");
        }
    }
    *to++ = '\n';
    write_all(line, (size_t)(to - line));
}

// The report itself may be impossible to write.
static void
report_missing(void)
{
    const struct log_event event = LOG_EVENT("log_lost");
    uint64_t missing = logger.missing;
    char text[80];
    snprintf(text, sizeof(text),
             "%" PRIu64 " log messages before this one could not be written", missing);
    logger.missing = 0;
    put_line(LOG_LEVEL_WARN, &event, text, 0);
    if (logger.missing != 0) {
        logger.missing = missing;
    }
}

static void
write_line(enum log_level level, const struct log_event *event, const char *text,
           uint64_t repeated)
{
    int errno_before = errno;
    if (logger.missing != 0) {
        report_missing();
    }
    put_line(level, event, text, repeated);
    errno = errno_before;
}

// ── repetitions ────────────────────────────────────────────────────────────

static uint64_t
hash_of(const struct log_event *event, const char *text)
{
    static const struct hash_key key = {0, 0}; // the same line twice, nothing else
    char bytes[LOG_TEXT_MAX];
    size_t size = 0;
    for (const char *at = text; *at != '\0' && size < sizeof(bytes); at++) {
        if (*at < '0' || *at > '9') {
            bytes[size++] = *at;
        }
    }
    uint64_t about = event->key != NULL ? hash_slice(&key, about_of(event)) : 0;
    uint64_t name = hash_slice(&key, slice_of(event->name));
    return hash_slice(&key, (struct slice){bytes, size}) + 3 * about + 5 * name;
}

// Writes the last line that was counted, with the number of others, and forgets it.
static void
settle(struct same *same)
{
    uint64_t count = same->count;
    same->count = 0;
    same->written = 0;
    if (count != 0) {
        const struct log_event event = {same->name, same->key, same->about};
        write_line(same->level, &event, same->text, count - 1);
    }
}

static void
remember(struct same *same, enum log_level level, const struct log_event *event,
         const char *text)
{
    same->level = level;
    same->name = event->name;
    same->key = event->key;
    snprintf(same->about, sizeof(same->about), "%s",
             event->key != NULL ? event->about : "");
    snprintf(same->text, sizeof(same->text), "%s", text);
}

// True if the line is to be written; *ret_repeated: how often it was not before.
static bool
is_due(enum log_level level, const struct log_event *event, const char *text,
       uint64_t *ret_repeated)
{
    *ret_repeated = 0;
    if (level > LOG_LEVEL_WARN || logger.setup.monotonic == NULL) {
        return true;
    }
    usec now = logger.setup.monotonic();
    uint64_t hash = hash_of(event, text);
    struct same *oldest = &logger.same[0];
    for (struct same *same = logger.same; same < logger.same + SAME_MAX; same++) {
        if (same->written != 0 && same->hash == hash) {
            if (now - same->written < LOG_SAME) {
                same->count++;
                remember(same, level, event, text);
                return false;
            }
            *ret_repeated = same->count;
            same->count = 0;
            same->written = now;
            return true;
        }
        if (same->written < oldest->written) {
            oldest = same;
        }
    }
    settle(oldest);
    oldest->hash = hash;
    oldest->written = now;
    return true;
}

void
log_settle(bool all)
{
    if (logger.setup.monotonic == NULL) {
        return;
    }
    usec now = logger.setup.monotonic();
    for (struct same *same = logger.same; same < logger.same + SAME_MAX; same++) {
        if (all || (same->count != 0 && now - same->written >= LOG_SAME)) {
            settle(same);
        }
    }
}

// ── calls ──────────────────────────────────────────────────────────────────

void
log_write(enum log_level level, struct log_event event, const char *format, ...)
{
    if (!log_wants(level)) {
        return;
    }
    int errno_before = errno;
    char text[LOG_TEXT_MAX + 1];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (length < 0) {
        text[0] = '\0';
    }
    uint64_t repeated;
    if (is_due(level, &event, text, &repeated)) {
        write_line(level, &event, text, repeated);
    }
    errno = errno_before;
}

void
log_now(enum log_level level, struct log_event event, const char *text)
{
    put_line(level, &event, text, 0); // write_line may call snprintf
}

void
log_plain(const char *format, ...)
{
    int errno_before = errno;
    char text[LOG_TEXT_MAX + 1];
    char line[LINE_MAX];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    char *to = put_text(line, slice_of(length < 0 ? "" : text), false);
    *to++ = '\n';
    write_all(line, (size_t)(to - line));
    errno = errno_before;
}
