// Executes what mastodon_backfill.h decides: requests the timeline of a stream's own
// server or of api_url, with the stream's token and certificates, one page at a time,
// each with a deadline and a limit, and passes the posts on as if the stream had sent
// them.
#pragma once

#include "base/status.h"

struct source;

// Attaches a backfill to a source whose URL is a stream of Mastodon's with a timeline;
// does nothing for others. Resumes from the source's cursor if it is of this server.
enum status mastodon_backfill_http_attach(struct source *source,
                                          struct error *error) MUST_USE;
