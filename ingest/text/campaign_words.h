// What the posts of campaigns have in common: words, hashtags, handles, hosts of links,
// languages; and which campaigns a text, a hashtag … belongs to.
//
// Campaigns are numbers below CAMPAIGN_WORDS_CAMPAIGNS, a set of them has a bit for
// each. Texts are compared in a common form (ingest/text/word_form.h). A word is found
// where it is complete (ingest/text/script.h). A word that begins with '#' or '@' is
// that hashtag or handle, and is found in no text.
//
//     campaign_words_add … ─▶ campaign_words_build ─▶ campaign_words_in …
//
// The time for a text is linear in its length, plus the number of places where the
// letters of a word are found.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/automaton.h"
#include "base/slice.h"
#include "base/status.h"
#include "ingest/text/word_scan.h"
#include "ingest/text/word_sieve.h"

enum {
    CAMPAIGN_WORDS_CAMPAIGNS = 64,
    CAMPAIGN_WORDS_RIVALS = 64,    // number of a campaign's rivals = this + its own
    CAMPAIGN_WORDS_MAX = 4096,     // words of all campaigns
    CAMPAIGN_WORDS_LENGTH = 1024,  // bytes of one, in the form that is compared
    CAMPAIGN_WORDS_BYTES = 1 << 19 // of all together, as they are given
};

// The lists of a campaign that are compared.
enum campaign_words_list {
    CAMPAIGN_WORDS_WORDS,
    CAMPAIGN_WORDS_TAGS,    // without '#'
    CAMPAIGN_WORDS_HANDLES, // without '@'
    CAMPAIGN_WORDS_HOSTS,
    CAMPAIGN_WORDS_LANGUAGES,
    CAMPAIGN_WORDS_LISTS,
};

// Campaigns that have a word among their own, and among those of their rivals.
struct campaign_words_set {
    uint64_t own;
    uint64_t rivals;
};

struct campaign_words_item {
    struct slice text; // in the form that is compared
    struct campaign_words_set campaigns;
};

struct campaign_words {
    struct arena arena;   // of the items and their texts
    struct arena scratch; // of the one that is being added
    struct campaign_words_item
        *items[CAMPAIGN_WORDS_LISTS]; // sorted by text, once built
    size_t counts[CAMPAIGN_WORDS_LISTS];
    size_t capacities[CAMPAIGN_WORDS_LISTS];
    size_t words; // given so far
    size_t bytes; // of these
    struct automaton automaton;
    struct word_sieve sieve;
    struct word_scan *scan; // in the arena; made with the automaton
    uint64_t campaigns;     // that have an item
    uint64_t has_language;  // that have a language
    uint32_t order;         // of the campaigns; a number of the owner's
    uint64_t hash;          // of what the campaigns compare; the owner's, too
};

void campaign_words_init(struct campaign_words *words);
void campaign_words_fini(struct campaign_words *words);
// Exchanges the contents of both.
void campaign_words_swap(struct campaign_words *words, struct campaign_words *other);

// One word, host or language of the configuration. campaign: its number; of a word of
// the rivals CAMPAIGN_WORDS_RIVALS more. Refused, with error set, if it can
// never be found, or is found everywhere, or the campaign has it already.
enum status campaign_words_add_word(struct campaign_words *words, unsigned campaign,
                                    struct slice word, struct error *error) MUST_USE;
enum status campaign_words_add_host(struct campaign_words *words, unsigned campaign,
                                    struct slice host, struct error *error) MUST_USE;
enum status campaign_words_add_language(struct campaign_words *words, unsigned campaign,
                                        struct slice language,
                                        struct error *error) MUST_USE;
// The handle of an account that a campaign has, whether it is given before or not.
enum status campaign_words_add_account(struct campaign_words *words, unsigned campaign,
                                       struct slice handle,
                                       struct error *error) MUST_USE;

static inline void
campaign_words_join(struct campaign_words_set *set, struct campaign_words_set more)
{
    set->own |= more.own;
    set->rivals |= more.rivals;
}

// Prepares what was added for being found. STATUS_NOMEM: there is no memory.
enum status campaign_words_build(struct campaign_words *words,
                                 struct error *error) MUST_USE;

// False if nothing can be found.
static inline bool
campaign_words_are_given(const struct campaign_words *words)
{
    return words->campaigns != 0;
}

// The campaigns of which the text contains a word, or an address with a host. arena:
// for scratch space; where it is full nothing is found, and it is marked as failed.
struct campaign_words_set campaign_words_in_text(const struct campaign_words *words,
                                                 struct arena *arena,
                                                 struct slice text);
uint64_t campaign_words_in_links(const struct campaign_words *words,
                                 struct arena *arena, struct slice text);
// The campaigns that have the hashtag (text_hashtag), the handle, or the host of the
// address or one above it.
struct campaign_words_set campaign_words_of_hashtag(const struct campaign_words *words,
                                                    struct slice hashtag);
struct campaign_words_set campaign_words_of_handle(const struct campaign_words *words,
                                                   struct arena *arena,
                                                   struct slice handle);
uint64_t campaign_words_of_address(const struct campaign_words *words,
                                   struct arena *arena, struct slice address);
// The campaigns that posts of this language (none: unknown) may belong to.
uint64_t campaign_words_of_language(const struct campaign_words *words,
                                    struct arena *arena, struct slice language);
