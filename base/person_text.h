// Finds a person in the text of an alert: by the id as a whole JSON string, or, of a
// person of the AT Protocol, by the beginning of the addresses of their posts:
//
//     "bsky:did:plc:abc"        bsky:at://did:plc:abc/
//
// An alert in which only a text or a handle names the person is not found.
#pragma once

#include <stdbool.h>

#include "base/slice.h"

enum { PERSON_TEXT_MAX = 6 * 1024 + 16 }; // an id of 1024 bytes, each escaped

struct person_text {
    char id[PERSON_TEXT_MAX]; // with its quotation marks
    char address[PERSON_TEXT_MAX];
};

// Copies the id. False if it is empty or too long.
bool person_text_init(struct person_text *person, struct slice id);
bool person_text_is_in(const struct person_text *person, struct slice text);
// True if the id of a post begins with the address.
bool person_text_owns(const struct person_text *person, struct slice post);
