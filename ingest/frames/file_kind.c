#include "ingest/frames/file_kind.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ingest/frames/array.h"
#include "ingest/frames/decompress.h"
#include "ingest/text/utf8.h"

enum {
    TAR_MAGIC_AT = 257,
    TAR_HEADER = 512,
    TAR_SUM_AT = 148,
    TAR_SUM_LEN = 8,
    COLUMNS_MIN = 2,
};

#define UNPACK "unpack it first and give the files in it"
#define TAR_ADVICE UNPACK ", as in tar -xOf FILE | cascaded -"
#define CPIO_ADVICE UNPACK ", as in cpio -i --to-stdout < FILE | cascaded -"
#define FORMATS "cascaded --describe formats lists what is read"

struct magic {
    size_t at;
    struct slice bytes;
    struct file_kind kind;
};

// clang-format off
static const struct magic containers[] = {
    {0, {"PK\x03\x04", 4},      {"a zip archive", UNPACK ", as in unzip -p FILE | cascaded -"}},
    {0, {"PK\x05\x06", 4},      {"an empty zip archive", UNPACK}},
    {0, {"7z\xbc\xaf\x27\x1c", 6}, {"a 7z archive", UNPACK}},
    {0, {"Rar!\x1a\x07", 6},    {"a rar archive", UNPACK}},
    {TAR_MAGIC_AT, {"ustar", 5}, {"a tar archive", TAR_ADVICE}},
    {0, {"070701", 6},          {"a cpio archive", CPIO_ADVICE}},
    {0, {"070702", 6},          {"a cpio archive", CPIO_ADVICE}},
    {0, {"070707", 6},          {"a cpio archive", CPIO_ADVICE}},
    {0, {"\xc7\x71", 2},        {"a cpio archive", CPIO_ADVICE}},
    {0, {"\x71\xc7", 2},        {"a cpio archive", CPIO_ADVICE}},
    {0, {"!<arch>\n", 8},       {"an ar archive", UNPACK ", as in ar p FILE | cascaded -"}},
    {0, {"\x04\x22\x4d\x18", 4}, {"lz4", "decompress it first, as in lz4 -dc FILE | cascaded -"}},
    {0, {"LZIP", 4},            {"lzip", "decompress it first, as in lzip -dc FILE | cascaded -"}},
    {0, {"\x5d\0\0", 3},        {"lzma", "decompress it first, as in xz -dc FILE | cascaded -"}},
    {0, {"\x1f\x9d", 2},        {"compress", "decompress it first, as in zcat FILE | cascaded -"}},
    {0, {"%PDF-", 5},           {"PDF", FORMATS}},
    {0, {"SQLite format 3", 15}, {"an SQLite database", "export its posts, one JSON object per line"}},
    {0, {"PAR1", 4},            {"Parquet", "export its rows, one JSON object per line"}},
    {0, {"Obj\x01", 4},         {"Avro", "export its records, one JSON object per line"}},
    {0, {"ORC", 3},             {"ORC", "export its rows, one JSON object per line"}},
    {0, {"ARROW1\0\0", 8},      {"Arrow", "export its rows, one JSON object per line"}},
    {0, {"\x89HDF\r\n\x1a\n", 8}, {"HDF5", "export its rows, one JSON object per line"}},
    {0, {"WARC/", 5},           {"a WARC archive", "extract its records, one JSON object per line"}},
    {0, {"From ", 5},           {"an mbox mailbox", FORMATS}},
};

static const struct magic encodings[] = {
    {0, {"\xff\xfe\0\0", 4},    {"UTF-32", "convert it with iconv -f UTF-32 -t UTF-8"}},
    {0, {"\0\0\xfe\xff", 4},    {"UTF-32", "convert it with iconv -f UTF-32 -t UTF-8"}},
    {0, {"\xff\xfe", 2},        {"UTF-16", "convert it with iconv -f UTF-16 -t UTF-8"}},
    {0, {"\xfe\xff", 2},        {"UTF-16", "convert it with iconv -f UTF-16 -t UTF-8"}},
    {0, {"\x1e", 1},            {"a JSON text sequence (RFC 7464)", "remove its separators, as in tr -d '\\036' < FILE | cascaded -"}},
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
    if (slice_starts(text, SLICE_LIT("data:"))) {
        return (struct file_kind){"server-sent events without blank lines between them",
                                  "use sed 's/^data: *//' FILE | cascaded -"};
    }
    if (is_assignment(line)) {
        return (struct file_kind){"JavaScript",
                                  "remove what is before the first bracket"};
    }
    if (slice_starts_nocase(text, SLICE_LIT("<!doctype html")) ||
        slice_starts_nocase(text, SLICE_LIT("<html"))) {
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

static bool
find_magic(const struct magic *magics, size_t count, struct slice head,
           struct file_kind *ret_kind)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = magics[i].at;
        if (head.len >= at && slice_starts((struct slice){head.ptr + at, head.len - at},
                                           magics[i].bytes)) {
            *ret_kind = magics[i].kind;
            return true;
        }
    }
    return false;
}

// A tar archive older than POSIX has no magic, but the sum of its header, in octal
// digits that count as spaces themselves.
static bool
is_old_tar(struct slice head)
{
    uint32_t wanted = 0;
    uint32_t sum = 0;
    bool has_digits = false;
    if (head.len < TAR_HEADER || head.ptr[0] == '\0') {
        return false;
    }
    for (size_t i = 0; i < TAR_HEADER; i++) {
        bool is_sum = i >= TAR_SUM_AT && i < TAR_SUM_AT + TAR_SUM_LEN;
        char c = head.ptr[i];
        sum += is_sum ? ' ' : (unsigned char)c;
        if (is_sum && c >= '0' && c <= '7') {
            wanted = wanted * 8 + (uint32_t)(c - '0');
            has_digits = true;
        } else if (is_sum && c != ' ' && c != '\0') {
            return false;
        }
    }
    return has_digits && sum == wanted;
}

bool
file_kind_is_container(struct slice head, struct file_kind *ret_kind)
{
    if (is_old_tar(head)) {
        *ret_kind = (struct file_kind){"a tar archive", TAR_ADVICE};
        return true;
    }
    return find_magic(containers, sizeof(containers) / sizeof(containers[0]), head,
                      ret_kind);
}

// The last character may be cut.
static bool
is_utf8(struct slice head)
{
    enum { CUT_MAX = 3 };
    size_t at = 0;
    while (at < head.len) {
        struct utf8_char found = utf8_at(head, at);
        if (found.code == 0 && head.ptr[at] != '\0') {
            return head.len - at <= CUT_MAX;
        }
        at += found.size;
    }
    return true;
}

struct file_kind
file_kind_guess(struct slice head)
{
    struct file_kind kind;
    if (file_kind_is_container(head, &kind) ||
        find_magic(encodings, sizeof(encodings) / sizeof(encodings[0]), head, &kind)) {
        return kind;
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
    if (!is_utf8(head)) {
        return (struct file_kind){
            "text in another encoding than UTF-8",
            "convert it, as in iconv -f WINDOWS-1252 -t UTF-8 FILE | cascaded -"};
    }
    struct slice text = trim(head);
    return text.len > 0 && (text.ptr[0] == '{' || text.ptr[0] == '[')
               ? guess_json(text)
               : guess_text(text);
}
