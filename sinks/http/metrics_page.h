// The Prometheus page (text format 0.0.4) of metric rows.
//
// Every name is described once (HELP, TYPE) and its samples follow, one a line. Rows of
// one name with different labels must follow one another in their table, and no two
// tables may share a name.
#pragma once

#include <stddef.h>

#include "base/buffer.h"
#include "base/metric.h"

// One struct that contains the values of a table. name: value of its label, or NULL for
// none. label: "source" if NULL.
struct metrics_instance {
    const void *values;
    const char *name;
    const char *label;
};

// Appends the samples of all rows, each for every instance. Borrows everything.
void metrics_page_add(struct buffer *page, const struct metric *rows,
                      const struct metrics_instance *instances, size_t count);
