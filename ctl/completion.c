#include "ctl/completion.h"

#include <stdio.h>
#include <string.h>

#include "ctl/board.h"
#include "ingest/text/cell.h"
#include "ctl/print.h"

enum { NAME_COLUMNS = 100 };

static const struct {
    const char *what;
    const char *group; // of the options; NULL: none
} kinds[] = {
    {"boards", NULL},       {"windows", NULL},        {"rules", "alert."},
    {"sources", "source."}, {"webhooks", "webhook."}, {"campaigns", "campaign."},
};

static void
put_name(struct buffer *out, struct slice name)
{
    (void)cell_put(out, name, NAME_COLUMNS);
    buffer_append_byte(out, '\n');
}

static void
put_boards(struct buffer *out)
{
    for (size_t i = 0; i < BOARD_COUNT; i++) {
        put_name(out, slice_of(board_names[i]));
    }
    buffer_append(out, SLICE_LIT("carriers\nearly\ncarriers_estimated\n"));
}

// "5m, 1h"
static void
put_windows(struct buffer *out, const char *list)
{
    while (*list != '\0') {
        size_t length = strcspn(list, ", ");
        if (length != 0) {
            put_name(out, (struct slice){list, length});
        }
        list += length;
        list += strspn(list, ", ");
    }
}

// The title in "alert.viral.min_size"; only the title may contain further dots. Options
// of one section follow one another.
static void
put_title(struct buffer *out, const char *name, const char *group, struct slice *last)
{
    const char *title = name + strlen(group);
    const char *end = strrchr(name, '.');
    if (strncmp(name, group, strlen(group)) != 0 || end <= title) {
        return;
    }
    struct slice found = {title, (size_t)(end - title)};
    if (!slice_equal(found, *last)) {
        put_name(out, found);
    }
    *last = found;
}

static void
put_names(struct buffer *out, const json_t *options, const char *group)
{
    struct slice last = SLICE_LIT("");
    size_t index;
    const json_t *option;
    json_array_foreach(options, index, option)
    {
        const char *name = json_string_value(json_object_get(option, "name"));
        const char *value = json_string_value(json_object_get(option, "value"));
        if (name != NULL && group != NULL) {
            put_title(out, name, group, &last);
        } else if (name != NULL && value != NULL && strcmp(name, "windows") == 0) {
            put_windows(out, value);
        }
    }
}

static enum status
print_names(struct service *service, size_t kind, struct error *error)
{
    static const char *const words[] = {"config", NULL};
    struct buffer out;
    json_t *options = NULL;
    bool is_boards = strcmp(kinds[kind].what, "boards") == 0;
    enum status status =
        is_boards ? STATUS_OK : service_ask(service, words, &options, error);
    if (status != STATUS_OK) {
        return status;
    }
    buffer_init(&out, PRINT_TEXT_MAX);
    if (is_boards) {
        put_boards(&out);
    } else {
        put_names(&out, options, kinds[kind].group);
    }
    print_buffer(&out);
    json_decref(options);
    return STATUS_OK;
}

enum status
completion_print(struct service *service, const char *what, struct error *error)
{
    for (size_t i = 0; completion_scripts[i].shell != NULL; i++) {
        if (strcmp(completion_scripts[i].shell, what) == 0) {
            struct slice text = completion_scripts[i].text;
            (void)fwrite(text.ptr, 1, text.len, stdout);
            return STATUS_OK;
        }
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].what, what) == 0) {
            return print_names(service, i, error);
        }
    }
    return error_set(error, STATUS_RANGE,
                     "give bash, zsh or fish, or boards, windows, rules, sources, "
                     "webhooks or campaigns");
}
