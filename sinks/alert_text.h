// An alert as a sentence for people, in the body that Slack and what understands it
// (Mattermost, Rocket.Chat, Discord's /slack) take: {"text": "…"}.
//
// Text of strangers can neither mention anybody nor make a link: & < > are escaped and
// a zero-width space follows each @.
#pragma once

#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"

// json: as sinks/alert_json.h writes it. PARSE if it is not, NOMEM.
enum status alert_text_slack(struct slice json, struct buffer *body) MUST_USE;
