#include "pipeline/campaigns/figures.h"

#include "base/snapshot.h"

void
figures_move(struct figures *figures, struct snapshot *snapshot)
{
    SNAPSHOT_VALUE(snapshot, figures->totals);
    SNAPSHOT_VALUE(snapshot, figures->numbers);
    SNAPSHOT_VALUE(snapshot, figures->is_written);
    boards_move(&figures->boards, snapshot);
}
