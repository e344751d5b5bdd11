// A report of a campaign as text: one screen, 100 columns wide.
#pragma once

#include "base/buffer.h"
#include "daemon/campaign_report_data.h"

// cell_init (ingest/text/cell.h) must have succeeded.
void campaign_report_text(const struct campaign_report_data *data, struct buffer *out);
