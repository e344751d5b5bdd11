#include "pipeline/alerts/word_match.h"

#include <stddef.h>
#include <stdint.h>

enum { NUMBER_SIGN = 0xFF03 }; // '#' in full width

// Ranges of capital letters and the distance to the small ones. step 2: capital and
// small letters alternate, beginning with a capital.
static const struct {
    uint16_t first;
    uint16_t last;
    uint8_t step;
    int16_t add;
} capitals[] = {
    {'A', 'Z', 1, 32},      {0xC0, 0xD6, 1, 32},     {0xD8, 0xDE, 1, 32},
    {0x100, 0x12E, 2, 1},   {0x132, 0x136, 2, 1},    {0x139, 0x147, 2, 1},
    {0x14A, 0x176, 2, 1},   {0x178, 0x178, 1, -121}, {0x179, 0x17D, 2, 1},
    {0x386, 0x386, 1, 38},  {0x388, 0x38A, 1, 37},   {0x38C, 0x38C, 1, 64},
    {0x38E, 0x38F, 1, 63},  {0x391, 0x3AB, 1, 32},   {0x3C2, 0x3C2, 1, 1},
    {0x400, 0x40F, 1, 80},  {0x410, 0x42F, 1, 32},   {0x460, 0x480, 2, 1},
    {0x48A, 0x4BE, 2, 1},   {0x4C1, 0x4CD, 2, 1},    {0x4D0, 0x52E, 2, 1},
    {0x1E00, 0x1E94, 2, 1}, {0x1EA0, 0x1EFE, 2, 1},  {0xFF21, 0xFF3A, 1, 32},
};

static uint32_t
lower(uint32_t rune)
{
    for (size_t i = 0; i < sizeof(capitals) / sizeof(capitals[0]); i++) {
        if (rune >= capitals[i].first && rune <= capitals[i].last &&
            (rune - capitals[i].first) % capitals[i].step == 0) {
            return (uint32_t)((int32_t)rune + capitals[i].add);
        }
    }
    return rune;
}

// Takes the next character from the text, which must not be empty.
static uint32_t
take(struct slice *text)
{
    uint8_t first = (uint8_t)text->ptr[0];
    size_t len = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    uint32_t rune = len == 1 ? first : first & (0x7FU >> len);
    for (size_t i = 1; i < len; i++) {
        if (i >= text->len || ((uint8_t)text->ptr[i] & 0xC0) != 0x80) {
            rune = first;
            len = 1;
            break;
        }
        rune = rune << 6 | ((uint8_t)text->ptr[i] & 0x3FU);
    }
    text->ptr += len;
    text->len -= len;
    return rune;
}

// True for a letter, digit or '_' of a script that puts spaces between words.
static bool
is_bound(uint32_t rune)
{
    if (rune < 0x80) {
        return (lower(rune) >= 'a' && lower(rune) <= 'z') ||
               (rune >= '0' && rune <= '9') || rune == '_';
    }
    bool is_sign = rune < 0xC0 || rune == 0xD7 || rune == 0xF7 || rune >= 0x2000;
    bool is_unspaced = (rune >= 0xE00 && rune < 0xF00) ||   // Thai, Lao
                       (rune >= 0x1000 && rune < 0x10A0) || // Burmese
                       (rune >= 0x1780 && rune < 0x1800);   // Khmer
    return !is_sign && !is_unspaced;
}

// Takes `word` from the start of the text if it is there; *ret is the word's last
// character.
static bool
begins_with(struct slice *text, struct slice word, uint32_t *ret_last)
{
    struct slice rest = *text;
    while (word.len != 0) {
        if (rest.len == 0) {
            return false;
        }
        *ret_last = take(&word);
        if (lower(take(&rest)) != lower(*ret_last)) {
            return false;
        }
    }
    *text = rest;
    return true;
}

static bool
ends(struct slice rest, uint32_t last)
{
    return rest.len == 0 || !is_bound(last) || !is_bound(take(&rest));
}

bool
word_match_have(struct slice text, struct slice word)
{
    struct slice start = word;
    if (word.len == 0) {
        return false;
    }
    bool is_bound_first = is_bound(take(&start));
    uint32_t before = ' ';
    while (text.len != 0) {
        struct slice rest = text;
        uint32_t last = 0;
        if ((!is_bound_first || !is_bound(before)) && begins_with(&rest, word, &last) &&
            ends(rest, last)) {
            return true;
        }
        before = take(&text);
    }
    return false;
}

bool
word_match_have_hashtag(struct slice text, struct slice tag)
{
    while (tag.len != 0 && text.len != 0) {
        uint32_t rune = take(&text);
        struct slice rest = text;
        uint32_t last = 0;
        if ((rune == '#' || rune == NUMBER_SIGN) && begins_with(&rest, tag, &last) &&
            ends(rest, last)) {
            return true;
        }
    }
    return false;
}
