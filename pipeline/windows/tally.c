#include "pipeline/windows/tally.h"

#define AS_NAME(constant, name) [TALLY_##constant] = name,

struct slice
tally_name(enum tally tally)
{
    static const char *const names[] = {TALLY_ROWS(AS_NAME)};
    return slice_of(names[tally_plain(tally)]);
}
