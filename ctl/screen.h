// The terminal, if there is one: draws frames in place on the alternate screen.
//
// While the screen is entered, the signals that end, stop or resize are blocked and
// returned by screen_wait, so the terminal is always restored. Keys are read if
// standard input is a terminal, too. If standard output is not a terminal, frames are
// written one after another.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "base/usec.h"

enum { SCREEN_PLAIN_WIDTH = 80 };

enum { SCREEN_KEYS_MAX = 64 };

// Keys that are no character.
enum screen_key { SCREEN_KEY_LEFT = 256, SCREEN_KEY_RIGHT };

struct screen {
    bool is_terminal;           // frames replace one another
    bool has_keys;              // keys are read
    size_t width;               // columns; SCREEN_PLAIN_WIDTH if not known
    size_t height;              // lines; 0: no limit
    int key;                    // the last one
    struct termios former;      // of standard input, with has_keys
    char keys[SCREEN_KEYS_MAX]; // bytes that were read and are no key yet
    size_t key_count;
    int signals; // signalfd, or -1
};

enum screen_event { SCREEN_TIMEOUT, SCREEN_RESIZED, SCREEN_KEY, SCREEN_QUIT };

// Sets the size for one frame that is written without the alternate screen, as wide as
// the terminal.
void screen_measure(struct screen *screen);

void screen_enter(struct screen *screen);
void screen_leave(struct screen *screen);

// Draws lines that end in '\n'; lines below the end of the terminal are left out. False
// when standard output accepts nothing more.
bool screen_show(const struct screen *screen, struct slice frame);

// Waits until `span` is over (negative: without end), a key is pressed (screen->key) or
// a signal comes. A stop (Ctrl-Z) is executed, and returned as SCREEN_RESIZED once the
// program continues.
enum screen_event screen_wait(struct screen *screen, usec span);

// Starts bold text, until screen_plain. Empty without a terminal.
struct slice screen_strong(const struct screen *screen);
struct slice screen_plain(const struct screen *screen);
// Appends text in bold, cut and padded to that many columns.
void screen_put_strong(const struct screen *screen, struct buffer *out,
                       struct slice text, size_t columns);
