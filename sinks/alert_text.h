// An alert as a sentence for people, in the body accepted by Slack and compatible
// services (Mattermost, Rocket.Chat, Discord's /slack): {"text": "…"}.
//
// Untrusted text mentions no one and is shown as it is: no link, picture, emphasis,
// heading or list, neither in Slack's markup nor in Markdown. A text that any of them
// would interpret is written as code, with ' for each ` in it. & < > are escaped, a
// zero-width space follows each @, and control characters (base/control.h) become
// spaces or are left out.
#pragma once

#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"

// json: as written by sinks/alert_json.h. PARSE if it is not, NOMEM.
enum status alert_text_slack(struct slice json, struct buffer *body) MUST_USE;
