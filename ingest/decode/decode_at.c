#include "ingest/decode/decode_at.h"

#include <stddef.h>
#include <string.h>

enum { DID_MAX = 2048, COLLECTION_MAX = 317, RKEY_MAX = 512 };

static bool
is_alnum(char c)
{
    char lower = (char)(c | 0x20);
    return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z');
}

bool
decode_at_consists_of(struct slice text, const char *others)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_alnum(text.ptr[i]) &&
            (text.ptr[i] == '\0' || strchr(others, text.ptr[i]) == NULL)) {
            return false;
        }
    }
    return true;
}

// Cuts off the part before the first `c`; all of it if there is none.
static struct slice
cut(struct slice *rest, char c)
{
    const char *at = rest->len != 0 ? memchr(rest->ptr, c, rest->len) : NULL;
    size_t len = at != NULL ? (size_t)(at - rest->ptr) : rest->len;
    struct slice part = {rest->ptr, len};
    rest->ptr += len + (at != NULL);
    rest->len -= len + (at != NULL);
    return part;
}

bool
decode_at_is_did(struct slice did)
{
    struct slice rest = did;
    if (did.len > DID_MAX || !slice_equal(cut(&rest, ':'), SLICE_LIT("did"))) {
        return false;
    }
    struct slice method = cut(&rest, ':');
    for (size_t i = 0; i < method.len; i++) {
        if (method.ptr[i] < 'a' || method.ptr[i] > 'z') {
            return false;
        }
    }
    return method.len != 0 && rest.len != 0 && decode_at_consists_of(rest, "._:%-") &&
           rest.ptr[rest.len - 1] != ':' && rest.ptr[rest.len - 1] != '%';
}

bool
decode_at_check(const struct decode_at *at)
{
    return decode_at_is_did(at->did) && at->collection.len != 0 &&
           at->collection.len <= COLLECTION_MAX &&
           decode_at_consists_of(at->collection, ".-") && at->rkey.len != 0 &&
           at->rkey.len <= RKEY_MAX && decode_at_consists_of(at->rkey, "._:~-") &&
           !slice_equal(at->rkey, SLICE_LIT(".")) &&
           !slice_equal(at->rkey, SLICE_LIT(".."));
}

bool
decode_at_parse(struct slice uri, struct decode_at *ret_at)
{
    const struct slice scheme = SLICE_LIT("at://");
    if (!slice_starts(uri, scheme)) {
        return false;
    }
    struct slice rest = {uri.ptr + scheme.len, uri.len - scheme.len};
    struct decode_at at;
    at.did = cut(&rest, '/');
    at.collection = cut(&rest, '/');
    at.rkey = rest;
    if (!decode_at_check(&at)) {
        return false;
    }
    *ret_at = at;
    return true;
}
