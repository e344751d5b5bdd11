// The Prometheus page (text format 0.0.4) of metric rows.
//
// Every name is explained once (HELP, TYPE) and its samples follow, one a line. Rows of
// one name with different labels stand one after another in their table, so a page is
// right as long as no two tables share a name.
#pragma once

#include <stddef.h>

#include "base/buffer.h"
#include "base/metric.h"

// One struct that a table's rows count in. name: value of its label, or NULL for none.
// label: "source" if NULL.
struct metrics_instance {
    const void *values;
    const char *name;
    const char *label;
};

// Appends the samples of all rows, each for every instance. Borrows everything.
void metrics_page_add(struct buffer *page, const struct metric *rows,
                      const struct metrics_instance *instances, size_t count);
