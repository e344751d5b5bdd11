// The commands of cascadectl: a table, and what a command is called with.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "base/usec.h"
#include "ctl/client.h"
#include "ctl/service.h"

struct command_options {
    const char *window; // NULL: not given, as all texts here
    const char *rule;
    const char *user;
    size_t rows; // 0: not given
    usec every;
    bool is_once;
    bool is_json;
    bool is_csv;
    bool is_tree;
    bool is_dot;
    bool is_following;
    bool is_waiting;
    bool has_origin;
    bool is_sure;
};

struct command_call {
    struct client *client;   // open, or see is_redis_up
    struct service *service; // found, for commands that need it
    char **words;            // the arguments of the command
    int count;
    const struct command_options *options;
    bool is_redis_up;
};

enum command_needs {
    COMMAND_REDIS = 1,   // fails without it
    COMMAND_SERVICE = 2, // asks the daemon; Redis only shows where it is
};

struct command {
    const char *name;
    int needs;
    int least; // arguments
    int most;
    const char *missing; // what to give if their number is wrong
    const char *takes;   // the letters of its options (command_letters)
    // False: the arguments are not understood. NULL: their number is enough.
    bool (*check)(char **words, int count);
    // What it needs with these arguments and options. NULL: `needs`.
    int (*needs_of)(const struct command_call *call);
    enum status (*run)(const struct command_call *call, struct error *error);
};

// NULL: there is no such command.
const struct command *command_find(const char *name);
// "status, sources, … and completion"; letter: of those that take that option only; 0:
// all. Returns text.
enum { COMMAND_NAMES_MAX = 512 };
const char *command_names(char letter, char text[COMMAND_NAMES_MAX]);
