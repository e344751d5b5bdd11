// The people whom a campaign knows already: a set of accounts (account.h), of which
// only the hashes are kept.
//
// At most KNOWN_PEOPLE_MAX accounts; 8 bytes for each slot of a table that is at most
// three quarters full and grows by doubling: 11 to 22 bytes an account. A person is
// known if the id or the handle, with or without its network, is in the set.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "pipeline/records/users.h"

enum { KNOWN_PEOPLE_MAX = 2000000 };

struct known_people {
    uint64_t *slots; // 0: empty
    uint32_t size;   // slots
    uint32_t count;
};

// An empty one takes no memory.
void known_people_init(struct known_people *people);
void known_people_fini(struct known_people *people);
// Exchanges the contents of both.
void known_people_swap(struct known_people *people, struct known_people *other);

// Adds the hash of an account, if it is not there. STATUS_FULL: there are
// KNOWN_PEOPLE_MAX others. STATUS_NOMEM: the system refuses the memory.
enum status known_people_add(struct known_people *people, uint64_t hash) MUST_USE;

bool known_people_has(const struct known_people *people, uint64_t hash);

// True if one of the accounts names the user.
bool known_people_have(const struct known_people *people, const struct users *users,
                       uint32_t user);
