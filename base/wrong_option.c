#include "base/wrong_option.h"

#include <stdbool.h>
#include <string.h>

#include "base/similar.h"

static struct slice
nearest(const struct option *options, struct slice name)
{
    struct similar similar;
    similar_init(&similar, name);
    for (; options->name != NULL; options++) {
        similar_offer(&similar, slice_of(options->name));
    }
    return similar.nearest;
}

enum status
wrong_option_explain(const struct wrong_option *wrong, const struct option *options,
                     struct error *error)
{
    const struct slice shown = {wrong->word, strcspn(wrong->word, "=")};
    const char *what = "there is no such option";
    bool is_long = strncmp(wrong->word, "--", 2) == 0;
    if (wrong->found == ':') {
        what = "the option lacks its argument";
    } else if (wrong->letter != 0 && is_long && wrong->word[shown.len] == '=') {
        what = "the option has no argument"; // as in --quiet=1
    } else if (wrong->letter != 0) {
        return error_set(error, STATUS_PARSE, "-%c: %s", wrong->letter, what);
    } else {
        struct slice meant =
            nearest(options, (struct slice){shown.ptr + 2, shown.len - 2});
        if (meant.len != 0) {
            return error_set(error, STATUS_PARSE, "%.*s: %s; did you mean --%.*s?",
                             SLICE_ARG(shown), what, SLICE_ARG(meant));
        }
    }
    return error_set(error, STATUS_PARSE, "%.*s: %s", SLICE_ARG(shown), what);
}
