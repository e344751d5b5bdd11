#include "pipeline/campaigns/figures.h"

#include "base/snapshot.h"
#include "pipeline/campaigns/course.h"

struct slice
figures_field(uint32_t field)
{
    static const char *const names[FIGURES_FIELDS] = {
        [FIGURES_POSTS] = "posts",
        [FIGURES_RETWEETS] = "retweets",
        [FIGURES_QUOTES] = "quotes",
        [FIGURES_REPLIES] = "replies",
        [FIGURES_REACH] = "reach",
        [FIGURES_CARRIED] = "carried",
        [FIGURES_TRANSLATED] = "translated",
        [FIGURES_RIVAL_POSTS] = "rival_posts",
        [FIGURES_TOTALS + FIGURES_PEOPLE] = "people",
        [FIGURES_TOTALS + FIGURES_NEW_PEOPLE] = "new_people",
        [FIGURES_TOTALS + FIGURES_KNOWN_PEOPLE] = "known_people",
        [FIGURES_TOTALS + FIGURES_CASCADES] = "cascades",
        [FIGURES_FIELDS - 1] = "share",
    };
    return slice_of(names[field]);
}

void
figures_move(struct figures *figures, struct snapshot *snapshot)
{
    SNAPSHOT_VALUE(snapshot, figures->totals);
    SNAPSHOT_VALUE(snapshot, figures->numbers);
    SNAPSHOT_VALUE(snapshot, figures->is_written);
    SNAPSHOT_VALUE(snapshot, figures->has_changed_people);
    SNAPSHOT_VALUE(snapshot, figures->has_moved_people);
    outreach_keys_move(&figures->keys, snapshot);
    boards_move(&figures->boards, snapshot);
    course_move(figures->course, snapshot);
}
