#include "ingest/text/word_sieve.h"

#include <string.h>

enum {
    PLACES = 8,
    WORD_GROUPS = 6,
    FORMS_OF_TWO = WORD_GROUPS, // groups of characters whose form is ASCII
    FORMS_OF_THREE,
};

// The bytes allowed at each place of a piece; the last place is its end.
struct piece {
    bool is_allowed[PLACES][256];
    int first; // place; all bytes are allowed before it
};

static bool
is_space(char c)
{
    return c == ' ';
}

static bool
is_plain(char c)
{
    return (unsigned char)c < 0x80 && !is_space(c);
}

// The longest run of plain characters, at most PLACES; empty if there is none.
static struct slice
longest_run(struct slice word)
{
    struct slice longest = {word.ptr, 0};
    size_t begin = 0;
    for (size_t at = 0; at < word.len; at++) {
        begin = is_plain(word.ptr[at]) ? begin : at + 1;
        if (at + 1 - begin > longest.len && at + 1 - begin <= PLACES) {
            longest = (struct slice){word.ptr + begin, at + 1 - begin};
        }
    }
    return longest;
}

static void
allow_beyond_ascii(bool is_allowed[256])
{
    memset(is_allowed + 0x80, true, 0x80);
}

// A byte of white space: of a character beyond ASCII as well.
static void
allow_space(bool is_allowed[256])
{
    allow_beyond_ascii(is_allowed);
    memset(is_allowed + '\t', true, '\r' - '\t' + 1);
    is_allowed[' '] = true;
}

static void
make_piece(struct piece *piece, struct slice word)
{
    struct slice run = longest_run(word);
    const char *end = run.ptr + run.len;
    int place = PLACES;
    memset(piece, 0, sizeof(*piece));
    if (run.len == 0) {
        allow_beyond_ascii(piece->is_allowed[--place]);
    } else if (run.len < PLACES && end != word.ptr + word.len && is_space(*end)) {
        allow_space(piece->is_allowed[--place]);
    }
    for (size_t i = run.len; i-- > 0;) {
        unsigned char c = (unsigned char)run.ptr[i];
        bool is_letter = c >= 'a' && c <= 'z';
        piece->is_allowed[--place][c] = true;
        piece->is_allowed[place][is_letter ? c - 'a' + 'A' : c] = true;
    }
    if (place > 0 && run.len != 0 && run.ptr != word.ptr && is_space(run.ptr[-1])) {
        allow_space(piece->is_allowed[--place]);
    }
    piece->first = place;
}

static void
add_piece(struct word_sieve *sieve, const struct piece *piece, int group)
{
    for (int place = 0; place < PLACES; place++) {
        uint64_t bit = UINT64_C(1) << (8 * place + group);
        for (int byte = 0; byte < 256; byte++) {
            if (place < piece->first || piece->is_allowed[place][byte]) {
                sieve->stops[byte] &= ~bit;
            }
        }
    }
}

// U+0130, U+0307 (behind an I) and U+037E; U+1FEF and U+212A.
static void
add_forms(struct word_sieve *sieve)
{
    static const char *const of_two[] = {"\u0130", "\u0307", "\u037e"};
    static const char *const of_three[] = {"\u1fef", "\u212a"};
    struct piece two = {.first = PLACES - 2};
    struct piece three = {.first = PLACES - 3};
    for (size_t i = 0; i < sizeof(of_two) / sizeof(of_two[0]); i++) {
        for (int k = 0; k < 2; k++) {
            two.is_allowed[PLACES - 2 + k][(unsigned char)of_two[i][k]] = true;
        }
    }
    for (size_t i = 0; i < sizeof(of_three) / sizeof(of_three[0]); i++) {
        for (int k = 0; k < 3; k++) {
            three.is_allowed[PLACES - 3 + k][(unsigned char)of_three[i][k]] = true;
        }
    }
    add_piece(sieve, &two, FORMS_OF_TWO);
    add_piece(sieve, &three, FORMS_OF_THREE);
}

void
word_sieve_init(struct word_sieve *sieve, const struct slice *words, size_t count)
{
    memset(sieve->stops, 0xff, sizeof(sieve->stops));
    for (size_t i = 0; i < count; i++) {
        struct piece piece;
        make_piece(&piece, words[i]);
        add_piece(sieve, &piece, (int)(i * WORD_GROUPS / count));
    }
    add_forms(sieve);
    // Before a text is nothing that a piece may begin with.
    uint64_t never = 0;
    for (int byte = 0; byte < 256; byte++) {
        never |= sieve->stops[byte];
    }
    sieve->start = UINT64_MAX;
    for (int i = 0; i < PLACES; i++) {
        sieve->start = sieve->start << 8 | never;
    }
}
