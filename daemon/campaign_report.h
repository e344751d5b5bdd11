// A report of a campaign: what an archive contains of it, for people or programs.
//
// The files pass through the pipeline as in a replay, in event time and without Redis
// (daemon/dry_run.h). All figures are as of the newest post. The report goes to
// standard output.
#pragma once

struct settings;

enum campaign_report_form {
    CAMPAIGN_REPORT_TEXT,
    CAMPAIGN_REPORT_JSON,
    CAMPAIGN_REPORT_HTML, // one file, with everything in it
};

struct campaign_report {
    const struct settings *settings;
    const char *name; // of the campaign
    enum campaign_report_form form;
    char **files; // "-": standard input
    int file_count;
};

// Errors go to the log. Returns an exit code of sysexits.
int campaign_report_run(const struct campaign_report *report);
