#include "daemon/campaign_setup.h"

#include "base/hash.h"
#include "daemon/people_file.h"
#include "ingest/text/campaign_words.h"
#include "pipeline/pipeline.h"

_Static_assert((int)CAMPAIGN_WORDS_CAMPAIGNS == (int)CAMPAIGN_MAX, "each has its bit");

typedef enum status (*add_fn)(struct campaign_words *words, unsigned campaign,
                              struct slice item, struct error *error);

// The name of the list before the text of the error.
static enum status
blame(const char *list, const struct error *why, struct error *error)
{
    return error_set(error, why->code, "%s: %s", list, why->text);
}

static enum status
add_words(struct campaign_words *words, unsigned number, const char *name,
          const struct option_words *list, struct error *error)
{
    const char *item = NULL;
    while ((item = option_words_next(list, item)) != NULL) {
        struct error why = {0};
        if (campaign_words_add_word(words, number, slice_of(item), &why) != STATUS_OK) {
            return blame(name, &why, error);
        }
    }
    return STATUS_OK;
}

static enum status
add_texts(struct campaign_words *words, unsigned number,
          const struct campaign *campaign, struct error *error)
{
    const struct {
        const char *name;
        const struct option_texts *texts;
        add_fn add;
    } lists[] = {
        {"links", &campaign->links, campaign_words_add_host},
        {"languages", &campaign->languages, campaign_words_add_language},
        {"accounts", &campaign->accounts, campaign_words_add_account},
    };
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        const char *item = NULL;
        while ((item = option_texts_next(lists[i].texts, item)) != NULL) {
            struct error why = {0};
            // Ids, and handles of one network, are compared by the pipeline.
            bool is_skipped =
                lists[i].add == campaign_words_add_account && item[0] != '@';
            if (!is_skipped &&
                lists[i].add(words, number, slice_of(item), &why) != STATUS_OK) {
                return blame(lists[i].name, &why, error);
            }
        }
    }
    return STATUS_OK;
}

static enum status
add_all(struct campaign_words *words, unsigned number, const struct campaign *campaign,
        struct error *error)
{
    enum status status = add_words(words, number, "words", &campaign->words, error);
    if (status == STATUS_OK) {
        status = add_words(words, number + CAMPAIGN_WORDS_RIVALS, "rivals",
                           &campaign->rivals, error);
    }
    // Posts are looked at even if the campaign has only ids, which the pipeline finds.
    words->campaigns |= UINT64_C(1) << number;
    return status == STATUS_OK ? add_texts(words, number, campaign, error) : status;
}

static size_t
bytes_of(const struct option_words *list)
{
    return list->used - list->count; // each has its end
}

// That the campaigns up to this one have no more words than all may have.
static enum status
check_words(const struct settings *settings, const struct campaign *campaign,
            struct error *error)
{
    size_t words = 0;
    size_t bytes = 0;
    for (const struct campaign *at = settings->campaigns; at <= campaign; at++) {
        words += at->words.count + at->rivals.count;
        bytes += bytes_of(&at->words) + bytes_of(&at->rivals);
    }
    if (words > CAMPAIGN_WORDS_MAX) {
        return error_set(error, STATUS_RANGE,
                         "words: the campaigns up to this one have %zu words; all "
                         "together may have %d",
                         words, CAMPAIGN_WORDS_MAX);
    }
    if (bytes > CAMPAIGN_WORDS_BYTES) {
        return error_set(error, STATUS_RANGE,
                         "words: the words of the campaigns up to this one have %zu "
                         "bytes; all together may have %d",
                         bytes, CAMPAIGN_WORDS_BYTES);
    }
    return STATUS_OK;
}

enum status
campaign_setup_check(const struct settings *settings, const struct campaign *campaign,
                     struct error *error)
{
    enum status status = campaign_check(campaign, error);
    if (status == STATUS_OK) {
        status = check_words(settings, campaign, error);
    }
    if (status == STATUS_OK && campaign->people_file[0] != '\0') {
        struct error why = {0};
        status = people_file_check(campaign->people_file, &why);
        if (status != STATUS_OK) {
            return blame("people_file", &why, error);
        }
    }
    if (status == STATUS_OK) {
        struct campaign_words own;
        campaign_words_init(&own);
        status = add_all(&own, 0, campaign, error);
        campaign_words_fini(&own);
    }
    return status;
}

static uint64_t
mix(uint64_t hash, const char *text)
{
    enum { FACTOR = 31 };
    return hash * FACTOR + hash_known(slice_of(text));
}

// Of all that decides which posts belong to which campaign, in their order.
static uint64_t
hash_campaigns(const struct settings *settings)
{
    uint64_t hash = settings->campaign_count;
    for (size_t i = 0; i < settings->campaign_count; i++) {
        const struct campaign *campaign = &settings->campaigns[i];
        const struct option_words *words[] = {&campaign->words, &campaign->rivals};
        const struct option_texts *texts[] = {&campaign->links, &campaign->languages,
                                              &campaign->accounts};
        hash = mix(hash, campaign->name);
        for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++) {
            const char *item = NULL;
            while ((item = option_words_next(words[k], item)) != NULL) {
                hash = mix(hash, item);
            }
            hash = mix(hash, "");
        }
        for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++) {
            const char *item = NULL;
            while ((item = option_texts_next(texts[k], item)) != NULL) {
                hash = mix(hash, item);
            }
            hash = mix(hash, "");
        }
    }
    return hash;
}

enum status
campaign_setup_apply(const struct settings *settings, struct pipeline *pipeline,
                     struct campaign_words *words, struct error *error)
{
    struct campaign_words next;
    enum status status = STATUS_OK;
    campaign_words_init(&next);
    for (size_t i = 0; i < settings->campaign_count && status == STATUS_OK; i++) {
        status = add_all(&next, (unsigned)i, &settings->campaigns[i], error);
    }
    if (status == STATUS_OK) {
        status = campaign_words_build(&next, error);
    }
    if (status == STATUS_OK) {
        next.order = pipeline_set_campaigns(pipeline, settings->campaigns,
                                            settings->campaign_count);
        if (next.order == 0) {
            status =
                error_set(error, STATUS_NOMEM, "no memory for the counts of campaigns");
        }
    }
    next.hash = hash_campaigns(settings);
    if (status == STATUS_OK) {
        campaign_words_swap(words, &next);
    }
    campaign_words_fini(&next);
    return status;
}
