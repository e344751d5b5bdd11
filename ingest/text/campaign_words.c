#include "ingest/text/campaign_words.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/text/link.h"
#include "ingest/text/script.h"
#include "ingest/text/text.h"
#include "ingest/text/utf8.h"
#include "ingest/text/word_form.h"

enum { ARENA_MAX = 16 << 20, MARKS_MAX = 32, SHOWN_MAX = 100 };

// ── life ───────────────────────────────────────────────────────────────────

void
campaign_words_init(struct campaign_words *words)
{
    *words = (struct campaign_words){0};
    arena_init(&words->arena, ARENA_MAX);
    arena_init(&words->scratch, ARENA_MAX);
}

void
campaign_words_fini(struct campaign_words *words)
{
    automaton_fini(&words->automaton);
    arena_fini(&words->scratch);
    arena_fini(&words->arena);
    *words = (struct campaign_words){0};
}

void
campaign_words_swap(struct campaign_words *words, struct campaign_words *other)
{
    struct campaign_words before = *words;
    *words = *other;
    *other = before;
}

// ── adding ─────────────────────────────────────────────────────────────────

static struct campaign_words_set
set_of(unsigned campaign)
{
    uint64_t bit = UINT64_C(1) << campaign % CAMPAIGN_WORDS_CAMPAIGNS;
    bool is_rival = campaign >= CAMPAIGN_WORDS_RIVALS;
    return (struct campaign_words_set){is_rival ? 0 : bit, is_rival ? bit : 0};
}

static bool
has_common(struct campaign_words_set a, struct campaign_words_set b)
{
    return ((a.own & b.own) | (a.rivals & b.rivals)) != 0;
}

static bool
has(const struct campaign_words *words, enum campaign_words_list list,
    struct campaign_words_set bit, struct slice text)
{
    for (size_t i = 0; i < words->counts[list]; i++) {
        const struct campaign_words_item *item = &words->items[list][i];
        if (has_common(item->campaigns, bit) && slice_equal(item->text, text)) {
            return true;
        }
    }
    return false;
}

// False if there is no memory.
static bool
make_room(struct campaign_words *words, enum campaign_words_list list)
{
    size_t count = words->counts[list];
    if (count < words->capacities[list]) {
        return true;
    }
    size_t capacity = count != 0 ? 2 * count : 16;
    struct campaign_words_item *items =
        arena_alloc(&words->arena, capacity, sizeof(*items));
    if (items == NULL) {
        return false;
    }
    if (count != 0) {
        memcpy(items, words->items[list], count * sizeof(*items));
    }
    words->items[list] = items;
    words->capacities[list] = capacity;
    return true;
}

struct addition {
    enum campaign_words_list list;
    unsigned campaign;
    struct slice given; // as in the configuration
    struct slice text;  // as it is compared
};

static enum status
add(struct campaign_words *words, const struct addition *addition, struct error *error)
{
    const struct campaign_words_set bit = set_of(addition->campaign);
    assert(addition->campaign < CAMPAIGN_WORDS_RIVALS + CAMPAIGN_WORDS_CAMPAIGNS);
    if (has(words, addition->list, bit, addition->text)) {
        return error_set(error, STATUS_RANGE,
                         "\"%.*s\" is given twice: it is the same as one before it",
                         SLICE_ARG(text_cut(addition->given, SHOWN_MAX)));
    }
    struct slice text = arena_join(&words->arena, addition->text, SLICE_LIT(""));
    if (slice_is_none(text) || !make_room(words, addition->list)) {
        return error_set(error, STATUS_NOMEM, "no memory for the words of campaigns");
    }
    words->items[addition->list][words->counts[addition->list]++] =
        (struct campaign_words_item){text, bit};
    words->campaigns |= bit.own | bit.rivals;
    return STATUS_OK;
}

static enum status
refuse(struct slice given, const char *why, struct error *error)
{
    return error_set(error, STATUS_RANGE, "\"%.*s\" %s",
                     SLICE_ARG(text_cut(given, SHOWN_MAX)), why);
}

// False if a word of these characters would be found nearly everywhere.
static bool
has_content(struct slice text)
{
    bool has = false;
    struct utf8_char next;
    for (size_t at = 0; at < text.len && !has; at += next.size) {
        next = utf8_at(text, at);
        has = !script_is_punctuation(next.code);
    }
    return has;
}

// True if a single letter or digit, with or without marks, of a script that separates
// words: as a word it is found in texts about anything.
static bool
is_one_letter(struct slice text)
{
    struct utf8_char first = utf8_at(text, 0);
    size_t at = first.size;
    while (at < text.len && script_is_mark(utf8_at(text, at).code)) {
        at += utf8_at(text, at).size;
    }
    return at == text.len && !script_separates(first.code, first.code, false);
}

// A hashtag or handle of the words. why: what is wrong with one that is none.
static enum status
add_name(struct campaign_words *words, const struct addition *addition,
         struct error *error)
{
    bool is_tag = addition->list == CAMPAIGN_WORDS_TAGS;
    struct text_entity found = {0};
    struct slice name = addition->text;
    bool has_space = name.len != 0 && memchr(name.ptr, ' ', name.len) != NULL;
    if (name.len == 0 || has_space) {
        return refuse(addition->given,
                      is_tag ? "can never be found: it is no hashtag"
                             : "can never be found: it is no handle",
                      error);
    }
    struct slice whole = arena_join(&words->scratch, SLICE_LIT("#"), name);
    bool is_whole = !is_tag || (text_hashtags(whole, &found, 1) == 1 &&
                                found.start == 0 && found.end == whole.len);
    if (!is_whole) {
        return refuse(addition->given,
                      "can never be found: a hashtag has letters, digits and '_' only, "
                      "and at least one letter",
                      error);
    }
    return add(words, addition, error);
}

enum status
campaign_words_add_word(struct campaign_words *words, unsigned campaign,
                        struct slice word, struct error *error)
{
    struct addition addition = {CAMPAIGN_WORDS_WORDS, campaign, word, SLICE_NONE};
    struct slice trimmed = text_trim(word);
    arena_reset(&words->scratch);
    if (words->words == CAMPAIGN_WORDS_MAX) {
        return error_set(error, STATUS_FULL,
                         "all campaigns together may have %d words at most",
                         CAMPAIGN_WORDS_MAX);
    }
    if (words->bytes + word.len > CAMPAIGN_WORDS_BYTES) {
        return error_set(error, STATUS_FULL,
                         "the words of all campaigns may have %d bytes together",
                         CAMPAIGN_WORDS_BYTES);
    }
    words->words++;
    words->bytes += word.len;
    struct slice name = text_handle(trimmed);
    if (slice_starts(trimmed, SLICE_LIT("#")) ||
        slice_starts(trimmed, SLICE_LIT("\xef\xbc\x83"))) {
        addition.list = CAMPAIGN_WORDS_TAGS;
        addition.text = text_hashtag(&words->scratch, trimmed);
    } else if (name.len != trimmed.len) {
        addition.list = CAMPAIGN_WORDS_HANDLES;
        addition.text = text_fold(&words->scratch, name);
    } else {
        addition.text = word_form(&words->scratch, trimmed);
    }
    if (addition.text.len > CAMPAIGN_WORDS_LENGTH) {
        return error_set(error, STATUS_RANGE,
                         "\"%.*s\" is longer than the %d bytes that a word may have",
                         SLICE_ARG(text_cut(word, SHOWN_MAX)), CAMPAIGN_WORDS_LENGTH);
    }
    if (addition.list != CAMPAIGN_WORDS_WORDS) {
        return add_name(words, &addition, error);
    }
    if (!has_content(addition.text)) {
        return refuse(word, "would be found in almost every post: write a word", error);
    }
    if (is_one_letter(addition.text)) {
        return refuse(word,
                      "is one letter, which is found in posts about anything: write a "
                      "word, or a hashtag with #",
                      error);
    }
    if (script_is_mark(utf8_at(addition.text, 0).code)) {
        return refuse(word, "begins with a mark, which belongs to the letter before it",
                      error);
    }
    return add(words, &addition, error);
}

enum status
campaign_words_add_account(struct campaign_words *words, unsigned campaign,
                           struct slice handle, struct error *error)
{
    arena_reset(&words->scratch);
    const struct addition addition = {
        CAMPAIGN_WORDS_HANDLES, campaign, handle,
        text_fold(&words->scratch, text_handle(text_trim(handle)))};
    if (has(words, CAMPAIGN_WORDS_HANDLES, set_of(campaign), addition.text)) {
        return STATUS_OK;
    }
    return add(words, &addition, error);
}

// In lower case, without scheme, path and port.
static struct slice
host_of(struct arena *arena, struct slice given)
{
    struct slice trimmed = text_trim(given);
    struct slice host = link_host(trimmed);
    if (slice_is_none(host)) {
        host = link_host(arena_join(arena, SLICE_LIT("http://"), trimmed));
    }
    return text_fold(arena, host);
}

enum status
campaign_words_add_host(struct campaign_words *words, unsigned campaign,
                        struct slice host, struct error *error)
{
    arena_reset(&words->scratch);
    const struct addition addition = {CAMPAIGN_WORDS_HOSTS, campaign, host,
                                      host_of(&words->scratch, host)};
    struct slice text = addition.text;
    if (text.len == 0 || memchr(text.ptr, ' ', text.len) != NULL ||
        text.ptr[0] == '.' || memchr(text.ptr, '*', text.len) != NULL) {
        return refuse(host,
                      "can never be found: write a host such as acme.example, which "
                      "includes all below it",
                      error);
    }
    if (memchr(text.ptr, '.', text.len) == NULL) {
        return refuse(host,
                      "would be found in links to almost every host, or in none: write "
                      "a host such as acme.example",
                      error);
    }
    return add(words, &addition, error);
}

enum status
campaign_words_add_language(struct campaign_words *words, unsigned campaign,
                            struct slice language, struct error *error)
{
    arena_reset(&words->scratch);
    const struct addition addition = {CAMPAIGN_WORDS_LANGUAGES, campaign, language,
                                      text_lower(&words->scratch, text_trim(language))};
    for (size_t i = 0; i < addition.text.len; i++) {
        char c = addition.text.ptr[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!is_letter && (i == 0 || (c != '-' && c != '_'))) {
            return refuse(language, "is no language: write a code such as en or pt-br",
                          error);
        }
    }
    words->has_language |= UINT64_C(1) << campaign;
    return add(words, &addition, error);
}

// ── building ───────────────────────────────────────────────────────────────

static int
by_text(const void *a, const void *b)
{
    const struct campaign_words_item *x = a;
    const struct campaign_words_item *y = b;
    return slice_compare(x->text, y->text);
}

// Sorts, and joins equal items.
static void
arrange(struct campaign_words *words, enum campaign_words_list list)
{
    struct campaign_words_item *items = words->items[list];
    size_t kept = 0;
    if (words->counts[list] > 1) {
        qsort(items, words->counts[list], sizeof(*items), by_text);
    }
    for (size_t i = 0; i < words->counts[list]; i++) {
        if (kept != 0 && slice_equal(items[kept - 1].text, items[i].text)) {
            campaign_words_join(&items[kept - 1].campaigns, items[i].campaigns);
        } else {
            items[kept++] = items[i];
        }
    }
    words->counts[list] = kept;
}

enum status
campaign_words_build(struct campaign_words *words, struct error *error)
{
    for (int list = 0; list < CAMPAIGN_WORDS_LISTS; list++) {
        arrange(words, (enum campaign_words_list)list);
    }
    size_t count = words->counts[CAMPAIGN_WORDS_WORDS];
    struct slice *texts = arena_alloc(&words->arena, count, sizeof(*texts));
    for (size_t i = 0; texts != NULL && i < count; i++) {
        texts[i] = words->items[CAMPAIGN_WORDS_WORDS][i].text;
    }
    if (texts == NULL || !automaton_init(&words->automaton, texts, count)) {
        return error_set(error, STATUS_NOMEM, "no memory for the words of campaigns");
    }
    word_sieve_init(&words->sieve, texts, count);
    words->scan = arena_alloc(&words->arena, 1, sizeof(*words->scan));
    if (words->scan == NULL || !word_scan_init(words->scan, &words->scratch)) {
        return error_set(error, STATUS_NOMEM, "no memory for the words of campaigns");
    }
    return STATUS_OK;
}

// ── finding ────────────────────────────────────────────────────────────────

static struct campaign_words_set
find(const struct campaign_words *words, enum campaign_words_list list,
     struct slice text)
{
    const struct campaign_words_item *items = words->items[list];
    size_t low = 0;
    size_t high = words->counts[list];
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = slice_compare(items[middle].text, text);
        if (order == 0) {
            return items[middle].campaigns;
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return (struct campaign_words_set){0};
}

// The character that ends at `at`, without its marks.
static uint32_t
letter_before(struct slice text, size_t at)
{
    struct utf8_char c = utf8_before(text, at);
    for (int i = 0; i < MARKS_MAX && script_is_mark(c.code); i++) {
        at -= c.size;
        c = utf8_before(text, at);
    }
    return c.code;
}

// True if nothing right before or after these bytes belongs to their word.
static bool
is_complete(struct slice text, size_t start, size_t end)
{
    const struct slice word = {text.ptr, end};
    return (start == 0 || script_separates(utf8_at(text, start).code,
                                           letter_before(text, start), false)) &&
           (end == text.len ||
            script_separates(letter_before(word, end), utf8_at(text, end).code, true));
}

struct campaign_words_set
campaign_words_in_text(const struct campaign_words *words, struct arena *arena,
                       struct slice text)
{
    const struct automaton *automaton = &words->automaton;
    const struct campaign_words_item *items = words->items[CAMPAIGN_WORDS_WORDS];
    struct campaign_words_set found = {0};
    uint32_t state = 0;
    if (automaton->states == NULL || text.len == 0 ||
        !word_sieve_may_contain(&words->sieve, text) ||
        !word_scan_may_contain(words->scan, automaton, text)) {
        return found;
    }
    struct slice form = word_form(arena, text);
    for (size_t at = 0; at < form.len; at++) {
        state = automaton_next(automaton, state, (unsigned char)form.ptr[at]);
        for (uint32_t end = automaton_found(automaton, state); end != 0;
             end = automaton->states[end].shorter) {
            const struct campaign_words_item *item =
                &items[automaton->states[end].word];
            const struct campaign_words_set others = {~found.own, ~found.rivals};
            if (has_common(item->campaigns, others) &&
                is_complete(form, at + 1 - item->text.len, at + 1)) {
                campaign_words_join(&found, item->campaigns);
            }
        }
    }
    return found;
}

// host: in lower case.
static uint64_t
find_host(const struct campaign_words *words, struct slice host)
{
    uint64_t found = 0;
    while (host.len != 0) {
        found |= find(words, CAMPAIGN_WORDS_HOSTS, host).own;
        const char *dot = memchr(host.ptr, '.', host.len);
        size_t skipped = dot != NULL ? (size_t)(dot - host.ptr) + 1 : host.len;
        host = (struct slice){host.ptr + skipped, host.len - skipped};
    }
    return found;
}

uint64_t
campaign_words_in_links(const struct campaign_words *words, struct arena *arena,
                        struct slice text)
{
    struct link_walk walk = link_walk(text);
    uint64_t found = 0;
    while (words->counts[CAMPAIGN_WORDS_HOSTS] != 0 && link_next(&walk)) {
        found |= find_host(words, text_fold(arena, walk.host));
    }
    return found;
}

uint64_t
campaign_words_of_address(const struct campaign_words *words, struct arena *arena,
                          struct slice address)
{
    if (words->counts[CAMPAIGN_WORDS_HOSTS] == 0) {
        return 0;
    }
    return find_host(words, text_fold(arena, link_host(text_trim(address))));
}

struct campaign_words_set
campaign_words_of_hashtag(const struct campaign_words *words, struct slice hashtag)
{
    return find(words, CAMPAIGN_WORDS_TAGS, hashtag);
}

struct campaign_words_set
campaign_words_of_handle(const struct campaign_words *words, struct arena *arena,
                         struct slice handle)
{
    if (words->counts[CAMPAIGN_WORDS_HANDLES] == 0 || handle.len == 0) {
        return (struct campaign_words_set){0};
    }
    return find(words, CAMPAIGN_WORDS_HANDLES, text_fold(arena, handle));
}

uint64_t
campaign_words_of_language(const struct campaign_words *words, struct arena *arena,
                           struct slice language)
{
    uint64_t found = ~words->has_language;
    if (words->has_language == 0 || language.len == 0) {
        return found;
    }
    // "zh-hant-tw", "zh-hant", "zh".
    struct slice code = text_lower(arena, language);
    for (size_t len = code.len; len != 0; len--) {
        if (len == code.len || code.ptr[len] == '-' || code.ptr[len] == '_') {
            found |=
                find(words, CAMPAIGN_WORDS_LANGUAGES, (struct slice){code.ptr, len})
                    .own;
        }
    }
    return found;
}
