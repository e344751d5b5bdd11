// The pipeline's whole state as one run of bytes: windows, cascades, boards, the memory
// of events, what is in flight.
//
// A pipeline that is read back goes on as the one that was written would have, to the
// last digit; everything comes out of it anew, whole, as after changes_restart.
//
// The bytes suit the build that wrote them and the same options. They begin with lines
// of text that any version can read: how many posts and people are in the snapshot, up
// to which time, and the options. A snapshot of other options is refused with all that
// differ and with what it holds. Nothing protects the bytes: the caller adds a checksum
// and reads only what is whole (base/snapshot.h).
#pragma once

#include "base/snapshot.h"
#include "base/status.h"

struct pipeline;

// Between two posts. Changes nothing in the pipeline. STATUS_IO if `write` failed.
enum status pipeline_save(struct pipeline *pipeline, snapshot_fn write,
                          void *context) MUST_USE;

// Into a pipeline fresh from pipeline_create, whose seed it replaces; its rules are set
// afterwards. STATUS_PARSE: the bytes are of another build or other options, which
// error names, beginning with "it". STATUS_IO: `read` failed. Allocates nothing. After
// a failure the pipeline is good for pipeline_destroy only.
enum status pipeline_load(struct pipeline *pipeline, snapshot_fn read, void *context,
                          struct error *error) MUST_USE;
