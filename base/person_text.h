// Finds a person in the text of an alert: by the members that hold the id of a person,
// or, of a person of the AT Protocol, by ids of posts that begin with their address:
//
//     "author":"bsky:did:plc:abc"     the author of the root
//     {"id":"bsky:did:plc:abc"        author, amplifier or carrier
//     "bsky:at://did:plc:abc/         a post
//
// An alert in which only a text or a handle names the person is not found.
#pragma once

#include <stdbool.h>

#include "base/slice.h"

enum { PERSON_TEXT_MAX = 6 * 1024 + 16 }; // an id of 1024 bytes, each escaped

struct person_text {
    char id[PERSON_TEXT_MAX];      // with its quotation marks
    char address[PERSON_TEXT_MAX]; // with the first quotation mark
};

enum person_text_role {
    PERSON_TEXT_ABSENT,
    PERSON_TEXT_NAMED,
    PERSON_TEXT_AUTHOR, // of the root, or the newcomer
};

// True if it is a network, ":" and a name.
bool person_text_is_id(struct slice id);
// Copies the id. False if it is none or too long, or there is no memory.
bool person_text_init(struct person_text *person, struct slice id);
// What the person is in an alert.
enum person_text_role person_text_role(const struct person_text *person,
                                       struct slice alert);
bool person_text_is_in(const struct person_text *person, struct slice alert);
// True if the id of a post begins with the address.
bool person_text_owns(const struct person_text *person, struct slice post);
