// A report of a campaign as one HTML file, for a meeting: light or dark as the reader's
// system is, made to be printed, without scripts and without anything from elsewhere.
#pragma once

#include "base/buffer.h"
#include "daemon/campaign_report_data.h"

void campaign_report_html(const struct campaign_report_data *data, struct buffer *out);

// Its style sheet.
extern const char campaign_report_style[];
