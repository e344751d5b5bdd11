// The terminal, if there is one: frames drawn in place on the alternate screen.
//
// While the screen is entered, the signals that end, stop or resize are held back and
// come out of screen_wait, so the terminal is always left as it was found. If standard
// output is no terminal, frames are simply written one after another.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "base/usec.h"

enum { SCREEN_PLAIN_WIDTH = 80 };

struct screen {
    bool is_terminal; // frames replace one another
    size_t width;     // columns; SCREEN_PLAIN_WIDTH where nobody knows
    size_t height;    // lines; 0: as many as there are
};

enum screen_event { SCREEN_TIMEOUT, SCREEN_RESIZED, SCREEN_QUIT };

// For one frame that is simply written, as wide as the terminal.
void screen_measure(struct screen *screen);

void screen_enter(struct screen *screen);
void screen_leave(const struct screen *screen);

// Draws lines that end in '\n'; what is below the last line of a terminal is left out.
// False when standard output takes nothing more.
bool screen_show(const struct screen *screen, struct slice frame);

// Waits until `span` is over or a signal comes. A stop (Ctrl-Z) is carried out and seen
// as SCREEN_RESIZED once the program runs again.
enum screen_event screen_wait(struct screen *screen, usec span);

// Makes what follows stand out, until screen_plain. Nothing without a terminal.
struct slice screen_strong(const struct screen *screen);
struct slice screen_plain(const struct screen *screen);
