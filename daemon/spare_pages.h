// What a spare answers over HTTP and at the control socket: its health and metrics, and
// that another worker has the rest.
#pragma once

#include <stdbool.h>

#include "base/status.h"

struct event_base;
struct settings;
struct spare_pages;
struct worker_metrics;

// Keeps all pointers. False with error set, also when the address is in use.
bool spare_pages_open(struct event_base *base, const struct settings *settings,
                      const struct worker_metrics *metrics,
                      struct spare_pages **ret_pages, struct error *error);
// Accepts NULL.
void spare_pages_close(struct spare_pages **pages);
