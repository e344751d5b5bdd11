// The people of campaigns: who takes part, who is new, and who is known already.
//
// A pair exists as long as it has an act, or others came through one. It is new in a
// window if all its acts are in it, and known if the people file of
// the campaign names the person. Both are counted per window in which the person has an
// act. Who is known is looked up when a pair is made, when the person's handle changes,
// and for all pairs, in parts, after the people of the file were replaced.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/usec.h"

struct known_people;
struct pipeline;

enum { CAMPAIGN_PEOPLE_AT_ONCE = 4096 }; // pairs that one part looks at

// True if the person has a pair in the campaign, or can have one.
bool campaign_people_have_room(struct pipeline *pipeline, unsigned campaign,
                               uint32_t user);
// The pair of the person that contains that event, which counts in the campaign;
// PAIR_NONE: it has left since.
uint32_t campaign_people_find(const struct pipeline *pipeline, unsigned campaign,
                              uint32_t user, uint32_t event);
// The current event is an act of the person; there must be room.
void campaign_people_act(struct pipeline *pipeline, unsigned campaign, uint32_t user,
                         uint32_t event);
// Such an act was taken back.
void campaign_people_act_undone(struct pipeline *pipeline, unsigned campaign,
                                uint32_t user, uint32_t event);
// The number of acts in the windows changed.
void campaign_people_touched(struct pipeline *pipeline, unsigned campaign,
                             uint32_t user);
// The handle or the followers of the user changed.
void campaign_people_renamed(struct pipeline *pipeline, uint32_t user);
// Something of the pair was taken back: it leaves if nothing remains.
void campaign_people_lessened(struct pipeline *pipeline, uint32_t pair);

// The two users are one person; called before the counters move.
void campaign_people_merge(struct pipeline *pipeline, uint32_t from, uint32_t into);
// The pair is no longer counted, and leaves.
void campaign_people_remove(struct pipeline *pipeline, uint32_t pair);

// The people known to all campaigns are to be looked up again.
void campaign_people_look_again(struct pipeline *pipeline);
// Looks some of them up; true while there are more.
bool campaign_people_look(struct pipeline *pipeline);
