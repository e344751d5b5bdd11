// Prints every post of its input as text, for tests: messages one a line, from standard
// input.
//
//     decode_dump [--counts] [--campaigns FILE] [FORMAT]
//
// A line "event: NAME" gives the next line the name of a server-sent event. Bytes that
// do not print in ASCII are written "\xHH", so that equal output means equal bytes.
// Absent fields are left out. An empty line ends each message. With --counts only sums
// are printed. FILE has a line for each word of a campaign, "NUMBER KIND TEXT", with the
// kinds word, link, language and account: then the campaigns of posts are printed.

#include "ingest/decode/decode.h"
#include "ingest/decode/decode_format.h"
#include "ingest/decode/decode_words.h"
#include "ingest/json/json.h"
#include "ingest/text/campaign_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct counts {
    uint64_t posts, retweets, quotes, replies, mentions, hashtags, deletions, control,
        refused;
};

static void
print_text(const char *name, struct slice text)
{
    if (slice_is_none(text)) {
        return;
    }
    printf(" %s=\"", name);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') {
            printf("\\x%02x", c);
        } else {
            putchar(c);
        }
    }
    putchar('"');
}

static void
print_user(const char *name, const struct post_user *user)
{
    if (slice_is_none(user->id) && slice_is_none(user->handle) &&
        slice_is_none(user->name) && !user->has_followers) {
        return;
    }
    printf(" %s{", name);
    print_text("id", user->id);
    print_text("handle", user->handle);
    print_text("name", user->name);
    if (user->has_followers) {
        printf(" followers=%" PRIu32, user->followers);
    }
    printf(" }");
}

static void
print_time(const char *name, usec time)
{
    if (time != USEC_NONE) {
        printf(" %s=%" PRId64, name, time);
    }
}

static void
print_campaigns(const struct post_campaigns *campaigns)
{
    if (campaigns->order != 0) {
        printf(" campaigns{ found=%" PRIx64 " spoken=%" PRIx64 " }", campaigns->found,
               campaigns->spoken & 0xff);
    }
}

static void
print_ref(const char *name, const struct post_ref *ref)
{
    if (slice_is_none(ref->id) && slice_is_none(ref->alias)) {
        return;
    }
    printf("\n  %s", name);
    print_text("id", ref->id);
    print_text("alias", ref->alias);
    print_text("original", ref->original);
    print_user("author", &ref->author);
    print_time("created", ref->created);
    print_text("text", ref->text);
    print_text("lang", ref->lang);
    if (ref->has_reported) {
        printf(" reported=%" PRIu64, ref->reported);
    }
    print_campaigns(&ref->campaigns);
    if (ref->quote != NULL) {
        print_ref("quoting", ref->quote);
    }
}

static void
print_post(const struct post *post)
{
    static const char *const kinds[] = {"post", "retweet", "deletion", "renamed",
                                        "withdrawn"};
    printf("%s", kinds[post->kind]);
    print_text("id", post->id);
    print_text("alias", post->alias);
    print_text("original", post->original);
    print_time("time", post->time);
    print_user("author", &post->author);
    print_text("text", post->text);
    print_text("lang", post->lang);
    if (post->has_reported) {
        printf(" reported=%" PRIu64, post->reported);
    }
    print_campaigns(&post->campaigns);
    print_ref("retweet_of", &post->retweet_of);
    print_ref("quote", &post->quote);
    print_ref("reply_to", &post->reply_to);
    print_text("via", post->via);
    print_text("via_author", post->via_author);
    for (size_t i = 0; i < post->mention_count; i++) {
        printf("\n ");
        print_user("mention", &post->mentions[i]);
    }
    for (size_t i = 0; i < post->hashtag_count; i++) {
        printf("\n ");
        print_text("hashtag", post->hashtags[i]);
    }
    putchar('\n');
}

static bool
is_given(const struct post_ref *ref)
{
    return !slice_is_none(ref->id) || !slice_is_none(ref->alias);
}

static void
count_post(struct counts *counts, const struct post *post)
{
    counts->posts += post->kind == POST_PUBLISHED;
    counts->retweets += post->kind == POST_RETWEETED;
    counts->deletions += post->kind == POST_DELETED;
    counts->quotes += is_given(&post->quote);
    counts->replies += is_given(&post->reply_to);
    counts->mentions += post->mention_count;
    counts->hashtags += post->hashtag_count;
}

static void
read_message(struct decoder *decoder, struct slice event, struct slice data,
             struct counts *counts)
{
    const struct post *posts = NULL;
    size_t count = 0;
    enum decode_reason reason = DECODE_REASON_NONE;
    enum decode_result result =
        decoder_read_event(decoder, event, data, &posts, &count, &reason);
    counts->control += result == DECODE_CONTROL;
    counts->refused += result == DECODE_REFUSED;
    for (size_t i = 0; i < count; i++) {
        count_post(counts, &posts[i]);
    }
}

static void
print_message(struct decoder *decoder, struct slice event, struct slice data,
              struct counts *counts)
{
    (void)counts;
    const struct post *posts = NULL;
    size_t count = 0;
    enum decode_reason reason = DECODE_REASON_NONE;
    const struct decode_metrics before = *decoder_metrics(decoder);
    enum decode_result result =
        decoder_read_event(decoder, event, data, &posts, &count, &reason);
    for (size_t i = 0; i < count; i++) {
        print_post(&posts[i]);
    }
    const struct decode_metrics *after = decoder_metrics(decoder);
    for (const struct metric *row = decode_metric_rows; row->name != NULL; row++) {
        if (row->labels != NULL &&
            metric_value(row, after) != metric_value(row, &before)) {
            printf("%s %s\n", result == DECODE_POSTS ? "and" : "nothing:", row->labels);
        }
    }
    if (after->details != before.details) {
        printf("dropped details: %" PRIu64 "\n", after->details - before.details);
    }
    putchar('\n');
}

typedef void (*message_fn)(struct decoder *decoder, struct slice event,
                           struct slice data, struct counts *counts);

static void
print_counts(const struct counts *counts)
{
    printf("posts %" PRIu64 "\nretweets %" PRIu64 "\nquotes %" PRIu64
           "\nreplies %" PRIu64 "\nmentions %" PRIu64 "\nhashtags %" PRIu64
           "\ndeletions %" PRIu64 "\ncontrol %" PRIu64 "\nrefused %" PRIu64 "\n",
           counts->posts, counts->retweets, counts->quotes, counts->replies,
           counts->mentions, counts->hashtags, counts->deletions, counts->control,
           counts->refused);
}

// Room behind the line for JSON_PADDING.
static char *
pad(char *line, size_t *size, size_t len)
{
    if (*size < len + JSON_PADDING) {
        *size = len + JSON_PADDING;
        line = realloc(line, *size);
    }
    if (line == NULL) {
        abort();
    }
    memset(line + len, 0, JSON_PADDING);
    return line;
}

static void
read_lines(struct decoder *decoder, message_fn read, struct counts *counts)
{
    const struct slice mark = SLICE_LIT("event: ");
    char *line = NULL;
    size_t size = 0;
    char event[64] = "";
    ssize_t len;
    while ((len = getline(&line, &size, stdin)) >= 0) {
        len -= len > 0 && line[len - 1] == '\n';
        struct slice data = {line, (size_t)len};
        if (slice_starts(data, mark)) {
            (void)snprintf(event, sizeof(event), "%.*s", (int)(len - (ssize_t)mark.len),
                           line + mark.len);
            continue;
        }
        line = pad(line, &size, (size_t)len);
        data.ptr = line;
        read(decoder, slice_of(event), data, counts);
        event[0] = '\0';
    }
    free(line);
}

static enum status
add_word(struct campaign_words *words, const char *kind, unsigned number,
         struct slice text, struct error *error)
{
    if (strcmp(kind, "link") == 0) {
        return campaign_words_add_host(words, number, text, error);
    }
    if (strcmp(kind, "language") == 0) {
        return campaign_words_add_language(words, number, text, error);
    }
    return strcmp(kind, "account") == 0
               ? campaign_words_add_account(words, number, text, error)
               : campaign_words_add_word(words, number, text, error);
}

// A line that is refused is reported, and the others are used.
static bool
read_campaigns(const char *path, struct campaign_words *words)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    struct error error = {0};
    campaign_words_init(words);
    while (file != NULL && (len = getline(&line, &size, file)) > 0) {
        char kind[16];
        unsigned number;
        int start = 0;
        line[len - 1] = '\0';
        error = (struct error){0};
        if (sscanf(line, "%u %15s %n", &number, kind, &start) != 2 ||
            add_word(words, kind, number, slice_of(line + start), &error) !=
                STATUS_OK) {
            printf("refused: %s\n", error.text);
        }
    }
    free(line);
    bool is_read = file != NULL && fclose(file) == 0;
    words->order = 1;
    return campaign_words_build(words, &error) == STATUS_OK && is_read;
}

int
main(int argc, char **argv)
{
    struct campaign_words words = {0};
    enum decode_format format = DECODE_AUTO;
    message_fn read = print_message;
    struct counts counts = {0};
    if (argc > 1 && strcmp(argv[1], "--counts") == 0) {
        read = read_message;
        argc--;
        argv++;
    }
    if (argc > 2 && strcmp(argv[1], "--campaigns") == 0) {
        if (!read_campaigns(argv[2], &words)) {
            return 66;
        }
        argc -= 2;
        argv += 2;
    }
    if (argc > 1 && decode_format_parse(slice_of(argv[1]), &format) != STATUS_OK) {
        fprintf(stderr, "decode_dump: no format %s\n", argv[1]);
        return 64;
    }
    struct decoder *decoder = decoder_create(format, NULL);
    if (decoder == NULL) {
        return 71;
    }
    decoder_find_campaigns(decoder, &words);
    read_lines(decoder, read, &counts);
    decoder_destroy(&decoder);
    campaign_words_fini(&words);
    if (read == read_message) {
        print_counts(&counts);
    }
    return 0;
}
