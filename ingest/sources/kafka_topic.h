// The topic in the address of a Kafka source: kafkas://host/topic.
#pragma once

#include "base/status.h"

struct url;

enum { KAFKA_TOPIC_MAX = 250 };

// STATUS_PARSE: the URL's path is not the name of a topic.
enum status kafka_topic_of(const struct url *url, char topic[KAFKA_TOPIC_MAX],
                           struct error *error) MUST_USE;
