// The words of a report of a campaign: numbers, times and sentences, for people.
//
// Times are in UTC: "1 Dec 2026, 10:00".
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "daemon/campaign_report_data.h"

enum { CAMPAIGN_WORDING_MAX = 96 };

// "1,234,567". Returns text, as the others do.
const char *campaign_wording_count(uint64_t value, char text[CAMPAIGN_WORDING_MAX]);
// "62.5 %"
const char *campaign_wording_percent(double share, char text[CAMPAIGN_WORDING_MAX]);
const char *campaign_wording_time(usec time, char text[CAMPAIGN_WORDING_MAX]);
// The time of day, or of the day: "10:00", "1 Dec".
const char *campaign_wording_hour(usec time, char text[CAMPAIGN_WORDING_MAX]);
const char *campaign_wording_day(usec time, char text[CAMPAIGN_WORDING_MAX]);
// "7 days", "5 hours", "30 minutes": at most two parts.
const char *campaign_wording_span(usec span, char text[CAMPAIGN_WORDING_MAX]);
// A figure, in the window or the one before it; "-": there is none. The share is a
// percentage.
enum campaign_wording_period { CAMPAIGN_WORDING_NOW, CAMPAIGN_WORDING_BEFORE };
const char *campaign_wording_figure(const struct campaign_report_window *window,
                                    uint32_t figure,
                                    enum campaign_wording_period period,
                                    char text[CAMPAIGN_WORDING_MAX]);

// The name of a figure in words: "rival posts".
const char *campaign_wording_name(struct slice figure, char text[CAMPAIGN_WORDING_MAX]);
// False for those of rivals if the campaign has no words of them.
bool campaign_wording_shows(const struct campaign_report_data *data, uint32_t figure);
// The figure of that name of views_course.h.
uint32_t campaign_wording_figure_of(const char *name);
// "20 % more than", "5 % fewer than", "as many as"; "": they cannot be compared.
const char *campaign_wording_change(const struct campaign_report_window *window,
                                    uint32_t figure, char text[CAMPAIGN_WORDING_MAX]);

// How it went: sentences, one a line.
void campaign_wording_sentences(const struct campaign_report_data *data,
                                struct buffer *out);
