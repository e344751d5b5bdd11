// The texts of alerts that wait to be written: each alert is rendered once, by the
// receiver of the changes, and keeps its text until it is written, also in a snapshot.
//
//     gone          first text needed          end
//       | not needed  | of alerts in the queue  |
//
// Texts leave in the order in which they were added. A place is a number of bytes since
// the first text of all.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"

struct snapshot;

enum { ALERT_TEXTS_BYTES = 8 << 20 }; // from here on there is no room

struct alert_texts {
    struct buffer bytes; // from `first` on
    uint64_t first;      // places
    uint64_t gone;       // what is before is not needed
};

void alert_texts_init(struct alert_texts *texts);
void alert_texts_fini(struct alert_texts *texts);

bool alert_texts_has_room(const struct alert_texts *texts);
// Copies the text; one that is larger than the room left is kept, too. False when there
// is no memory: the text is not kept.
bool alert_texts_add(struct alert_texts *texts, struct slice text, uint64_t *ret_place);
// Valid until the next call of another function.
struct slice alert_texts_at(const struct alert_texts *texts, uint64_t place,
                            uint64_t len);
// True if they are there, or no bytes are asked for.
bool alert_texts_have(const struct alert_texts *texts, uint64_t place, uint64_t len);
// Removes the texts before the place.
void alert_texts_drop(struct alert_texts *texts, uint64_t place);

// Saves the contents, or loads them into empty texts.
void alert_texts_move(struct alert_texts *texts, struct snapshot *snapshot);
