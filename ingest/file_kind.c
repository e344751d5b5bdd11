#include "ingest/file_kind.h"

#include <string.h>
#include <strings.h>

#include "ingest/array.h"
#include "ingest/decompress.h"

enum { TAR_MAGIC_AT = 257, COLUMNS_MIN = 2 };

#define UNPACK "unpack it first and give the files in it"
#define FORMATS "cascaded --describe formats lists what is read"

struct magic {
    size_t at;
    struct slice bytes;
    struct file_kind kind;
};

// clang-format off
static const struct magic magics[] = {
    {0, {"\xff\xfe\0\0", 4},    {"UTF-32", "convert it with iconv -f UTF-32 -t UTF-8"}},
    {0, {"\0\0\xfe\xff", 4},    {"UTF-32", "convert it with iconv -f UTF-32 -t UTF-8"}},
    {0, {"\xff\xfe", 2},        {"UTF-16", "convert it with iconv -f UTF-16 -t UTF-8"}},
    {0, {"\xfe\xff", 2},        {"UTF-16", "convert it with iconv -f UTF-16 -t UTF-8"}},
    {0, {"PK\x03\x04", 4},      {"a zip archive", UNPACK ", as in unzip -p FILE | cascaded -"}},
    {0, {"PK\x05\x06", 4},      {"an empty zip archive", UNPACK}},
    {0, {"7z\xbc\xaf\x27\x1c", 6}, {"a 7z archive", UNPACK}},
    {0, {"Rar!\x1a\x07", 6},    {"a rar archive", UNPACK}},
    {TAR_MAGIC_AT, {"ustar", 5}, {"a tar archive", UNPACK ", as in tar -xOf FILE | cascaded -"}},
    {0, {"\x04\x22\x4d\x18", 4}, {"lz4", "decompress it first, as in lz4 -dc FILE | cascaded -"}},
    {0, {"LZIP", 4},            {"lzip", "decompress it first, as in lzip -dc FILE | cascaded -"}},
    {0, {"\x5d\0\0", 3},        {"lzma", "decompress it first, as in xz -dc FILE | cascaded -"}},
    {0, {"\x1f\x9d", 2},        {"compress", "decompress it first, as in zcat FILE | cascaded -"}},
    {0, {"\x1e", 1},            {"a JSON text sequence (RFC 7464)", "remove its separators, as in tr -d '\\036' < FILE | cascaded -"}},
    {0, {"%PDF-", 5},           {"PDF", FORMATS}},
    {0, {"SQLite format 3", 15}, {"an SQLite database", "export its posts, one JSON object per line"}},
    {0, {"PAR1", 4},            {"Parquet", "export its rows, one JSON object per line"}},
    {0, {"Obj\x01", 4},         {"Avro", "export its records, one JSON object per line"}},
};
// clang-format on

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct slice
trim(struct slice text)
{
    if (slice_starts(text, SLICE_LIT("\xef\xbb\xbf"))) {
        text = (struct slice){text.ptr + 3, text.len - 3};
    }
    while (text.len > 0 && is_space(text.ptr[0])) {
        text = (struct slice){text.ptr + 1, text.len - 1};
    }
    return text;
}

static bool
starts_with_word(struct slice text, const char *word)
{
    size_t len = strlen(word);
    return text.len >= len && strncasecmp(text.ptr, word, len) == 0;
}

// UTF-16 without a byte order mark: every other byte of Latin letters and JSON's
// punctuation is zero.
static bool
is_wide(struct slice head, size_t zeros_at)
{
    size_t zeros = 0;
    size_t others = 0;
    for (size_t i = 0; i < head.len; i++) {
        bool is_zero = head.ptr[i] == '\0';
        zeros += is_zero && i % 2 == zeros_at;
        others += is_zero && i % 2 != zeros_at;
    }
    return head.len >= 4 && zeros * 4 > head.len && others * 8 < zeros;
}

static bool
is_binary(struct slice head)
{
    size_t odd = 0;
    for (size_t i = 0; i < head.len; i++) {
        unsigned char c = (unsigned char)head.ptr[i];
        if (c == 0) {
            return true;
        }
        odd += (c < ' ' && !is_space((char)c)) || c == 0x7f;
    }
    return odd * 16 > head.len;
}

static struct slice
first_line(struct slice text)
{
    const char *end = text.len != 0 ? memchr(text.ptr, '\n', text.len) : NULL;
    struct slice line = {text.ptr, end != NULL ? (size_t)(end - text.ptr) : text.len};
    while (line.len > 0 && is_space(line.ptr[line.len - 1])) {
        line.len--;
    }
    return line;
}

// "name = [" or "name = {", as in a JavaScript file.
static bool
is_assignment(struct slice line)
{
    const char *sign = memchr(line.ptr, '=', line.len);
    if (sign == NULL) {
        return false;
    }
    size_t rest = line.len - (size_t)(sign + 1 - line.ptr);
    struct slice value = trim((struct slice){sign + 1, rest});
    for (const char *c = line.ptr; c < sign; c++) {
        if (*c == '{' || *c == '"' || *c == '<') {
            return false;
        }
    }
    return value.len > 0 && (value.ptr[0] == '[' || value.ptr[0] == '{');
}

static bool
has_columns(struct slice line)
{
    static const char separators[] = {',', ';', '\t'};
    for (size_t i = 0; i < sizeof(separators); i++) {
        size_t count = 0;
        for (size_t k = 0; k < line.len; k++) {
            count += line.ptr[k] == separators[i];
        }
        if (count >= COLUMNS_MIN) {
            return true;
        }
    }
    return false;
}

// True if another object begins in the same line after the first one.
static bool
is_joined(struct slice line)
{
    for (size_t i = 1; i < line.len; i++) {
        size_t end = i;
        while (end > 0 && is_space(line.ptr[end - 1])) {
            end--;
        }
        if (line.ptr[i] == '{' && line.ptr[end - (end > 0)] == '}' &&
            array_is_whole((struct slice){line.ptr, end})) {
            return true;
        }
    }
    return false;
}

// For a file that begins with an object or array.
static struct file_kind
guess_json(struct slice text)
{
    struct slice line = first_line(text);
    char last = line.len > 0 ? line.ptr[line.len - 1] : '\0';
    bool is_cut = line.len == text.len; // it may continue
    if (memchr(text.ptr, '\n', text.len) == NULL &&
        memchr(line.ptr, '\r', line.len) != NULL) {
        return (struct file_kind){"lines that end in CR alone",
                                  "use tr '\\r' '\\n' < FILE | cascaded -"};
    }
    if (is_joined(line)) {
        return (struct file_kind){"JSON objects without line ends between them",
                                  "use jq -c . FILE | cascaded -"};
    }
    if (last == ',' && line.len > 1 && line.ptr[line.len - 2] == '}') {
        return (struct file_kind){"a JSON array without its brackets",
                                  "remove the commas with sed 's/,$//'"};
    }
    if (!is_cut && last != '}' && last != ']') {
        return (struct file_kind){"pretty-printed JSON",
                                  "use jq -c . FILE | cascaded -"};
    }
    return (struct file_kind){"JSON, but not posts of a known format", FORMATS};
}

static struct file_kind
guess_text(struct slice text)
{
    struct slice line = first_line(text);
    if (slice_starts(text, SLICE_LIT("window.YTD."))) {
        return (struct file_kind){
            "the archive of an X account (window.YTD...)",
            "its posts have no author, so they cannot be counted"};
    }
    if (is_assignment(line)) {
        return (struct file_kind){"JavaScript",
                                  "remove what is before the first bracket"};
    }
    if (starts_with_word(text, "<!doctype html") || starts_with_word(text, "<html")) {
        return (struct file_kind){"HTML",
                                  "an error or login page may have been saved instead "
                                  "of the data: fetch it again"};
    }
    if (text.len > 0 && text.ptr[0] == '<') {
        return (struct file_kind){"XML", FORMATS};
    }
    if (has_columns(line)) {
        return (struct file_kind){"CSV",
                                  "convert it to one JSON object per line; " FORMATS};
    }
    return (struct file_kind){"text", FORMATS};
}

struct file_kind
file_kind_guess(struct slice head)
{
    for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
        const struct magic *magic = &magics[i];
        if (head.len >= magic->at &&
            slice_starts((struct slice){head.ptr + magic->at, head.len - magic->at},
                         magic->bytes)) {
            return magic->kind;
        }
    }
    if (decompress_guess(head) != DECOMPRESS_NONE) {
        return (struct file_kind){"a file that was compressed twice",
                                  "decompress it once, as in zcat FILE | cascaded -"};
    }
    if (is_wide(head, 1)) {
        return (struct file_kind){"UTF-16",
                                  "convert it with iconv -f UTF-16LE -t UTF-8"};
    }
    if (is_wide(head, 0)) {
        return (struct file_kind){"UTF-16",
                                  "convert it with iconv -f UTF-16BE -t UTF-8"};
    }
    if (is_binary(head)) {
        return (struct file_kind){"binary data", FORMATS};
    }
    struct slice text = trim(head);
    return text.len > 0 && (text.ptr[0] == '{' || text.ptr[0] == '[')
               ? guess_json(text)
               : guess_text(text);
}
