#include "daemon/config_text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { CHUNK = 1 << 14 };

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

// Where the comment at the head of the text ends; 0: there is none.
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
    char quote = '\0';       // the mark that ends the text we are in
    bool may_be_word = true; // one that begins here
    for (size_t at = 0; at < size; at++) {
        char c = text[at];
        if (quote != '\0') {
            quote = c == quote ? '\0' : quote;
            at += c == '\\'; // what it stands before ends nothing
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
        may_be_word = c != '\0' && strchr(" \t\r\n={}(),+\"'", c) != NULL;
    }
}
