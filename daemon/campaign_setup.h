// The campaigns of the configuration, made ready for the decoders and the pipeline.
#pragma once

#include "daemon/settings.h"

struct campaign_words;
struct pipeline;

// Refuses a campaign with words, links or languages that can never be found or would be
// found everywhere, or with more words than all campaigns may have, or with a people
// file that cannot be opened. Borrows all.
enum status campaign_setup_check(const struct settings *settings,
                                 const struct campaign *campaign,
                                 struct error *error) MUST_USE;

// Replaces the campaigns of both. settings: checked. On failure nothing changes.
enum status campaign_setup_apply(const struct settings *settings,
                                 struct pipeline *pipeline,
                                 struct campaign_words *words,
                                 struct error *error) MUST_USE;
