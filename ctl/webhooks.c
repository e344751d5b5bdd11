#include "ctl/webhooks.h"

#include "ingest/text/cell.h"
#include "ctl/print.h"

enum { NAME_COLUMNS = 16, URL_COLUMNS = 40 };

static void
put_webhook(struct buffer *out, const json_t *webhook)
{
    long long discarded =
        print_number(webhook, "given_up") + print_number(webhook, "dropped");
    cell_put_aligned(out, print_member(webhook, "name"), NAME_COLUMNS, CELL_LEFT);
    buffer_append(out, SLICE_LIT("  "));
    cell_put_aligned(out, print_member(webhook, "url"), URL_COLUMNS, CELL_LEFT);
    print_put(out, "  sent %lld, waiting %lld, failed attempts %lld, discarded %lld",
              (long long)print_number(webhook, "sent"),
              (long long)print_number(webhook, "pending"),
              (long long)print_number(webhook, "failed"), discarded);
    if (json_is_true(json_object_get(webhook, "stopped"))) {
        buffer_append(out, SLICE_LIT(", stopped: it answered 410"));
    }
    buffer_append_byte(out, '\n');
}

enum status
webhooks_list(struct service *service, bool is_json, struct error *error)
{
    static const char *const words[] = {"webhooks", NULL};
    json_t *webhooks = NULL;
    enum status status = service_ask(service, words, &webhooks, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (is_json) {
        json_t *answer = json_pack("{s:O}", "webhooks", webhooks);
        print_json(answer);
        json_decref(answer);
    } else {
        struct buffer out;
        size_t index;
        const json_t *webhook;
        buffer_init(&out, PRINT_TEXT_MAX);
        json_array_foreach(webhooks, index, webhook)
        {
            put_webhook(&out, webhook);
        }
        if (json_array_size(webhooks) == 0) {
            buffer_append(&out, SLICE_LIT("no webhook is configured\n"));
        }
        print_buffer(&out);
    }
    json_decref(webhooks);
    return STATUS_OK;
}
