#include "pipeline/records/user_card.h"

#include <string.h>

static size_t
take_length(const unsigned char **at)
{
    size_t length = *(*at)++;
    return length < 128 ? length : (length & 127) << 8 | *(*at)++;
}

static size_t
size_of(const unsigned char *card)
{
    const unsigned char *at = card;
    for (size_t i = 0; i < USER_TEXTS; i++) {
        size_t length = take_length(&at);
        at += length;
    }
    return (size_t)(at - card);
}

uint32_t
user_card_put(struct slab *slab, const struct slice texts[USER_TEXTS])
{
    size_t size = 0;
    size_t lengths[USER_TEXTS];
    for (size_t i = 0; i < USER_TEXTS; i++) {
        lengths[i] = texts[i].len < USER_TEXT_MAX ? texts[i].len : USER_TEXT_MAX;
        size += lengths[i] + (lengths[i] < 128 ? 1 : 2);
    }
    uint32_t card = slab_alloc(slab, size);
    if (card == SLAB_NONE) {
        return SLAB_NONE;
    }
    unsigned char *at = slab_at(slab, card);
    for (size_t i = 0; i < USER_TEXTS; i++) {
        if (lengths[i] >= 128) {
            *at++ = (unsigned char)(128 | lengths[i] >> 8);
        }
        *at++ = (unsigned char)lengths[i];
        if (lengths[i] != 0) {
            memcpy(at, texts[i].ptr, lengths[i]);
        }
        at += lengths[i];
    }
    return card;
}

void
user_card_free(struct slab *slab, uint32_t card)
{
    if (card != SLAB_NONE) {
        slab_free(slab, card, size_of(slab_at(slab, card)));
    }
}

struct slice
user_card_text(const struct slab *slab, uint32_t card, enum user_text which)
{
    if (card == SLAB_NONE) {
        return SLICE_NONE;
    }
    const unsigned char *at = slab_at(slab, card);
    size_t length = take_length(&at);
    for (enum user_text text = USER_ID; text < which; text++) {
        at += length;
        length = take_length(&at);
    }
    return length != 0 ? (struct slice){(const char *)at, length} : SLICE_NONE;
}
