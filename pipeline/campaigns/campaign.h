// One campaign of the configuration: which posts belong to it.
//
//     campaign "cup" {
//         words = {"acme cup", "#acmecup"}
//         accounts = {"@acme", "x:783214"}
//         links = {"acme.example"}
//         languages = {"en"}
//         rivals = {"globex"}
//         people_file = "customers.txt"
//         outreach = 50
//     }
//
// A post belongs to it if it has one of the words, is by or names one of the accounts,
// or links to one of the hosts or below it; and, if languages are given, its language
// is one of these. Posts with a word of the rivals are counted beside. The people file
// lists people whom one knows already.
// How words are compared: ingest/text/campaign_words.h.
#pragma once

#include "base/option.h"
#include "base/status.h"

enum { CAMPAIGN_MAX = 64 };

struct campaign {
    char name[OPTION_TITLE_MAX]; // the title: letters, digits, '-' and '_'
    struct option_words words;
    struct option_texts accounts;
    struct option_texts links;
    struct option_texts languages;
    struct option_words rivals;
    char people_file[OPTION_TEXT_MAX]; // not read by the pipeline
    uint64_t outreach;                 // people on the list
};

// Names without a section: "words" …
extern const struct option campaign_option_rows[];

// Refuses a campaign without a valid name, to which no post can belong, or with an
// account that is neither an id nor a handle. Its words, links and languages are
// checked where they are compared.
enum status campaign_check(const struct campaign *campaign,
                           struct error *error) MUST_USE;

// True if both have the same name and the same options.
bool campaign_equal(const struct campaign *one, const struct campaign *other);

// True if the account is a handle: "@acme", of any network, or "x:@acme".
bool campaign_is_handle(struct slice account);
