// One person: profile, and the head of the list of their counters.
//
// The table is in pipeline/records/users.h.
#pragma once

#include <stdint.h>

#include "base/usec.h"

#define USER_NONE UINT32_MAX

enum user_flag {
    USER_HAS_FOLLOWERS = 1 << 0,
    USER_QUEUED = 1 << 1,      // in the list of users to write
    USER_WRITTEN = 1 << 2,     // Redis has, or may have, the key
    USER_WHOLE = 1 << 3,       // the next write contains every field
    USER_HOLDS = 1 << 4,       // holds its handle
    USER_HANDLE_SENT = 1 << 5, // Redis has, or may have, the handle key
    USER_AUTHOR = 1 << 6,      // wrote the root of a cascade
    USER_KEYED_BY_HANDLE = 1 << 7,
};

enum user_profile {
    USER_NEW_HANDLE = 1 << 0,
    USER_NEW_NAME = 1 << 1,
    USER_NEW_FOLLOWERS = 1 << 2,
    USER_NEW_SEEN = 1 << 3,
    USER_RENAMED = 1 << 5,    // the handle in the user's cascades is out of date
    USER_STALE_SENT = 1 << 4, // the deletion of the stale handle is in flight
};

// A person known by handle only has the id "<net>:@<handle>". Once the same person is
// known by id, the row is merged: all it had belongs to the other row, and what still
// refers to it (events, boards as written) is redirected by users_now.
enum user_identity {
    USER_MERGED = 1 << 0,   // into the user whose index is `followers`
    USER_UNTRACED = 1 << 1, // some cascade that names the user has no trace
    // Of the hash of a carrier (pipeline/changes/change_carrier.h):
    USER_CARRIER_QUEUED = 1 << 2,  // in the list of carriers to write
    USER_CARRIER_WRITTEN = 1 << 3, // Redis has, or may have, the key
    USER_CARRIER_WHOLE = 1 << 4,   // the next write contains every field
    USER_STALE = 1 << 5,           // there is a text USER_STALE_HANDLE
    USER_ERASED = 1 << 6,          // removed (pipeline/fold/erasure.h)
};

// The texts behind `card`, each after its length.
enum user_text {
    USER_ID,
    USER_HANDLE,
    USER_NAME,
    USER_STALE_HANDLE, // Redis may still have its key
    USER_TEXTS,
};

// A length is one byte or, if its top bit is set, two, the upper seven bits first.
enum { USER_TEXT_MAX = (1 << 15) - 1 };

// Packed: 4 bytes of padding would be a tenth of the row.
struct __attribute__((packed, aligned(4))) user {
    uint32_t card; // slab texts
    uint32_t followers;
    uint32_t counters; // first counter or COUNTER_NONE
    uint32_t refs;
    uint8_t flags;    // enum user_flag
    uint8_t profile;  // enum user_profile: differs from what was last written
    uint8_t identity; // enum user_identity
    uint8_t members;  // bit per board of carriers: candidate of it
    usec last_seen;
    uint32_t whole_at; // clock of the last whole write, in seconds
    uint32_t hash;     // lower half; the upper half is in the table
    uint32_t carrier;  // in the ledger (pipeline/carriers/carriers.h): row + 1; 0: none
};
