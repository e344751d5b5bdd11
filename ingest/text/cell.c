#define _XOPEN_SOURCE 700 // wcwidth

#include "ingest/text/cell.h"

#include <locale.h>
#include <stdbool.h>
#include <stdint.h>
#include <wchar.h>

enum { REPLACEMENT = 0xFFFD, MARKS_MAX = 2 };

// Unicode 15: General_Category Cc and Cf, Default_Ignorable_Code_Point, private use and
// noncharacters. wcwidth gives some of them a width of 0, as it does for the marks that
// are kept.
static const struct {
    uint32_t first;
    uint32_t last;
} unseen[] = {
    {0x0000, 0x001F},   {0x007F, 0x009F},    {0x00AD, 0x00AD},   {0x034F, 0x034F},
    {0x0600, 0x0605},   {0x061C, 0x061C},    {0x06DD, 0x06DD},   {0x070F, 0x070F},
    {0x0890, 0x0891},   {0x08E2, 0x08E2},    {0x115F, 0x1160},   {0x17B4, 0x17B5},
    {0x180B, 0x180F},   {0x200B, 0x200F},    {0x202A, 0x202E},   {0x2060, 0x206F},
    {0x3164, 0x3164},   {0xD800, 0xF8FF},    {0xFDD0, 0xFDEF},   {0xFE00, 0xFE0F},
    {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},    {0xFFF0, 0xFFFB},   {0xFFFE, 0xFFFF},
    {0x110BD, 0x110BD}, {0x110CD, 0x110CD},  {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3},
    {0x1D173, 0x1D17A}, {0xE0000, 0x10FFFF},
};

int
cell_init(void)
{
    return setlocale(LC_CTYPE, "C.UTF-8") != NULL ? 0 : -1;
}

static bool
is_unseen(uint32_t code)
{
    for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++) {
        if (code >= unseen[i].first && code <= unseen[i].last) {
            return true;
        }
    }
    return false;
}

static bool
is_space(uint32_t code)
{
    return code == ' ' || (code >= '\t' && code <= '\r') || code == 0x85 ||
           code == 0x2028 || code == 0x2029;
}

static struct slice
slice_after(struct slice s, size_t count)
{
    return (struct slice){s.ptr + count, s.len - count};
}

// The first code point of `text`, which is not empty, and its length; a byte that does
// not start a well-formed sequence (Unicode 15, table 3-7) is one U+FFFD.
static size_t
first_code(struct slice text, uint32_t *ret_code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *byte = (const unsigned char *)text.ptr;
    if (byte[0] < 0x80) {
        *ret_code = byte[0];
        return 1;
    }
    *ret_code = REPLACEMENT;
    size_t len = byte[0] >= 0xF0 ? 4 : byte[0] >= 0xE0 ? 3 : 2;
    if (byte[0] < 0xC2 || byte[0] > 0xF4 || text.len < len) {
        return 1;
    }
    uint32_t code = byte[0] & (0xFFU >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((byte[i] & 0xC0) != 0x80) {
            return 1;
        }
        code = code << 6 | (byte[i] & 0x3FU);
    }
    if (code < least[len] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
        return 1;
    }
    *ret_code = code;
    return len;
}

// One printable character, and the columns it takes; white space is one ' '.
struct glyph {
    struct slice bytes;
    size_t columns;
};

struct reader {
    struct slice rest;
    size_t marks;   // on the last letter
    bool is_spaced; // the last thing read was nothing, or a space
};

static bool
next_word_gap(struct reader *reader, struct glyph *ret_glyph)
{
    if (reader->is_spaced) {
        return false;
    }
    reader->is_spaced = true;
    reader->marks = MARKS_MAX; // a mark on a space belongs to no letter
    *ret_glyph = (struct glyph){SLICE_LIT(" "), 1};
    return true;
}

static bool
next_visible(struct reader *reader, uint32_t code, struct slice bytes,
             struct glyph *ret_glyph)
{
    int columns = is_unseen(code) ? -1 : wcwidth((wchar_t)code);
    if (columns < 0 || (columns == 0 && reader->marks == MARKS_MAX)) {
        return false;
    }
    reader->marks = columns == 0 ? reader->marks + 1 : 0;
    reader->is_spaced = false;
    struct slice shown = code == REPLACEMENT ? SLICE_LIT("\xEF\xBF\xBD") : bytes;
    *ret_glyph = (struct glyph){shown, (size_t)columns};
    return true;
}

// The next character to print; false at the end.
static bool
next_glyph(struct reader *reader, struct glyph *ret_glyph)
{
    while (reader->rest.len > 0) {
        uint32_t code = 0;
        size_t len = first_code(reader->rest, &code);
        struct slice bytes = {reader->rest.ptr, len};
        reader->rest = slice_after(reader->rest, len);
        bool is_shown = is_space(code) ? next_word_gap(reader, ret_glyph)
                                       : next_visible(reader, code, bytes, ret_glyph);
        if (is_shown) {
            return true;
        }
    }
    return false;
}

static struct reader
read_from(struct slice text)
{
    return (struct reader){text, MARKS_MAX, true};
}

// Columns of the whole text, or some number above `width` as soon as it is too wide.
static size_t
columns_up_to(struct slice text, size_t width)
{
    struct reader reader = read_from(text);
    struct glyph glyph;
    size_t columns = 0;
    while (columns <= width && next_glyph(&reader, &glyph)) {
        columns += glyph.columns;
    }
    return columns;
}

size_t
cell_put(struct buffer *out, struct slice text, size_t width)
{
    if (width == 0) {
        return 0;
    }
    bool is_cut = columns_up_to(text, width) > width;
    size_t room = is_cut ? width - 1 : width;
    struct reader reader = read_from(text);
    struct glyph glyph;
    size_t columns = 0;
    while (next_glyph(&reader, &glyph) && columns + glyph.columns <= room) {
        buffer_append(out, glyph.bytes);
        columns += glyph.columns;
    }
    if (is_cut) {
        buffer_append(out, SLICE_LIT("…"));
        columns++;
    }
    return columns;
}

void
cell_fill(struct buffer *out, size_t columns)
{
    for (size_t i = 0; i < columns; i++) {
        buffer_append_byte(out, ' ');
    }
}

void
cell_put_aligned(struct buffer *out, struct slice text, size_t width,
                 enum cell_align align)
{
    if (align == CELL_RIGHT) {
        size_t columns = columns_up_to(text, width);
        cell_fill(out, columns < width ? width - columns : 0);
        (void)cell_put(out, text, width);
        return;
    }
    size_t columns = cell_put(out, text, width);
    cell_fill(out, width - columns);
}

struct slice
cell_number(struct slice number, char text[CELL_NUMBER_MAX])
{
    bool is_whole = number.len > 0 && number.len <= 24;
    for (size_t i = 0; i < number.len && is_whole; i++) {
        is_whole = number.ptr[i] >= '0' && number.ptr[i] <= '9';
    }
    if (!is_whole) {
        return number;
    }
    size_t len = 0;
    for (size_t i = 0; i < number.len; i++) {
        if (i > 0 && (number.len - i) % 3 == 0) {
            text[len++] = ',';
        }
        text[len++] = number.ptr[i];
    }
    return (struct slice){text, len};
}
