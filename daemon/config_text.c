#include "daemon/config_text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ingest/text/utf8.h"

enum { CHUNK = 1 << 14, DEPTH_MAX = 8 };

enum status
config_text_read(const char *path, struct buffer *text, struct error *error)
{
    FILE *file = fopen(path, "r");
    size_t got = file != NULL ? CHUNK : 0;
    char *room;
    while (got == CHUNK && (room = buffer_extend(text, CHUNK)) != NULL) {
        got = fread(room, 1, CHUNK, file);
        text->size -= CHUNK - got;
    }
    int why = errno;
    bool is_read = file != NULL && !ferror(file);
    if (file != NULL) {
        fclose(file);
    }
    if (!is_read) {
        return error_set(error, STATUS_IO, "cannot read the configuration: %s",
                         strerror(why));
    }
    return text->is_failed
               ? error_set(error, STATUS_FULL, "the configuration is too long")
               : STATUS_OK;
}

// True if a word may begin after this byte.
static bool
is_before_word(char c)
{
    return c != '\0' && strchr(" \t\r\n={}(),+\"'", c) != NULL;
}

// The end of the comment at the start of the text; 0: there is none.
static size_t
comment_size(const char *text, size_t size, bool may_be_word)
{
    if (text[0] == '#' || (may_be_word && size >= 2 && memcmp(text, "//", 2) == 0)) {
        const char *end = memchr(text, '\n', size);
        return end != NULL ? (size_t)(end - text) : size;
    }
    if (!may_be_word || size < 2 || memcmp(text, "/*", 2) != 0) {
        return 0;
    }
    size_t end = 4;
    while (end < size && memcmp(text + end - 2, "*/", 2) != 0) {
        end++;
    }
    return end < size ? end : size;
}

static void
blank(char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        text[i] = text[i] == '\n' ? '\n' : ' ';
    }
}

void
config_text_blank(char *text, size_t size)
{
    char quote = '\0';       // the mark that ends the current quoted text
    bool may_be_word = true; // a word may begin here
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        blank(text, 3);
    }
    for (size_t at = 0; at < size; at++) {
        char c = text[at];
        if (quote != '\0') {
            quote = c == quote ? '\0' : quote;
            at += c == '\\'; // an escaped mark does not end the text
            continue;
        }
        size_t comment = comment_size(text + at, size - at, may_be_word);
        if (comment != 0) {
            blank(text + at, comment);
            at += comment - 1;
            may_be_word = true;
            continue;
        }
        quote = c == '"' || c == '\'' ? c : '\0';
        may_be_word = is_before_word(c);
    }
}

void
config_text_fill(struct slice text, struct buffer *ret_text)
{
    char quote = '\0';
    char last = '\0'; // the last byte that is no blank, outside of quoted texts
    for (size_t at = 0; at < text.len; at++) {
        char c = text.ptr[at];
        buffer_append_byte(ret_text, c);
        if (quote != '\0') {
            if (c == '\\' && at + 1 < text.len) {
                buffer_append_byte(ret_text, text.ptr[++at]);
            }
            quote = c == quote ? '\0' : quote;
            continue;
        }
        if (c == '{' && last == '=') {
            struct slice rest = {text.ptr + at + 1, text.len - at - 1};
            struct slice next = slice_trim(rest, SLICE_LIT(" \t\r\n"));
            if (next.len != 0 && next.ptr[0] == '}') {
                buffer_append(ret_text, SLICE_LIT("\"" CONFIG_TEXT_EMPTY "\""));
            }
        }
        quote = c == '"' || c == '\'' ? c : '\0';
        last = strchr(" \t\r\n", c) == NULL ? c : last;
    }
}

// ── what is refused ────────────────────────────────────────────────────────

struct check {
    struct slice text;
    size_t at;
    int line;
    char quote; // the mark that ends the current quoted text; NUL: outside
    int quote_line;
    int open_lines[DEPTH_MAX]; // of braces; deeper nesting is an error of libconfuse
    int depth;
    bool may_be_word;
    const char *why; // the error, at wrong_line
    int wrong_line;
};

static void
found(struct check *check, int line, const char *why)
{
    if (check->why == NULL) {
        check->why = why;
        check->wrong_line = line;
    }
}

static char
byte_at(const struct check *check, size_t at)
{
    return at < check->text.len ? check->text.ptr[at] : '\n';
}

// After a backslash: true for \0, \00, \000, \x0 and \x00.
static bool
is_zero(const struct check *check)
{
    size_t at = check->at + 1;
    size_t most = byte_at(check, at) == 'x' ? 2 : 3;
    at += most == 2;
    size_t zeros = 0;
    while (zeros < most && byte_at(check, at + zeros) == '0') {
        zeros++;
    }
    char next = byte_at(check, at + zeros);
    bool has_more = zeros < most && (most == 2 ? strchr("123456789abcdefABCDEF", next)
                                               : strchr("1234567", next)) != NULL;
    return zeros != 0 && !has_more;
}

static void
check_quoted(struct check *check, char c)
{
    if (c == '\\') {
        if (check->quote == '"' && is_zero(check)) {
            found(check, check->line, "a text cannot contain a byte of 0");
        }
        check->at++; // an escaped mark does not end the text
        check->line += byte_at(check, check->at) == '\n';
    } else if (c == '\n') {
        found(check, check->quote_line,
              "the text that begins on this line has no closing quotation mark");
    } else if (c == check->quote) {
        check->quote = '\0';
    }
}

static void
check_brace(struct check *check, char c)
{
    if (c == '{') {
        if (check->depth < DEPTH_MAX) {
            check->open_lines[check->depth] = check->line;
        }
        check->depth++;
    } else if (c == '}' && check->depth != 0) {
        check->depth--;
    }
}

static void
check_sign(struct check *check, char c)
{
    if (c == '+' && byte_at(check, check->at + 1) == '=') {
        found(check, check->line,
              "nothing can be added to a list by +=: write the whole list after =");
    }
}

// True if a comment was skipped.
static bool
pass_comment(struct check *check)
{
    const char *text = check->text.ptr + check->at;
    size_t size = comment_size(text, check->text.len - check->at, check->may_be_word);
    if (size == 0) {
        return false;
    }
    if (text[0] == '/' && text[1] == '*' &&
        (size < 4 || memcmp(text + size - 2, "*/", 2) != 0)) {
        found(check, check->line, "the comment that begins on this line has no */");
    }
    for (size_t i = 0; i < size; i++) {
        check->line += text[i] == '\n';
        if (text[i] == '\0') {
            found(check, check->line, "the file contains a byte of 0");
        }
        if (text[i] == '\r' && byte_at(check, check->at + i + 1) != '\n') {
            found(check, check->line,
                  "the line of this comment ends in CR alone: save the file with "
                  "lines that end in LF");
        }
    }
    check->at += size - 1;
    check->may_be_word = true;
    return true;
}

static void
check_byte(struct check *check)
{
    char c = check->text.ptr[check->at];
    if (check->quote == '\0' && pass_comment(check)) {
        return;
    }
    if (c == '\0') {
        found(check, check->line, "the file contains a byte of 0");
    }
    if (c == '$' && byte_at(check, check->at + 1) == '{' && check->quote != '\'') {
        found(check, check->line,
              "${…} is not replaced: cascaded reads no values from the environment; "
              "write the value itself, or put these characters between single quotes");
    }
    if (check->quote != '\0') {
        check_quoted(check, c);
    } else if (c == '"' || c == '\'') {
        check->quote = c;
        check->quote_line = check->line;
    } else {
        check_brace(check, c);
        check_sign(check, c);
    }
    check->line += c == '\n';
    check->may_be_word = is_before_word(c);
}

static void
check_end(struct check *check)
{
    if (check->quote != '\0') {
        found(check, check->quote_line,
              "the text that begins on this line has no closing quotation mark");
    } else if (check->depth != 0) {
        int last = check->depth < DEPTH_MAX ? check->depth : DEPTH_MAX;
        found(check, check->open_lines[last - 1],
              "the { on this line has no }: is the file complete?");
    }
}

enum status
config_text_check(const char *path, const char *text, size_t size, struct error *error)
{
    struct check check = {.text = {text, size}, .line = 1, .may_be_word = true};
    if (size >= 2 &&
        (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0)) {
        found(&check, 1, "the file is UTF-16: save it as UTF-8");
    }
    for (; check.at < size && check.why == NULL; check.at++) {
        size_t before = check.at;
        check_byte(&check);
        if (check.at == before && (text[before] & 0x80) != 0) {
            struct utf8_char c = utf8_at(check.text, before);
            if (c.code == 0) {
                found(&check, check.line, "the file is not UTF-8");
            }
            check.at += c.size - 1;
        }
    }
    if (check.why == NULL) {
        check_end(&check);
    }
    if (check.why == NULL) {
        return STATUS_OK;
    }
    error_set(error, STATUS_PARSE, "%s", check.why);
    error_at(error, path, check.wrong_line, 0);
    return STATUS_PARSE;
}
