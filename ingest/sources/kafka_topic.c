#include "ingest/sources/kafka_topic.h"

#include <stddef.h>
#include <string.h>

#include "net/url.h"

enum status
kafka_topic_of(const struct url *url, char topic[KAFKA_TOPIC_MAX], struct error *error)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t len = url->path.len > 0 ? url->path.len - 1 : 0;
    if (len > 0 && len < KAFKA_TOPIC_MAX) {
        memcpy(topic, url->path.ptr + 1, len);
        topic[len] = '\0';
    }
    if (len == 0 || len >= KAFKA_TOPIC_MAX || strspn(topic, letters) != len) {
        return error_set(error, STATUS_PARSE,
                         "url: write %s://host/topic; a topic is letters, digits, "
                         "'.', '_' and '-'",
                         url->scheme);
    }
    return STATUS_OK;
}
