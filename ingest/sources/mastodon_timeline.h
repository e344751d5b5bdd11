// Which timeline of Mastodon's REST API shows what one of its streams carries. Pure.
//
//   …/api/v1/streaming/           …/api/v1/timelines/
//   user                          home
//   public, /local, /remote       public, with local=true or remote=true
//   hashtag?tag=T, /local         tag/T
//   list?list=N                   list/N
//
// only_media=true goes along. Notifications and direct messages have no timeline.
#pragma once

#include <stdbool.h>

#include "base/option.h"

enum { MASTODON_TIMELINE_MAX = 5 * OPTION_TEXT_MAX };

// Writes the timeline's address, ended by "?" or "&" so that parameters may follow.
// api_url: its server, or empty for the stream's own. False, and nothing is written, if
// the URL is not such a stream or has no timeline.
bool mastodon_timeline_of(const char *stream_url, const char *api_url,
                          char timeline[MASTODON_TIMELINE_MAX]);

// True if the URL is a stream of Mastodon's that never contains a boost: all but the
// streams of a person, user and list.
bool mastodon_timeline_lacks_boosts(const char *stream_url);

// True if the URL is a stream of Mastodon's API, with a timeline or not.
bool mastodon_timeline_is_stream(const char *stream_url);

// Advice to add to a server's refusal of that stream: servers that have Mastodon's API
// but stream over WebSocket only answer with these codes. Empty for all others.
const char *mastodon_timeline_hint(const char *stream_url, long status);
