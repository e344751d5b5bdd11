#include "daemon/warn.h"

#include "base/log.h"

void
warn_look(struct warn *warn, const struct pipeline_metrics *before,
          const struct pipeline_metrics *now)
{
    for (uint32_t i = 0; i < SHORTAGES; i++) {
        if (warn->is_logged[i] ||
            shortages_count(now, i) == shortages_count(before, i)) {
            continue;
        }
        warn->is_logged[i] = true;
        log_warn("capacity_reached", "%s%s", shortage_rows[i].text,
                 shortage_rows[i].is_incomplete
                     ? "; \"complete\" is 0 until the longest window has passed"
                     : "");
    }
}
