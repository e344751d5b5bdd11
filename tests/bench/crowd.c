// A crowd: native posts of 1 000 000 people within 24 hours, in the proportions of a
// sample of X of 2019: of a hundred interactions 43 are retweets, 3 quotes, 20 replies and
// 34 mentions, 20 of them in replies; every sixteenth message is a post that names nobody.
// Half of the people publish, all of them carry. Whom they mention and carry is
// heavy-tailed; nobody carries the same post twice.
//
// usage: crowd INTERACTIONS [START_MS]    (to standard output; the same every time)
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PEOPLE = 1000000,
    PUBLISHERS = PEOPLE / 2,
    ROOTS = 200000,
    STRIDE = 611953, // coprime to PEOPLE: steps through all of them
    DAY_MS = 24 * 60 * 60 * 1000,
};

#define START_MS INT64_C(1772409600000)
#define USER_BASE UINT64_C(1000000000000000000)
#define POST_BASE UINT64_C(2000000000000000000)
#define OWN_POST_BASE UINT64_C(2100000000000000000)

static uint64_t random_state = 20261122;

// splitmix64 (Steele, Lea & Flood 2014)
static uint64_t
random_next(void)
{
    uint64_t z = (random_state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

// 0 to count - 1, small numbers far more often.
static uint32_t
heavy_tailed(uint32_t count)
{
    double u = (double)(random_next() >> 11) * 0x1p-53;
    return (uint32_t)((double)count * u * u * u);
}

static uint32_t
followers_of(uint32_t person)
{
    return (uint32_t)(UINT64_C(40000000) / ((uint64_t)person + 40));
}

static void
print_user(uint32_t person)
{
    printf("{\"id\":\"x:%" PRIu64 "\",\"handle\":\"person%" PRIu32
           "\",\"followers\":%" PRIu32 "}",
           USER_BASE + person, person, followers_of(person));
}

static uint32_t
author_of_root(uint32_t root)
{
    return (uint32_t)((uint64_t)root * 7919 % PEOPLE);
}

static void
print_root(const char *role, uint32_t root)
{
    printf(",\"%s\":{\"id\":\"x:%" PRIu64 "\",\"author\":", role, POST_BASE + root);
    print_user(author_of_root(root));
    printf(",\"text\":\"The ferry of root %" PRIu32
           " leaves at noon, tell everybody who waits at the pier today\"}",
           root);
}

// The next person to carry this root: every root walks through the crowd with its own
// start.
static uint32_t
next_carrier(uint32_t *carried, uint32_t root)
{
    uint32_t person = 0;
    do {
        uint64_t step = (uint64_t)root * 104729 + (uint64_t)carried[root]++ * STRIDE;
        person = (uint32_t)(step % PEOPLE);
    } while (person == author_of_root(root));
    return person;
}

// Publishers write in turn, so that none of them is left out.
static uint32_t
next_author(void)
{
    static uint32_t turn = 0;
    return turn++ % PUBLISHERS * 2;
}

static void
print_mention(uint32_t person)
{
    printf(",\"mentions\":[");
    print_user(person);
    printf("]");
}

enum kind { RETWEET, QUOTE, REPLY, MENTION, POST };

// Of 84.5 messages that make a hundred interactions.
static enum kind
next_kind(void)
{
    uint64_t draw = random_next() % 845;
    if (draw < 430) {
        return RETWEET;
    }
    if (draw < 460) {
        return QUOTE;
    }
    if (draw < 660) {
        return REPLY;
    }
    return draw < 795 ? MENTION : POST;
}

// Returns how many interactions the message holds.
static uint32_t
print_message(uint32_t number, int64_t time, uint32_t *carried)
{
    enum kind kind = next_kind();
    uint32_t root = heavy_tailed(ROOTS);
    uint32_t person = kind <= QUOTE ? next_carrier(carried, root) : next_author();
    if (kind == REPLY && person == author_of_root(root)) {
        person = next_author();
    }
    printf("{\"id\":\"x:%" PRIu64 "\",\"time\":%" PRId64 ",\"author\":",
           OWN_POST_BASE + number, time);
    print_user(person);
    if (kind == RETWEET) {
        print_root("retweet_of", root);
    } else {
        printf(",\"text\":\"What do you make of this, number %" PRIu32 "?\"", number);
    }
    if (kind == QUOTE) {
        print_root("quote_of", root);
    } else if (kind == REPLY) {
        print_root("reply_to", root);
        print_mention(author_of_root(root));
    } else if (kind == MENTION) {
        uint32_t named = heavy_tailed(PEOPLE);
        print_mention(named == person ? (named + 1) % PEOPLE : named);
    }
    printf("}\n");
    return kind == REPLY ? 2 : kind != POST;
}

int
main(int argc, char **argv)
{
    uint32_t wanted = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    int64_t start = argc == 3 ? strtoll(argv[2], NULL, 10) : START_MS;
    if (wanted == 0 || argc > 3) {
        (void)fputs("usage: crowd INTERACTIONS [START_MS]\n", stderr);
        return 64;
    }
    uint32_t *carried = calloc(ROOTS, sizeof *carried);
    if (carried == NULL) {
        return 71;
    }
    uint32_t done = 0;
    for (uint32_t number = 0; done < wanted; number++) {
        int64_t time = start + (int64_t)done * (DAY_MS - 60000) / wanted;
        done += print_message(number, time, carried);
    }
    free(carried);
    return fflush(stdout) == 0 ? 0 : 74;
}
