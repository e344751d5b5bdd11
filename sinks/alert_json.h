// An alert as the JSON object that all receivers get: the stream, the channel, webhooks
// and standard output.
//
// The order of the members is fixed. Unknown values are absent. Ids, handles and words
// are strings whatever they contain; every other value of the cascade's hash is a
// number. Text from posts is escaped: it cannot end a string or the line, and the
// characters that control.h lists are written as \uNNNN, so that they do not control a
// terminal.
#pragma once

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"
#include "pipeline/changes.h"

// Members for --describe alerts; "cascade.size" is within the member "cascade".
struct alert_field {
    const char *name;
    const char *type; // "string", "number", "object" or "array"
    const char *help; // one sentence without the final stop
};

// Ends with a row without a name.
extern const struct alert_field alert_json_field_rows[];

// True if a field of that name is in the hash of a cascade: all members of "cascade"
// but its id.
bool alert_json_is_cascade_field(struct slice name);

// Appends the fields of a cascade's hash as members.
void alert_json_fields(const struct change *change, struct buffer *text);

// Appends top_amplifiers and top_carriers of change.alert as members.
void alert_json_people(const struct change *change, struct buffer *text);

// Appends the object as a value (base/json_writer.h), one line without its end. change:
// of kind CHANGE_ALERT. NOMEM if there is no memory or the buffer is full; the buffer
// may then contain a part.
enum status alert_json_write(const struct change *change, struct buffer *text) MUST_USE;
