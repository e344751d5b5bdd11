// The pipeline's whole state as a byte stream: windows, cascades, boards, the memory of
// events, what is in flight.
//
// A pipeline that loads a snapshot gives the same results as the one that saved it, to
// the last digit. It publishes everything again, whole, as after changes_restart.
//
// The bytes are valid for the same build and the same options. They begin with lines of
// text that any version can read: how many posts and people are in the snapshot, up to
// which time, and the options. A snapshot of other options is refused with a list of
// all differences and of its contents. The bytes contain no checksum: the caller adds
// one and loads only intact bytes (base/snapshot.h).
#pragma once

#include "base/snapshot.h"
#include "base/status.h"

struct pipeline;

// Call between two posts. Changes nothing in the pipeline. STATUS_IO if `write` failed.
enum status snapshot_save(struct pipeline *pipeline, snapshot_fn write,
                          void *context) MUST_USE;

// Loads into a pipeline fresh from pipeline_create, whose seed is replaced; set its
// rules afterwards. STATUS_PARSE: the bytes are of another build or options, which
// error names; its text begins with "it". STATUS_IO: `read` failed. Allocates nothing.
// After a failure only pipeline_destroy may be called.
enum status snapshot_load(struct pipeline *pipeline, snapshot_fn read, void *context,
                          struct error *error) MUST_USE;
