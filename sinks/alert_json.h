// An alert as the one JSON object that everybody gets: the stream, the channel,
// webhooks and standard output.
//
// The order of the members is fixed. What is not known is absent. Ids, handles and
// words are strings whatever they look like, every other value of the cascade's hash is
// a number. Text of strangers is escaped; it cannot end a string or the line.
#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "pipeline/changes.h"

// Members for --describe alerts; "cascade.size" stands within the member "cascade".
struct alert_field {
    const char *name;
    const char *type; // "string", "number", "object" or "array"
    const char *help; // one sentence without the final stop
};

// Ends with a row without a name.
extern const struct alert_field alert_json_field_rows[];

// Appends the object, one line without its end. change: of kind CHANGE_ALERT. NOMEM if
// there is none or the buffer is full; then the buffer may hold a part.
enum status alert_json_write(const struct change *change, struct buffer *text) MUST_USE;
