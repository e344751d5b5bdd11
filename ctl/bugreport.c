#include "ctl/bugreport.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "ingest/text/cell.h"
#include "ctl/print.h"

enum { LINE_COLUMNS = 2000, LOG_LINES = 200, LOG_MAX = 1 << 18, PIECE = 4096 };

#define LOG_COMMAND                                                                    \
    "journalctl --quiet --no-pager --unit=cascaded --lines=200 --output=short-iso "    \
    "2>/dev/null"

// ── parts ──────────────────────────────────────────────────────────────────

// A page or the options; a text with the reason if they cannot be had.
static json_t *
page_of(struct service *service, const char *path)
{
    struct error why = {0};
    json_t *found = NULL;
    const char *const words[] = {"config", NULL};
    enum status status = path != NULL ? service_page(service, path, &found, &why)
                                      : service_ask(service, words, &found, &why);
    return status == STATUS_OK ? found : json_pack("{s:s}", "missing", why.text);
}

// A text within an address may be secret: from "://" to the end of the word only the
// host stays, and not even that if there is a user and perhaps a password.
static void
put_line(struct buffer *out, const char *line)
{
    const char *at = strstr(line, "://");
    while (at != NULL) {
        const char *word = at + strlen("://");
        size_t length = strcspn(word, " \t\"'<>)");
        size_t host = strcspn(word, "/?# \t\"'<>)");
        bool has_user = memchr(word, '@', length) != NULL;
        buffer_append(out, (struct slice){line, (size_t)(word - line)});
        buffer_append(out, (struct slice){word, has_user ? 0 : host});
        buffer_append(out, has_user        ? SLICE_LIT("...")
                           : length > host ? SLICE_LIT("/...")
                                           : SLICE_LIT(""));
        line = word + length;
        at = strstr(line, "://");
    }
    buffer_append(out, slice_of(line));
}

static json_t *
read_log(void)
{
    char line[PIECE];
    json_t *lines = json_array();
    // NOLINTNEXTLINE(cert-env33-c): a constant command
    FILE *log = popen(LOG_COMMAND, "r");
    while (log != NULL && json_array_size(lines) < LOG_LINES &&
           fgets(line, sizeof line, log) != NULL) {
        struct buffer text;
        line[strcspn(line, "\n")] = '\0';
        buffer_init(&text, LOG_MAX);
        put_line(&text, line);
        (void)json_array_append_new(lines,
                                    json_stringn(buffer_text(&text).ptr, text.size));
        buffer_fini(&text);
    }
    if (log != NULL) {
        (void)pclose(log);
    }
    return lines;
}

static json_t *
read_system(void)
{
    struct utsname name;
    char line[PIECE] = "";
    char pretty[PIECE] = "unknown";
    FILE *release = fopen("/etc/os-release", "re");
    while (release != NULL && fgets(line, sizeof line, release) != NULL) {
        if (sscanf(line, "PRETTY_NAME=\"%4000[^\"]\"", pretty) == 1) {
            break;
        }
    }
    if (release != NULL) {
        (void)fclose(release);
    }
    if (uname(&name) != 0) {
        return json_pack("{s:s}", "distribution", pretty);
    }
    return json_pack("{s:s, s:s, s:s}", "distribution", pretty, "kernel", name.release,
                     "machine", name.machine);
}

// ── the report ─────────────────────────────────────────────────────────────

static void
put_title(struct buffer *out, const char *title)
{
    print_put(out, "\n== %s ==\n", title);
}

static void
put_json(struct buffer *out, const char *title, const json_t *json)
{
    char *text =
        json_dumps(json, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15));
    put_title(out, title);
    buffer_append(out, slice_of(text != NULL ? text : "out of memory"));
    buffer_append_byte(out, '\n');
    free(text);
}

static void
put_options(struct buffer *out, const json_t *options)
{
    size_t index;
    const json_t *option;
    if (!json_is_array(options)) {
        put_json(out, "options", options);
        return;
    }
    put_title(out, "options that are not the default");
    json_array_foreach(options, index, option)
    {
        if (!slice_equal(print_member(option, "origin"), SLICE_LIT("default"))) {
            (void)cell_put(out, print_member(option, "name"), LINE_COLUMNS);
            buffer_append(out, SLICE_LIT(" = "));
            (void)cell_put(out, print_member(option, "value"), LINE_COLUMNS);
            buffer_append_byte(out, '\n');
        }
    }
}

static void
put_metrics(struct buffer *out, const json_t *metrics)
{
    const char *line = json_string_value(metrics);
    if (line == NULL) {
        put_json(out, "metrics", metrics);
        return;
    }
    put_title(out, "metrics");
    while (*line != '\0') {
        size_t length = strcspn(line, "\n");
        if (line[0] != '#') {
            (void)cell_put(out, (struct slice){line, length}, LINE_COLUMNS);
            buffer_append_byte(out, '\n');
        }
        line += length + (line[length] == '\n');
    }
}

static void
put_log(struct buffer *out, const json_t *lines)
{
    size_t index;
    const json_t *line;
    put_title(out, "the last lines of the log");
    if (json_array_size(lines) == 0) {
        buffer_append(out,
                      SLICE_LIT("none can be read: run this as root, or add the end "
                                "of the log\n"));
    }
    json_array_foreach(lines, index, line)
    {
        (void)cell_put(out, slice_of(json_string_value(line)), LINE_COLUMNS);
        buffer_append_byte(out, '\n');
    }
}

static void
print_report(const json_t *report)
{
    struct buffer out;
    buffer_init(&out, PRINT_TEXT_MAX);
    print_put(&out, "cascadectl %s, Redis %s for it\n", CASCADED_VERSION,
              json_is_true(json_object_get(report, "redis_reached"))
                  ? "can be reached"
                  : "cannot be reached");
    put_json(&out, "system", json_object_get(report, "system"));
    put_json(&out, "status", json_object_get(report, "status"));
    put_options(&out, json_object_get(report, "options"));
    put_metrics(&out, json_object_get(report, "metrics"));
    put_log(&out, json_object_get(report, "log"));
    print_buffer(&out);
}

enum status
bugreport_print(struct service *service, bool is_redis_up, bool is_json,
                struct error *error)
{
    json_t *report =
        json_pack("{s:s, s:b, s:o, s:o, s:o, s:o, s:o}", "version", CASCADED_VERSION,
                  "redis_reached", (int)is_redis_up, "system", read_system(), "status",
                  page_of(service, "/api/v1/status"), "options", page_of(service, NULL),
                  "metrics", page_of(service, "/metrics"), "log", read_log());
    service->exit_code = 0;
    if (report == NULL) {
        return error_set(error, STATUS_NOMEM, "out of memory");
    }
    if (is_json) {
        print_json(report);
    } else {
        print_report(report);
    }
    json_decref(report);
    return STATUS_OK;
}
