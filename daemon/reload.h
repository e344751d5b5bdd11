// SIGHUP: reads the configuration again. Sources, webhooks, alert rules and campaigns
// change at once, people files are read in the background; other options are reported
// as changed and apply at the next start. A configuration with an error changes
// nothing.
#pragma once

#include "daemon/config_load.h"

struct alert_delivery;
struct buffer;
struct campaign_words;
struct people;
struct pipeline;
struct streams;

// Borrows all.
struct reload {
    const struct config_place *place;
    struct settings *settings; // in use; changed
    struct pipeline *pipeline;
    struct campaign_words *campaigns; // changed
    struct people *people;            // read again
    struct alert_delivery *delivery;
    struct streams *streams;
};

// Logs what it did, or the errors. report: NULL, or an empty buffer that receives
// {"ok","changes","faults":[{"file","line","text"}],"sources","alerts","webhooks"};
// `changes` as in daemon/config_shown.h.
void reload_settings(const struct reload *reload, struct buffer *report);
