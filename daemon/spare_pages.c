#include "daemon/spare_pages.h"

#include <stdlib.h>

#include "base/log.h"
#include "daemon/control_socket.h"
#include "daemon/http_routes.h"
#include "daemon/settings.h"
#include "daemon/worker.h"
#include "sinks/http/http_server.h"
#include "sinks/http/metrics_page.h"

#define WHY "this process is a spare: another worker counts, and has the boards"

struct spare_pages {
    const struct worker_metrics *metrics;
    struct http_server *server;     // NULL: http.listen is empty
    struct control_socket *control; // NULL: there is no socket
    struct http_pages pages;
    char path[OPTION_TEXT_MAX]; // of the control socket
};

static void
answer_readyz(void *context, const struct http_request *request, struct buffer *body,
              struct http_reply *reply)
{
    (void)context;
    (void)request;
    (void)body;
    *reply = (struct http_reply){.code = HTTP_CODE_NOT_READY,
                                 .type = HTTP_TYPE_TEXT,
                                 .text = SLICE_LIT(WHY "\n")};
}

static void
answer_metrics(void *context, const struct http_request *request, struct buffer *body,
               struct http_reply *reply)
{
    const struct spare_pages *pages = context;
    const struct metrics_instance instance = {pages->metrics, NULL, NULL};
    (void)request;
    metrics_page_add(body, worker_metric_rows, &instance, 1);
    *reply = (struct http_reply){.code = HTTP_CODE_OK,
                                 .type = "text/plain; version=0.0.4",
                                 .text = buffer_text(body)};
}

static void
answer_rest(void *context, const struct http_request *request, struct buffer *body,
            struct http_reply *reply)
{
    (void)context;
    (void)request;
    http_reply_refuse(reply, HTTP_CODE_NOT_READY, "spare", WHY, body);
}

static const struct http_page rows[] = {
    {"/healthz", http_routes_answer_health}, // 200 while the loop runs
    {"/readyz", answer_readyz},              // 503
    {"/metrics", answer_metrics},            // Prometheus
    {"/", answer_rest},
    {"/**", answer_rest},
    {NULL, NULL},
};

static enum status
run(void *context, struct control_call *call, struct error *error)
{
    (void)context;
    (void)call;
    return error_set(error, STATUS_RANGE, WHY);
}

static const struct control_request requests[] = {
    {"get", 1, 1, run},
    {"reload", 0, 1, run},
    {"config", 0, 0, run},
    {"purge", 1, 1, run},
    {"webhooks", 0, 0, run},
    {"webhook-test", 1, 1, run},
    {"webhook-replay", 2, 2, run},
    {NULL, 0, 0, NULL},
};

static bool
open_control(struct spare_pages *pages, struct event_base *base,
             const struct settings *settings, struct error *error)
{
    const struct control_setup setup = {
        .base = base,
        .path = control_socket_path(&settings->control, pages->path),
        .requests = requests,
        .context = pages,
    };
    if (setup.path[0] != '\0') {
        pages->control = control_socket_create(&setup, error);
    }
    return setup.path[0] == '\0' || pages->control != NULL;
}

bool
spare_pages_open(struct event_base *base, const struct settings *settings,
                 const struct worker_metrics *metrics, struct spare_pages **ret_pages,
                 struct error *error)
{
    struct spare_pages *pages = calloc(1, sizeof(*pages));
    if (pages == NULL) {
        error_set(error, STATUS_NOMEM, "no memory for the HTTP server");
        return false;
    }
    pages->metrics = metrics;
    pages->pages = (struct http_pages){rows, pages};
    const struct http_server_setup server = {.base = base,
                                             .options = &settings->http,
                                             .pages = &pages->pages,
                                             .pages_count = 1};
    bool is_open = open_control(pages, base, settings, error);
    if (is_open && settings->http.listen[0] != '\0') {
        is_open = http_server_create(&server, &pages->server, error) == STATUS_OK;
    }
    if (!is_open) {
        spare_pages_close(&pages);
        return false;
    }
    if (pages->server != NULL) {
        log_info("http_listening", "listening on %s, port %d", settings->http.listen,
                 http_server_port(pages->server));
    }
    *ret_pages = pages;
    return true;
}

void
spare_pages_close(struct spare_pages **pages)
{
    if (*pages != NULL) {
        http_server_destroy(&(*pages)->server);
        control_socket_destroy(&(*pages)->control);
        free(*pages);
        *pages = NULL;
    }
}
