// The texts of one person, in one piece of a slab, each after its length.
#pragma once

#include <stdint.h>

#include "base/slab.h"
#include "base/slice.h"
#include "pipeline/records/user.h"

// Copies the texts; one longer than USER_TEXT_MAX is cut. SLAB_NONE: no room.
uint32_t user_card_put(struct slab *slab, const struct slice texts[USER_TEXTS]);
// Accepts SLAB_NONE.
void user_card_free(struct slab *slab, uint32_t card);

// Valid until the card is freed; SLICE_NONE for an empty text and for SLAB_NONE.
struct slice user_card_text(const struct slab *slab, uint32_t card,
                            enum user_text which);
