// The decoders of the formats, one file each. Each decodes the opened message of `run`:
// it keeps posts, or counts control messages, or sets a reason. Only decode*.c include
// this.
#pragma once

#include "ingest/decode/decode_run.h"

// The fields of their messages; also the source of --describe formats.
extern const struct json_table decode_x1_shape_table;
extern const struct json_table decode_x2_shape_table;
extern const struct json_table decode_jetstream_shape_table;
extern const struct json_table decode_mastodon_shape_table;
extern const struct json_table decode_post_table;

// NULL for DECODE_AUTO.
const struct json_table *decode_parts_table(enum decode_format format);

void decode_x1_read(struct decode_run *run);
void decode_x2_read(struct decode_run *run);
void decode_jetstream_read(struct decode_run *run);
void decode_mastodon_read(struct decode_run *run);
void decode_post_read(struct decode_run *run);

// One server-sent or WebSocket event of Mastodon. The message is not opened.
void decode_mastodon_event(struct decode_run *run, struct slice event,
                           struct slice data);
