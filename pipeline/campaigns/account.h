// The form in which accounts of campaigns, and people whom one knows, are compared.
//
// An account is an id with its network ("x:783214") or a handle, of one network
// ("x:@acme") or of any ("@acme"). Handles are compared as everywhere (handle_form.h);
// ids as they are.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/slice.h"
#include "pipeline/records/handle_form.h"
#include "pipeline/records/users.h"

// How accounts are compared.
struct account_needs {
    const struct hash_key *key;
    struct handle_form *form;
};

// The hash of the form of an account.
uint64_t account_hash(struct account_needs needs, struct slice account);

// The hashes of all forms by which an account may name the user: the id, and the handle
// of the network and of any, if it is known. Returns how many.
enum { ACCOUNT_HASHES = 3 };
size_t account_hashes(const struct users *users, uint32_t user,
                      uint64_t ret_hashes[ACCOUNT_HASHES]);
