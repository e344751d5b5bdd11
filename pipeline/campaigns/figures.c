#include "pipeline/campaigns/figures.h"

#include "base/snapshot.h"
#include "pipeline/campaigns/course.h"

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
