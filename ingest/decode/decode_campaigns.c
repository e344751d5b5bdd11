#include "ingest/decode/decode_campaigns.h"

#include "ingest/decode/decode_found.h"
#include "ingest/text/campaign_words.h"

static bool
is_looked_for(const struct decode_run *run)
{
    return run->campaigns != NULL && campaign_words_are_given(run->campaigns);
}

uint64_t
decode_campaigns_of_address(struct decode_run *run, struct slice address)
{
    return is_looked_for(run)
               ? campaign_words_of_address(run->campaigns, &run->arena, address)
               : 0;
}

static void
add(struct post_campaigns *campaigns, struct campaign_words_set set)
{
    campaigns->found |= set.own;
    campaigns->rivals |= set.rivals;
}

// The campaigns of a text and its language.
static struct post_campaigns
find(struct decode_run *run, struct slice text, struct slice language)
{
    const struct campaign_words *words = run->campaigns;
    struct campaign_words_set set = campaign_words_in_text(words, &run->arena, text);
    return (struct post_campaigns){
        .found = set.own | campaign_words_in_links(words, &run->arena, text),
        .rivals = set.rivals,
        .spoken = campaign_words_of_language(words, &run->arena, language),
        .order = words->order,
    };
}

void
decode_campaigns_of_post(struct decode_run *run, struct post *post, uint64_t found)
{
    const struct campaign_words *words = run->campaigns;
    if (!is_looked_for(run)) {
        return;
    }
    struct post_campaigns campaigns = find(run, post->text, post->lang);
    for (size_t i = 0; i < post->hashtag_count; i++) {
        add(&campaigns, campaign_words_of_hashtag(words, post->hashtags[i]));
    }
    for (size_t i = 0; i < post->mention_count; i++) {
        add(&campaigns,
            campaign_words_of_handle(words, &run->arena, post->mentions[i].handle));
    }
    campaigns.found |= found | post->campaigns.found;
    post->campaigns = campaigns;
}

struct post_campaigns
decode_campaigns_of_ref(struct decode_run *run, const struct post_ref *ref,
                        uint64_t found)
{
    const struct campaign_words *words = run->campaigns;
    if (!is_looked_for(run)) {
        return (struct post_campaigns){0};
    }
    struct post_campaigns campaigns = find(run, ref->text, ref->lang);
    size_t count = 0;
    const struct text_entity *tags =
        words->counts[CAMPAIGN_WORDS_TAGS] != 0
            ? decode_found_all(run, text_hashtags, ref->text, &count)
            : NULL;
    for (size_t i = 0; i < count; i++) {
        add(&campaigns,
            campaign_words_of_hashtag(words, text_hashtag(&run->arena, tags[i].name)));
    }
    count = 0;
    const struct text_entity *mentions =
        words->counts[CAMPAIGN_WORDS_HANDLES] != 0
            ? decode_found_all(run, text_mentions, ref->text, &count)
            : NULL;
    for (size_t i = 0; i < count; i++) {
        add(&campaigns, campaign_words_of_handle(words, &run->arena, mentions[i].name));
    }
    campaigns.found |= found;
    return campaigns;
}
