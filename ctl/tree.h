// `cascadectl cascade ID --tree` and `--dot`: who came through whom. The daemon answers
// from memory, so it must run.
#pragma once

#include <stddef.h>

#include "base/status.h"
#include "ctl/service.h"

enum tree_form { TREE_LINES, TREE_DOT, TREE_JSON };

// rows: the first so many posts; 0: all that the daemon shows. STATUS_RANGE: it does
// not remember the post.
enum status tree_show(struct service *service, const char *id, enum tree_form form,
                      size_t rows, struct error *error) MUST_USE;
