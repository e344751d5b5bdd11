#include "ingest/sources/source_gap.h"

#include <stdio.h>
#include <string.h>

#include "ingest/sources/source.h"

static void
tell(const struct source_gap_state *gap, const struct source_callbacks *callbacks,
     usec to, bool is_recovered)
{
    const struct source_gap told = {gap->from, to, gap->reason, is_recovered};
    callbacks->on_gap(callbacks->context, &told);
}

static void
add_word(struct source_gap_state *gap, const char *word)
{
    if (word[0] != '\0') {
        size_t used = strlen(gap->reason);
        snprintf(gap->reason + used, sizeof(gap->reason) - used, "_%s", word);
    }
}

void
source_gap_open(struct source_gap_state *gap, const struct source_callbacks *callbacks,
                usec from, const char *reason, const char *hindrance)
{
    if (gap->is_open) {
        return;
    }
    gap->is_open = true;
    gap->from = from;
    snprintf(gap->reason, sizeof(gap->reason), "%s", reason);
    add_word(gap, hindrance);
    tell(gap, callbacks, USEC_NONE, false);
}

void
source_gap_close(struct source_gap_state *gap, const struct source_callbacks *callbacks,
                 usec to, bool is_recovered)
{
    gap->is_open = false;
    tell(gap, callbacks, to, is_recovered);
}

void
source_gap_filled(struct source_gap_state *gap,
                  const struct source_callbacks *callbacks, usec to, const char *why)
{
    add_word(gap, why);
    source_gap_close(gap, callbacks, to, why[0] == '\0');
}
