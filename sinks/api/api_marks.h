// Who of the outreach lists is marked as talked to. Pure.
//
// The marks are those of `cascadectl outreach NAME done WHO`, as they were when Redis
// was read last: it is read again and again, one campaign after the other. At most
// API_MARKS_MAX are kept.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"
#include "base/usec.h"

enum { API_MARKS_MAX = 1 << 16 };

struct api_marks_row {
    uint64_t campaign; // hashes
    uint64_t person;
    usec at;      // the mark
    bool is_seen; // since api_marks_begin
};

// Zeroed: none.
struct api_marks {
    struct api_marks_row *rows;
    size_t count, room;
};

void api_marks_fini(struct api_marks *marks);

// The marks of that campaign follow, each with api_marks_add; those that were not added
// until api_marks_end are gone.
void api_marks_begin(struct api_marks *marks, struct slice campaign);
// STATUS_FULL: there are too many; STATUS_NOMEM. It is not kept.
enum status api_marks_add(struct api_marks *marks, struct slice campaign,
                          struct slice person, usec at);
void api_marks_end(struct api_marks *marks, struct slice campaign);

// Forgets the marks of all campaigns but these.
void api_marks_keep(struct api_marks *marks, const struct slice *campaigns,
                    size_t count);

// USEC_NONE: the person is not marked.
usec api_marks_find(const struct api_marks *marks, struct slice campaign,
                    struct slice person);
