// Prints what text.h finds, so that a script can compare it with other people's cases.
//
// Input: records, each ended by NUL: a letter (m mentions, h hashtags, r reply), then
// the text. Output: a line each: the finds parted by tabs, as start:end:name (a reply:
// name only); start and end in bytes.
#include "ingest/text/text.h"

#include <stdio.h>
#include <stdlib.h>

enum { FINDS_MAX = 256 };

static void
dump_entities(struct slice text,
              size_t (*find)(struct slice, struct text_entity *, size_t))
{
    static struct text_entity finds[FINDS_MAX];
    size_t count = find(text, finds, FINDS_MAX);
    for (size_t i = 0; i < count && i < FINDS_MAX; i++) {
        printf("%s%zu:%zu:%.*s", i > 0 ? "\t" : "", finds[i].start, finds[i].end,
               SLICE_ARG(finds[i].name));
    }
}

static void
dump(char kind, struct slice text)
{
    struct slice handle;
    if (kind == 'm') {
        dump_entities(text, text_mentions);
    } else if (kind == 'h') {
        dump_entities(text, text_hashtags);
    } else if (kind == 'r' && text_reply_to(text, &handle)) {
        printf("%.*s", SLICE_ARG(handle));
    }
    putchar('\n');
}

int
main(void)
{
    char *record = NULL;
    size_t capacity = 0;
    ssize_t size;
    while ((size = getdelim(&record, &capacity, '\0', stdin)) > 1) {
        size_t len = (size_t)size - (record[size - 1] == '\0');
        dump(record[0], (struct slice){record + 1, len - 1});
    }
    free(record);
    return 0;
}
