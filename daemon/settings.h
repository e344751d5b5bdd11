// All options, collected from the option rows of the modules.
//
// The values come from the rows' defaults, then the configuration file, then -o on the
// command line; the last one applies. Sections with a title form groups: there may be
// none or many of a group, and their options are named "source.<title>.<option>".
#pragma once

#include "base/option.h"
#include "daemon/alert_delivery.h"
#include "daemon/control_socket.h"
#include "daemon/log_options.h"
#include "daemon/name_lookup.h"
#include "daemon/scale.h"
#include "daemon/state.h"
#include "ingest/sources/source_options.h"
#include "pipeline/alerts/rules.h"
#include "pipeline/campaigns/campaign.h"
#include "pipeline/pipeline.h"
#include "sinks/http/http_options.h"
#include "net/redis/redis_options.h"
#include "sinks/webhook/webhook_options.h"

enum {
    SETTINGS_SOURCES_MAX = 32,
    SETTINGS_WEBHOOKS_MAX = 16,
    SETTINGS_PARTS = 10,
    SETTINGS_GROUPS = 4,
    SETTINGS_ROWS_MAX = 64,     // of a part or a group
    SETTINGS_COMMAND_LINE = -1, // as a line: the value is of -o
};

struct daemon_options {
    char format[OPTION_TEXT_MAX];
};

struct settings {
    struct daemon_options daemon;
    struct log_options log;
    struct pipeline_options pipeline;
    struct redis_options redis;
    struct state_options state;
    struct http_options http;
    struct control_socket_options control;
    struct name_lookup_options lookup;
    struct scale_options scale;
    struct source_options sources[SETTINGS_SOURCES_MAX];
    int source_lines[SETTINGS_SOURCES_MAX]; // in `file`; 0: not from it
    size_t source_count;
    struct alert_delivery_options delivery;
    struct webhook_options webhooks[SETTINGS_WEBHOOKS_MAX];
    int webhook_lines[SETTINGS_WEBHOOKS_MAX];
    size_t webhook_count;
    struct rule alerts[RULES_MAX];
    int alert_lines[RULES_MAX];
    size_t alert_count;
    const char *file; // the configuration file, kept; NULL: none
    int part_lines[SETTINGS_PARTS][SETTINGS_ROWS_MAX]; // as settings_line, as next
    int item_lines[SETTINGS_GROUPS][CAMPAIGN_MAX][SETTINGS_ROWS_MAX];
    int campaign_lines[CAMPAIGN_MAX];
    size_t campaign_count;
    struct campaign campaigns[CAMPAIGN_MAX]; // large: only those in use are touched
};

// True if posts can come in: from sources, or pushed.
static inline bool
settings_has_input(const struct settings *settings)
{
    return settings->source_count != 0 ||
           (settings->http.token_file[0] != '\0' && settings->http.listen[0] != '\0');
}

// The rows of a module and where its values are in struct settings.
struct settings_part {
    const struct option *rows;
    size_t offset;
};

// One group of titled sections: its rows, and where its items are in struct settings.
struct settings_group {
    const char *name;          // "source": what the section is called
    const struct option *rows; // named as within the section
    size_t items; // offset of structs that begin with char[OPTION_TITLE_MAX], the title
    size_t item_size;
    size_t count; // offset of a size_t: how many there are
    size_t lines; // offset of an int[maximum]: where each began in the file, or 0
    size_t maximum;
    const char *secrets[2]; // options that name a secret file; NULL: none
    // Checks of one item beyond its rows. Borrows both.
    enum status (*check)(const struct settings *settings, const void *item,
                         struct error *error);
};

// Called for each error.
typedef void (*settings_error_fn)(void *context, const struct error *error);

extern const struct settings_part settings_parts[];
extern const size_t settings_part_count;
extern const struct settings_group settings_groups[];
extern const size_t settings_group_count;

void settings_presets(struct settings *settings);

// The group of that name, or NULL.
const struct settings_group *settings_group(struct slice name);

// The item of that title, added with its defaults if new. NULL with error set beyond
// the group's maximum, or when the title is too long. *ret_line: where its line is
// stored.
void *settings_item(struct settings *settings, const struct settings_group *group,
                    struct slice title, int **ret_line, struct error *error);

// Copies all.
void settings_copy(struct settings *settings, const struct settings *from);

// Copies the group of that name from `next`.
void settings_replace(struct settings *settings, const struct settings *next,
                      const char *name);

// The row of that name; *ret_values: its values. Adds an item that is named for the
// first time. NULL: there is no such row or, with error set, there are too many items.
const struct option *settings_find(struct settings *settings, struct slice name,
                                   void **ret_values, struct error *error);

// The line of the file in which the option of that row was set last, in the values of
// settings_find; SETTINGS_COMMAND_LINE: on the command line; 0: it has its default.
int *settings_line(struct settings *settings, const struct option *row,
                   const void *values);
// The item at that place of a group; begins with its title.
const void *settings_item_at(const struct settings *settings,
                             const struct settings_group *group, size_t place);
size_t settings_item_count(const struct settings *settings,
                           const struct settings_group *group);
// The item of that title in the group of that name; NULL: there is none.
const void *settings_find_item(const struct settings *settings, const char *name,
                               const char *title);

// Names of secret files without a '/' become paths within `folder`, if it is not NULL.
void settings_resolve(struct settings *settings, const char *folder);

// Turns the names of people files into paths within the folder of `file`, unless they
// begin with '/'. False with error set if one becomes too long.
bool settings_anchor(struct settings *settings, const char *file, struct error *error);

// Checks combinations and files. Reports every error; true if there is none.
bool settings_check(struct settings *settings, settings_error_fn on_error,
                    void *context);

bool settings_equal(const struct option *rows, const void *one, const void *other);

usec settings_longest_window(const struct settings *settings);
