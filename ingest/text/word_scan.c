#include "ingest/text/word_scan.h"

#include <string.h>

#include <utf8proc.h>

#include "ingest/text/utf8.h"
#include "ingest/text/word_form.h"

enum { CHAR_MAX_BYTES = 4 };

// ── the forms of characters ────────────────────────────────────────────────

// True if the form of the character depends on those beside it, or it may change that
// of the one before it.
static bool
is_joined(uint32_t code)
{
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code);
    bool is_selector = code >= 0xfe00 && code <= 0xfe0f; // a mark that joins nothing
    bool is_mark = category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
    return (is_mark && !is_selector) || (code >= 0x1100 && code <= 0x11ff) ||
           (code >= 0xd800 && code <= 0xdfff);
}

// True if neither composition nor lower case changes the character. Cheap; false for
// some that they do not change.
static bool
is_surely_same(uint32_t code)
{
    bool is_syllable = code >= 0xac00 && code <= 0xd7a3;
    const utf8proc_property_t *property = utf8proc_get_property((utf8proc_int32_t)code);
    return is_syllable ||
           (property->decomp_seqindex == UINT16_MAX &&
            utf8proc_tolower((utf8proc_int32_t)code) == (utf8proc_int32_t)code);
}

static bool
is_word_char(uint32_t code)
{
    return (code >= '0' && code <= '9') ||
           ((code | 0x20) >= 'a' && (code | 0x20) <= 'z');
}

static void
set_form(struct word_scan *scan, uint32_t code, uint32_t form)
{
    if (code < WORD_SCAN_SHORT) {
        scan->form[code] = form < WORD_SCAN_SHORT ? (uint16_t)form : 0;
    } else if (form == code) {
        scan->same[code / 64] |= UINT64_C(1) << code % 64;
    }
}

bool
word_scan_init(struct word_scan *scan, struct arena *scratch)
{
    memset(scan, 0, sizeof(*scan));
    for (uint32_t code = 0; code < 0x80; code++) {
        scan->is_in_run[code] = is_word_char(code);
    }
    for (uint32_t code = 1; code < WORD_SCAN_CODES; code++) {
        if (is_joined(code)) {
            continue;
        }
        char bytes[CHAR_MAX_BYTES];
        struct slice text = {bytes, utf8_put(bytes, code)};
        uint32_t form = code;
        // White space beyond ASCII changes, too.
        if (code < WORD_SCAN_SHORT || !is_surely_same(code) ||
            word_form_is_space(code)) {
            arena_reset(scratch);
            text = word_form(scratch, text);
            if (slice_is_none(text)) {
                return false;
            }
            struct utf8_char c = utf8_at(text, 0);
            form = c.size == text.len ? c.code : WORD_SCAN_CODES;
        }
        set_form(scan, code, form);
    }
    arena_reset(scratch);
    return true;
}

// ── going through a text ───────────────────────────────────────────────────

static bool
is_continued(struct slice text, size_t at, size_t size)
{
    bool is_whole = text.len - at >= size;
    for (size_t i = 1; is_whole && i < size; i++) {
        is_whole = ((unsigned char)text.ptr[at + i] & 0xc0) == 0x80;
    }
    return is_whole;
}

static uint32_t
low_bits(struct slice text, size_t at)
{
    return (unsigned char)text.ptr[at] & 0x3fu;
}

// The form of the character beyond ASCII at `at`, and its bytes there; of size 0: the
// form depends on more.
static struct utf8_char
form_at(const struct word_scan *scan, struct slice text, size_t at)
{
    const struct utf8_char unknown = {0, 0};
    unsigned char first = (unsigned char)text.ptr[at];
    if (first < 0xe0) {
        if (first < 0xc2 || !is_continued(text, at, 2)) {
            return unknown;
        }
        uint32_t form = scan->form[(first & 0x1fu) << 6 | low_bits(text, at + 1)];
        return (struct utf8_char){form, form != 0 ? 2 : 0};
    }
    size_t size = first < 0xf0 ? 3 : 4;
    if (first > 0xf0 || !is_continued(text, at, size)) {
        return unknown;
    }
    uint32_t code = size == 3 ? first & 0x0fu : low_bits(text, at + 1);
    for (size_t i = size - 2; i < size; i++) {
        code = code << 6 | low_bits(text, at + i);
    }
    bool is_long = code >= (size == 3 ? WORD_SCAN_SHORT : 0x10000u);
    bool is_known = is_long && code < WORD_SCAN_CODES;
    if (is_known && (scan->same[code / 64] >> code % 64 & 1) != 0) {
        return (struct utf8_char){code, size};
    }
    return is_long && word_form_is_space(code) ? (struct utf8_char){' ', size}
                                               : unknown;
}

static size_t
skip_run(const struct word_scan *scan, struct slice text, size_t at)
{
    while (at < text.len && scan->is_in_run[(unsigned char)text.ptr[at]]) {
        at++;
    }
    return at;
}

// True if a word ends with the byte.
static inline bool
step(const struct automaton *automaton, uint32_t *state, unsigned char byte)
{
    *state = automaton_next(automaton, *state, byte);
    return *state != 0 && automaton_found(automaton, *state) != 0;
}

// The same of the form of a character beyond ASCII, whose bytes are given.
static bool
step_char(const struct automaton *automaton, uint32_t *state, uint32_t form,
          struct slice bytes)
{
    char changed[CHAR_MAX_BYTES];
    bool is_found = false;
    if (form < WORD_SCAN_SHORT) {
        bytes = (struct slice){changed, utf8_put(changed, form)};
    }
    for (size_t i = 0; i < bytes.len; i++) {
        is_found |= step(automaton, state, (unsigned char)bytes.ptr[i]);
    }
    return is_found;
}

bool
word_scan_may_contain(const struct word_scan *scan, const struct automaton *automaton,
                      struct slice text)
{
    uint32_t state = 0;
    uint32_t last = 0; // form of the character before
    bool is_found = false;
    for (size_t at = 0; at < text.len && !is_found;) {
        unsigned char first = (unsigned char)text.ptr[at];
        struct utf8_char c = {scan->form[first], 1};
        if (first >= 0x80) {
            c = form_at(scan, text, at);
            if (c.size == 0) {
                return true;
            }
        } else if (state == 0 && scan->is_in_run[first] && is_word_char(last)) {
            at = skip_run(scan, text, at); // a word that begins there is not complete
            continue;
        }
        if (c.code >= 0x80) {
            const struct slice bytes = {text.ptr + at, c.size};
            is_found = step_char(automaton, &state, c.code, bytes);
        } else if (c.code != ' ' || last != ' ') {
            is_found = step(automaton, &state, (unsigned char)c.code);
        }
        last = c.code;
        at += c.size;
    }
    return is_found;
}
