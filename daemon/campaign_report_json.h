// A report of a campaign as one JSON object: the fields of `cascadectl campaign --json`
// where both have them, and growth and Rogers' classes (docs/campaigns.md).
#pragma once

#include "base/buffer.h"
#include "daemon/campaign_report_data.h"

void campaign_report_json(const struct campaign_report_data *data, struct buffer *out);
