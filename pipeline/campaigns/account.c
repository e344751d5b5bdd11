#include "pipeline/campaigns/account.h"

#include <string.h>

#include "pipeline/campaigns/campaign.h"

// Of an id, or of a network and a handle.
enum { FORM_MAX = POST_ID_MAX + 2 + HANDLE_FORM_MAX };

uint64_t
account_hash(struct account_needs needs, struct slice account)
{
    char text[FORM_MAX];
    if (!campaign_is_handle(account)) {
        return hash_slice(needs.key, account);
    }
    const char *sign = memchr(account.ptr, '@', account.len);
    size_t head = (size_t)(sign - account.ptr) + 1;
    struct slice handle = {account.ptr + head, account.len - head};
    if (head > POST_ID_MAX || handle.len > HANDLE_FORM_MAX) {
        return hash_slice(needs.key, account);
    }
    memcpy(text, account.ptr, head);
    size_t len = handle_form_put(needs.form, handle, text + head);
    return hash_slice(needs.key, (struct slice){text, head + len});
}

size_t
account_hashes(const struct users *users, uint32_t user,
               uint64_t ret_hashes[ACCOUNT_HASHES])
{
    char text[FORM_MAX];
    struct slice id = users_id(users, user);
    struct slice handle = users_handle(users, user);
    struct slice network = users_network_of(id);
    ret_hashes[0] = hash_slice(&users->key, id);
    if (handle.len == 0 || handle.len > HANDLE_FORM_MAX || network.len > POST_ID_MAX) {
        return 1;
    }
    size_t head = network.len + 1;
    memcpy(text, network.ptr, network.len);
    text[network.len] = ':';
    text[head] = '@';
    size_t len = 1 + handle_form_put(users->form, handle, text + head + 1);
    ret_hashes[1] = hash_slice(&users->key, (struct slice){text, head + len});
    ret_hashes[2] = hash_slice(&users->key, (struct slice){text + head, len});
    return ACCOUNT_HASHES;
}
