#include "ctl/configuration.h"

#include <string.h>
#include <sysexits.h>

#include "ingest/text/cell.h"
#include "ctl/print.h"

enum { VALUE_COLUMNS = 4096, NAME_COLUMNS = 40 };

// ── reload ─────────────────────────────────────────────────────────────────

static void
put_change(struct buffer *out, const json_t *change)
{
    struct slice from = print_member(change, "from");
    struct slice to = print_member(change, "to");
    (void)cell_put(out, print_member(change, "name"), VALUE_COLUMNS);
    if (slice_is_none(from)) {
        buffer_append(out, SLICE_LIT(": added"));
    } else if (slice_is_none(to)) {
        buffer_append(out, SLICE_LIT(": removed"));
    } else {
        buffer_append(out, SLICE_LIT(": "));
        (void)cell_put(out, from.len != 0 ? from : SLICE_LIT("(none)"), VALUE_COLUMNS);
        buffer_append(out, SLICE_LIT(" -> "));
        (void)cell_put(out, to.len != 0 ? to : SLICE_LIT("(none)"), VALUE_COLUMNS);
    }
    buffer_append(out, json_is_true(json_object_get(change, "applied"))
                           ? SLICE_LIT("\n")
                           : SLICE_LIT(" (restart to apply it)\n"));
}

static void
put_fault(struct buffer *out, const json_t *fault)
{
    struct slice file = print_member(fault, "file");
    if (file.len != 0) {
        (void)cell_put(out, file, VALUE_COLUMNS);
        if (print_number(fault, "line") != 0) {
            print_put(out, ":%lld", (long long)print_number(fault, "line"));
        }
        buffer_append(out, SLICE_LIT(": "));
    }
    (void)cell_put(out, print_member(fault, "text"), VALUE_COLUMNS);
    buffer_append_byte(out, '\n');
}

static void
print_report(const json_t *report)
{
    struct buffer out;
    size_t index;
    const json_t *part;
    const json_t *changes = json_object_get(report, "changes");
    const json_t *faults = json_object_get(report, "faults");
    buffer_init(&out, PRINT_TEXT_MAX);
    json_array_foreach(changes, index, part)
    {
        put_change(&out, part);
    }
    json_array_foreach(faults, index, part)
    {
        put_fault(&out, part);
    }
    if (json_array_size(changes) == 0 && json_array_size(faults) == 0) {
        buffer_append(&out, SLICE_LIT("nothing changed\n"));
    }
    print_buffer(&out);
}

enum status
configuration_reload(struct service *service, bool is_waiting, bool is_json,
                     struct error *error)
{
    const char *const words[] = {"reload", is_waiting ? NULL : "later", NULL};
    json_t *report = NULL;
    enum status status = service_ask(service, words, &report, error);
    if (status != STATUS_OK || !is_waiting) {
        json_decref(report);
        return status;
    }
    if (is_json) {
        print_json(report);
    } else {
        print_report(report);
    }
    if (!json_is_true(json_object_get(report, "ok"))) {
        service->exit_code = EX_CONFIG;
        status = error_set(error, STATUS_PARSE,
                           "the configuration has errors; what they concern is not "
                           "applied");
    }
    json_decref(report);
    return status;
}

// ── config show ────────────────────────────────────────────────────────────

static void
put_option(struct buffer *out, const json_t *option, const void *context)
{
    const bool *with_origin = context;
    struct slice origin = print_member(option, "origin");
    (void)cell_put(out, print_member(option, "name"), VALUE_COLUMNS);
    buffer_append(out, SLICE_LIT(" = "));
    (void)cell_put(out, print_member(option, "value"), VALUE_COLUMNS);
    if (*with_origin) {
        buffer_append(out, SLICE_LIT("    # "));
        if (slice_equal(origin, SLICE_LIT("file"))) {
            (void)cell_put(out, print_member(option, "file"), VALUE_COLUMNS);
            print_put(out, ":%lld", (long long)print_number(option, "line"));
        } else {
            (void)cell_put(out, origin, NAME_COLUMNS);
        }
    }
    buffer_append_byte(out, '\n');
}

enum status
configuration_show(struct service *service, bool with_origin, bool is_json,
                   struct error *error)
{
    const char *const words[] = {"config", NULL};
    json_t *options = NULL;
    enum status status = service_ask(service, words, &options, error);
    if (status != STATUS_OK) {
        return status;
    }
    const struct print_list list = {
        .name = "options", .put = put_option, .context = &with_origin};
    print_list(&list, options, is_json);
    json_decref(options);
    return STATUS_OK;
}
