#include "pipeline/campaigns/campaign.h"

#include <stddef.h>
#include <string.h>

#include "pipeline/campaigns/outreach_keys.h"

#define AT(member) offsetof(struct campaign, member)

// clang-format off
const struct option campaign_option_rows[] = {
    {"words", OPTION_WORDS, "", 0, OPTION_WORDS_MAX - 1, true, AT(words),
     "Words and phrases of which a post has one; with # or @ only as that hashtag or handle"},
    {"accounts", OPTION_TEXTS, "", 0, OPTION_TEXTS_MAX, true, AT(accounts),
     "Accounts, as ids with their network or as [network:]@handle, that wrote the post or are named in it"},
    {"links", OPTION_TEXTS, "", 0, OPTION_TEXTS_MAX, true, AT(links),
     "Hosts to which a post links; those below them are included"},
    {"languages", OPTION_TEXTS, "", 0, OPTION_TEXTS_MAX, true, AT(languages),
     "Only posts in one of these languages; en includes en-US"},
    {"people_file", OPTION_TEXT, "", 0, OPTION_TEXT_MAX - 1, true, AT(people_file),
     "File with the people one knows already: an id or [network:]@handle a line, or a CSV file whose "
     "first column is one; relative to the folder of the configuration file; read again at SIGHUP"},
    {"outreach", OPTION_COUNT, "50", 1, OUTREACH_MAX, true, AT(outreach),
     "How many people to suggest"},
    {"rivals", OPTION_WORDS, "", 0, OPTION_WORDS_MAX - 1, true, AT(rivals),
     "Words of others, as in words; share compares the posts with them"},
    OPTION_END,
};
// clang-format on

bool
campaign_is_handle(struct slice account)
{
    const char *sign = account.len != 0 ? memchr(account.ptr, '@', account.len) : NULL;
    const char *colon = account.len != 0 ? memchr(account.ptr, ':', account.len) : NULL;
    return sign != NULL && (sign == account.ptr || sign - 1 == colon);
}

static bool
is_before(const struct campaign *campaign, const char *item)
{
    const char *at = NULL;
    while ((at = option_texts_next(&campaign->accounts, at)) != item) {
        if (strcmp(at, item) == 0) {
            return true;
        }
    }
    return false;
}

static enum status
check_accounts(const struct campaign *campaign, struct error *error)
{
    const char *item = NULL;
    while ((item = option_texts_next(&campaign->accounts, item)) != NULL) {
        struct slice account = slice_of(item);
        const char *colon = strchr(item, ':');
        const char *sign = strchr(item, '@');
        bool is_handle = campaign_is_handle(account);
        bool is_named = is_handle ? sign[1] != '\0' : colon != NULL && colon[1] != '\0';
        if (!is_named || colon == item) {
            return error_set(error, STATUS_PARSE,
                             "accounts: \"%.100s\" is neither an id with its network, "
                             "such as x:783214, nor a handle such as @acme",
                             item);
        }
        if (is_before(campaign, item)) {
            return error_set(error, STATUS_RANGE, "accounts: \"%.100s\" is given twice",
                             item);
        }
    }
    return STATUS_OK;
}

enum status
campaign_check(const struct campaign *campaign, struct error *error)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789-_";
    size_t len = strlen(campaign->name);
    if (len == 0 || strspn(campaign->name, letters) != len) {
        return error_set(error, STATUS_PARSE,
                         "the name of a campaign is letters, digits, '-' and '_'");
    }
    if (campaign->words.count + campaign->accounts.count + campaign->links.count == 0) {
        return error_set(error, STATUS_RANGE,
                         "no post can belong to it: give it words, accounts or links");
    }
    return check_accounts(campaign, error);
}

bool
campaign_equal(const struct campaign *one, const struct campaign *other)
{
    bool is_equal = strcmp(one->name, other->name) == 0;
    for (const struct option *row = campaign_option_rows; is_equal && row->name != NULL;
         row++) {
        is_equal = row->offset == AT(people_file) || option_equal(row, one, other);
    }
    return is_equal;
}
