// Mastodon: a message is a status as in the REST API, or a streaming event in its
// WebSocket envelope, {"stream", "event", "payload"}, whose payload is JSON in a
// string.

#include "ingest/decode/decode_parts.h"

#include "ingest/decode/decode_campaigns.h"
#include "ingest/decode/decode_mastodon_shape.h"
#include "ingest/text/html.h"
#include "ingest/text/text.h"

#include <stddef.h>
#include <string.h>

// The length of "https://" or "http://" in front, in any case; 0: there is none.
static size_t
scheme_of(struct slice url)
{
    static const struct slice schemes[] = {{"https://", 8}, {"http://", 7}};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (slice_starts_nocase(url, schemes[i])) {
            return schemes[i].len;
        }
    }
    return 0;
}

// "host" of "https://host/…".
static struct slice
host_of(struct slice url)
{
    size_t at = scheme_of(url);
    if (at == 0) {
        return SLICE_NONE;
    }
    size_t end = at;
    while (end < url.len && url.ptr[end] != '/' && url.ptr[end] != '?' &&
           url.ptr[end] != '#') {
        end++;
    }
    return (struct slice){url.ptr + at, end - at};
}

// One form of the URLs of the web that are the same by RFC 3986 (6.2): without white
// space around it, scheme and host in lower case, without the usual port.
static struct slice
one_url(struct decode_run *run, struct slice url)
{
    url = text_trim(url);
    size_t scheme = scheme_of(url);
    struct slice host = host_of(url);
    if (host.len == 0 || memchr(host.ptr, '@', host.len) != NULL) {
        return url; // a name before the host is compared with case
    }
    size_t end = scheme + host.len;
    struct slice rest = {url.ptr + end, url.len - end};
    struct slice port = scheme == 8 ? SLICE_LIT(":443") : SLICE_LIT(":80");
    bool is_usual = host.len > port.len &&
                    memcmp(host.ptr + host.len - port.len, port.ptr, port.len) == 0;
    struct slice head = {url.ptr, end - (is_usual ? port.len : 0)};
    struct slice lower = text_lower(&run->arena, head);
    return lower.ptr == url.ptr && !is_usual ? url
                                             : arena_join(&run->arena, lower, rest);
}

static bool
is_full(struct slice acct)
{
    return acct.len != 0 && memchr(acct.ptr, '@', acct.len) != NULL;
}

static struct slice
host_of_account(struct decode_run *run, const struct mastodon_account *account)
{
    return host_of(one_url(run, account->url.len != 0 ? account->url : account->uri));
}

// The handle without "acct:" (RFC 7565).
static struct slice
acct_of(const struct mastodon_account *account)
{
    const struct slice scheme = SLICE_LIT("acct:");
    struct slice acct = text_handle(account->acct);
    if (slice_starts(acct, scheme)) {
        acct = (struct slice){acct.ptr + scheme.len, acct.len - scheme.len};
    }
    return acct;
}

// "ann@host". The instance at `home` (if known) leaves out the host of its own people.
// None if there is no host and `home` is unknown.
static struct slice
handle_of(struct decode_run *run, const struct mastodon_account *account,
          struct slice home)
{
    struct slice acct = acct_of(account);
    if (acct.len == 0 || is_full(acct)) {
        return decode_run_handle(run, acct);
    }
    struct slice host = host_of_account(run, account);
    host = host.len != 0 ? host : home;
    if (host.len == 0) {
        return SLICE_NONE;
    }
    struct slice start = arena_join(&run->arena, acct, SLICE_LIT("@"));
    return decode_run_handle(run, arena_join(&run->arena, start, host));
}

// `url` if it is one of the web: a path alone is that of another person elsewhere.
static struct slice
web_url(struct decode_run *run, struct slice url)
{
    url = one_url(run, url);
    if (url.len == 0 || host_of(url).len != 0) {
        return url;
    }
    decode_run_drop_text(run, url);
    return SLICE_NONE;
}

// A mention has a `url` and no `uri`, so the `uri` is the id only of an account without
// a `url`. `home`: see handle_of.
static struct post_user
make_user(struct decode_run *run, const struct mastodon_account *account,
          struct slice home)
{
    struct post_user user = {.handle = handle_of(run, account, home),
                             .name = decode_run_name(run, account->display_name)};
    decode_run_followers(run, &user, account->followers_count);
    user.id = decode_run_detail_id(run, decode_run_id, web_url(run, account->url));
    if (slice_is_none(user.id)) {
        user.id = decode_run_detail_id(run, decode_run_id, web_url(run, account->uri));
    }
    if (slice_is_none(user.id) && !slice_is_none(user.handle)) {
        user.id = decode_run_handle_id(run, run->net, user.handle);
    }
    return user;
}

// A post is on the instance of its author.
static struct post_user
make_author(struct decode_run *run, const struct mastodon_toot *status)
{
    return make_user(run, status->account, host_of(one_url(run, status->uri)));
}

// A content warning is part of the text.
static struct slice
text_of(struct decode_run *run, const struct mastodon_toot *status)
{
    struct slice text = html_text(&run->arena, status->content);
    if (status->spoiler_text.len == 0) {
        return text;
    }
    if (text.len == 0) {
        return status->spoiler_text;
    }
    struct slice start =
        arena_join(&run->arena, status->spoiler_text, SLICE_LIT("\n\n"));
    return arena_join(&run->arena, start, text);
}

static struct slice
uri_id(struct decode_run *run, const struct mastodon_toot *status)
{
    return decode_run_id(run, one_url(run, decode_run_number_target(status->uri)));
}

static struct slice
alias_of(struct decode_run *run, const struct mastodon_toot *status)
{
    return decode_run_detail_id(run, decode_run_id,
                                decode_run_number_target(status->id));
}

// The campaigns of the link whose preview is shown; others are in the text.
static uint64_t
linked_by(struct decode_run *run, const struct mastodon_toot *status)
{
    return status->card != NULL ? decode_campaigns_of_address(run, status->card->url)
                                : 0;
}

static struct post_ref quoted_by(struct decode_run *run,
                                 const struct mastodon_toot *status, int depth);

// `depth`: how many quotes lead to this post.
static struct post_ref
make_ref(struct decode_run *run, const struct mastodon_toot *status, int depth)
{
    struct post_ref ref = {.id = uri_id(run, status),
                           .text = text_of(run, status),
                           .lang = decode_run_name(run, status->language),
                           .created = decode_run_detail_time(run, status->created_at)};
    if (status->account != NULL) {
        ref.author = make_author(run, status);
    }
    ref.alias = alias_of(run, status);
    ref.reported = decode_run_reported(run, status->reblogs_count, status->quotes_count,
                                       &ref.has_reported);
    ref.campaigns = decode_campaigns_of_ref(run, &ref, linked_by(run, status));
    struct post_ref quote = quoted_by(run, status, depth + 1);
    decode_run_quote(run, &ref, &quote);
    return ref;
}

// A quote of Mastodon counts only if the quoted person accepted it.
static struct post_ref
quoted_by(struct decode_run *run, const struct mastodon_toot *status, int depth)
{
    struct post_ref ref = {.created = USEC_NONE};
    const struct mastodon_quote *quote = status->quote;
    if (quote == NULL && status->pleroma != NULL) {
        quote = status->pleroma->quote;
    }
    if (quote == NULL) {
        struct slice id = decode_run_number_target(status->quote_id);
        if (slice_is_none(id) && status->pleroma != NULL) {
            id = decode_run_number_target(status->pleroma->quote_id);
        }
        ref.alias = decode_run_id(run, id);
    }
    if (quote == NULL || depth > POST_QUOTES_MAX) {
        return ref;
    }
    if (slice_is_none(quote->state) &&
        !slice_is_none(decode_run_number_target(quote->status.uri))) {
        return make_ref(run, &quote->status, depth);
    }
    if (!slice_equal(quote->state, SLICE_LIT("accepted"))) {
        return ref;
    }
    if (quote->quoted_status != NULL) {
        ref = make_ref(run, quote->quoted_status, depth);
    }
    if (slice_is_none(ref.id)) {
        ref.alias =
            decode_run_id(run, decode_run_number_target(quote->quoted_status_id));
    }
    return ref;
}

// The host of the instance that sent the message, found from accounts that it names
// without a host. None: all are from elsewhere.
static struct slice
home_of(struct decode_run *run, const struct mastodon_toot *status)
{
    const struct mastodon_account *mentions = status->mentions.items;
    struct slice home = SLICE_NONE;
    if (!is_full(acct_of(status->account))) {
        home = host_of_account(run, status->account);
        home = home.len != 0 ? home : host_of(one_url(run, status->uri));
    }
    for (size_t i = 0; i < status->mentions.count && home.len == 0; i++) {
        if (!is_full(acct_of(&mentions[i]))) {
            home = host_of_account(run, &mentions[i]);
        }
    }
    return home;
}

// A mentioned account has fewer fields than an author; if the author mentions
// themselves, the author's fields are used. An account known only by a name within an
// unknown instance is left out.
static struct post_user
make_mentioned(struct decode_run *run, const struct mastodon_toot *status,
               const struct mastodon_account *mentioned, struct slice home)
{
    bool is_author = decode_run_number_target(mentioned->id).len != 0 &&
                     slice_equal(status->account->id, mentioned->id);
    struct post_user user =
        is_author ? make_author(run, status) : make_user(run, mentioned, home);
    if (slice_is_none(user.id) && mentioned->acct.len != 0) {
        decode_run_drop(run);
    }
    return user;
}

// The id of the answered post is the instance's own; its author is the author of the
// reply or one of those mentioned.
static struct post_ref
replied_by(struct decode_run *run, const struct mastodon_toot *status,
           struct slice home)
{
    struct post_ref ref = {
        .alias = decode_run_id(run, decode_run_number_target(status->in_reply_to_id)),
        .created = USEC_NONE};
    const struct mastodon_account author = {
        .id = decode_run_number_target(status->in_reply_to_account_id)};
    const struct mastodon_account *mentions = status->mentions.items;
    if (slice_is_none(ref.alias) || author.id.len == 0) {
        return ref;
    }
    ref.author = make_mentioned(run, status, &author, home);
    for (size_t i = 0; i < status->mentions.count && slice_is_none(ref.author.id);
         i++) {
        if (slice_equal(mentions[i].id, author.id)) {
            ref.author = make_mentioned(run, status, &mentions[i], home);
        }
    }
    return ref;
}

static void
add_content(struct decode_run *run, struct post *post,
            const struct mastodon_toot *status)
{
    const struct mastodon_account *mentions = status->mentions.items;
    const struct mastodon_tag *tags = status->tags.items;
    post->text = text_of(run, status);
    post->reported = decode_run_reported(run, status->reblogs_count,
                                         status->quotes_count, &post->has_reported);
    post->quote = quoted_by(run, status, 1);
    struct slice home = home_of(run, status);
    post->reply_to = replied_by(run, status, home);
    decode_run_mentions(run, post, status->mentions.count);
    for (size_t i = 0; i < status->mentions.count; i++) {
        struct post_user user = make_mentioned(run, status, &mentions[i], home);
        decode_run_mention(run, post, &user);
    }
    decode_run_hashtags(run, post, status->tags.count);
    for (size_t i = 0; i < status->tags.count; i++) {
        decode_run_hashtag(run, post, tags[i].name);
    }
    decode_campaigns_of_post(run, post, linked_by(run, status));
}

static void
keep_status(struct decode_run *run, const struct mastodon_toot *status)
{
    struct post *post = decode_run_post(run);
    post->id = uri_id(run, status);
    post->alias = alias_of(run, status);
    post->time = decode_run_time(run, status->created_at);
    post->lang = decode_run_name(run, status->language);
    if (status->account != NULL) {
        post->author = make_author(run, status);
    }
    if (status->reblog != NULL) {
        post->kind = POST_RETWEETED;
        post->retweet_of = make_ref(run, status->reblog, 0);
        post->text = post->retweet_of.text;
    } else {
        add_content(run, post, status);
    }
    decode_run_keep(run);
}

static void
keep_deletion(struct decode_run *run, struct slice id)
{
    struct post *post = decode_run_post(run);
    post->kind = POST_DELETED;
    post->alias = decode_run_id(run, decode_run_number_target(id));
    decode_run_keep(run);
}

// Pleroma and its successors have events of their own.
static enum decode_control
control_of(struct slice event)
{
    static const struct slice others[] = {
        {"filters_changed", 15},       {"announcement", 12},
        {"announcement.reaction", 21}, {"announcement.delete", 19},
        {"encrypted_message", 17},     {"notifications_merged", 20}};
    if (slice_equal(event, SLICE_LIT("status.update"))) {
        return DECODE_CONTROL_UPDATE;
    }
    if (slice_equal(event, SLICE_LIT("notification")) ||
        slice_equal(event, SLICE_LIT("conversation"))) {
        return DECODE_CONTROL_NOTIFICATION;
    }
    bool is_known = slice_starts(event, SLICE_LIT("pleroma:")) ||
                    slice_is_one_of(event, others, sizeof(others) / sizeof(others[0]));
    return is_known ? DECODE_CONTROL_OTHER : DECODE_CONTROL_UNKNOWN_EVENT;
}

// The fields that every status has.
static bool
is_status(const struct mastodon_toot *status)
{
    return !slice_is_none(status->uri) && !slice_is_none(status->created_at) &&
           status->account != NULL;
}

static void
read_status(struct decode_run *run, const struct mastodon_toot *status)
{
    if (!is_status(status)) {
        decode_run_refuse(run, DECODE_REASON_FORMAT);
    } else if (decode_run_room(run, 1)) {
        keep_status(run, status);
    }
}

static bool
is_around_id(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n' || byte == '"';
}

// An id alone, perhaps in quotes; or several with white space between them.
static void
keep_deletions(struct decode_run *run, struct slice data)
{
    size_t count = 0;
    size_t at = 0;
    do {
        while (at < data.len && is_around_id(data.ptr[at])) {
            at++;
        }
        size_t end = at;
        while (end < data.len && !is_around_id(data.ptr[end])) {
            end++;
        }
        bool is_id = end != at || count == 0; // no id at all is a bad one
        if (is_id && decode_run_room(run, 1)) {
            keep_deletion(run, (struct slice){data.ptr + at, end - at});
        }
        count++;
        at = end;
    } while (at < data.len);
}

void
decode_mastodon_event(struct decode_run *run, struct slice event, struct slice data)
{
    struct mastodon_message message;
    event = decode_run_word(run, event);
    if (slice_equal(event, SLICE_LIT("delete"))) {
        keep_deletions(run, data);
    } else if (!slice_equal(event, SLICE_LIT("update"))) {
        decode_run_control(run, control_of(event));
    } else if (decode_run_open(run, data) &&
               decode_run_json(run, &decode_mastodon_shape_table, &message)) {
        read_status(run, &message.status);
    }
}

// Moves event and payload to where the next message may be read from.
static void
read_envelope(struct decode_run *run, const struct mastodon_message *message)
{
    size_t len = message->payload.len;
    bool is_read =
        slice_equal(decode_run_word(run, message->event), SLICE_LIT("update"));
    if (is_read && len == 0) {
        bool is_given = !slice_is_none(message->payload);
        decode_run_refuse(run, is_given ? DECODE_REASON_VALUE : DECODE_REASON_MISSING);
        return;
    }
    char *copy = arena_alloc(&run->arena, 1, len + JSON_PADDING);
    if (copy == NULL) {
        decode_run_refuse(run, DECODE_REASON_MEMORY);
        return;
    }
    memset(copy + len, 0, JSON_PADDING);
    if (len != 0) {
        memcpy(copy, message->payload.ptr, len);
    }
    run->event = arena_join(&run->arena, message->event, SLICE_LIT(""));
    run->payload = (struct slice){copy, len};
}

void
decode_mastodon_read(struct decode_run *run)
{
    struct mastodon_message message;
    if (!decode_run_json(run, &decode_mastodon_shape_table, &message)) {
        return;
    }
    if (message.error) {
        decode_run_control(run, DECODE_CONTROL_ERROR);
    } else if (!slice_is_none(message.event)) {
        read_envelope(run, &message);
    } else {
        read_status(run, &message.status);
    }
}
