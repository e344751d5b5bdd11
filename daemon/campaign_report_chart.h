// The charts of a report of a campaign, as SVG within its page. Colours and type are
// those of the page's style sheet.
#pragma once

#include "base/html_writer.h"
#include "daemon/campaign_report_data.h"

// Posts and retweets over the life of the campaign, in bars.
void campaign_report_chart_growth(struct html_writer *html,
                                  const struct campaign_report_data *data);
// The share of voice in each window, and in the one before it.
void campaign_report_chart_share(struct html_writer *html,
                                 const struct campaign_report_data *data);
// How many people had joined, with Rogers' classes.
void campaign_report_chart_adopters(struct html_writer *html,
                                    const struct campaign_report_data *data);
