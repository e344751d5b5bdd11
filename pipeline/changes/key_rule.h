// Who gets a key in Redis: most people of a stream are named once and most posts are
// reshared once; they are counted, but not written.
//
// A person has a key while on a board of people, those without a window included, or
// while their mentions, retweets, quotes, replies and carried in the longest window add
// up to redis.users_from. A cascade has one while on a board of cascades, once an alert
// rule has raised an alert about it, or if its size and replies add up to
// redis.cascades_from. With 1, everything that has a value has a key. Whatever has no
// value at all has none.
#pragma once

#include "pipeline/inside.h"

bool key_rule_user(const struct pipeline *pipeline, uint32_t user);
// The hash of a carrier: while on a board without a window.
bool key_rule_carrier(const struct pipeline *pipeline, uint32_t user);
// On a board without a window, also of a campaign: the key remains when nothing in the
// windows counts any more.
bool key_rule_lasting(const struct pipeline *pipeline, uint32_t user);
bool key_rule_cascade(const struct pipeline *pipeline, uint32_t cascade);
