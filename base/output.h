// The standard output of a program whose output is its result: a full disk must not
// look like success.
#pragma once

// For the start of main: a standard descriptor that is closed is opened so that it can
// only fail. Otherwise the next file or socket would get its number, and what is
// printed would go there.
void output_guard(void);

// Notes that a write to standard output failed, for the next output_flush.
void output_failed(int reason);

// Writes what is buffered. 0, or the errno of what could not be written now or before.
// A reader that went away (EPIPE) has what it wants: 0.
int output_flush(void);
