// Reports a crash: the version, the signal and a backtrace on standard error. Then the
// signal has its default effect, so that the system makes a core file if it is set up
// to.
//
//     cascaded: cascaded 0.1.0 crashed by signal 11 (SIGSEGV); the backtrace follows
//     /usr/bin/cascaded(+0x5f3a1)[0x55d0c7a5f3a1]
//
// `addr2line -e` with the offset in parentheses and the debug symbols gives the line.
// The handler has a stack of its own, for a crash by a recursion that is too deep.
#pragma once

// Call it once, early. A signal that has a handler already (a sanitizer's) keeps it.
void crash_watch(void);
