// The standard output of a program whose output is its result: a full disk must be
// reported as a failure.
#pragma once

// Call at the start of main: opens closed standard descriptors so that they can only
// fail. Otherwise the next file or socket would get such a number, and output would be
// written to it.
void output_guard(void);

// Records that a write to standard output failed, for the next output_flush.
void output_failed(int reason);

// Writes what is buffered. Returns 0, or the errno of a write that failed now or
// before. A closed pipe (EPIPE) is not a failure: 0.
int output_flush(void);
