// The words of campaigns that a decoder looks for (struct post_campaigns).
#pragma once

struct campaign_words;
struct decoder;

// Kept: the words may change between two messages. NULL, as at the start: none.
void decoder_find_campaigns(struct decoder *decoder,
                            const struct campaign_words *words);
