// An alert as a sentence for people, in the body that Slack and what understands it
// (Mattermost, Rocket.Chat, Discord's /slack) take: {"text": "…"}.
//
// Text of strangers mentions nobody and is shown as it is: no link, picture, emphasis,
// heading or list, neither in Slack's markup nor in Markdown. A text that any of them
// would make something of is written as code, with ' for each ` in it. & < > are
// escaped, a zero-width space follows each @, and characters that steer
// (base/control.h) are spaces or left out.
#pragma once

#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"

// json: as sinks/alert_json.h writes it. PARSE if it is not, NOMEM.
enum status alert_text_slack(struct slice json, struct buffer *body) MUST_USE;
