// Carries out what mastodon_fill.h decides: asks the timeline of a stream's own server
// or of api_url, with the stream's token and certificates, one page at a time and each
// with a deadline and a ceiling, and hands the posts on as if the stream had sent them.
#pragma once

#include "base/status.h"

struct source;

// The backfill of a source whose URL is a stream of Mastodon's with a timeline; others
// get none. Goes on from the source's cursor where it is of this server.
enum status mastodon_rest_attach(struct source *source, struct error *error) MUST_USE;
