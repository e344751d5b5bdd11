// A crowd: native posts of 1 000 000 people within 24 hours, every message one
// interaction: half retweets, three tenths posts that mention somebody, a tenth each
// quotes and replies. Whom they mention and carry is heavy-tailed; nobody carries the
// same post twice.
//
// usage: crowd MESSAGES    (written to standard output; the same every time)
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PEOPLE = 1000000,
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

// Everybody writes in turn, so that nobody is left out.
static uint32_t
next_author(void)
{
    static uint32_t turn = 0;
    return turn++ % PEOPLE;
}

static void
print_message(uint32_t number, uint32_t messages, uint32_t *carried)
{
    int64_t time = START_MS + (int64_t)number * (DAY_MS - 60000) / messages;
    uint64_t kind = random_next() % 10;
    uint32_t root = heavy_tailed(ROOTS);
    uint32_t person = kind < 7 ? next_carrier(carried, root) : next_author();
    printf("{\"id\":\"x:%" PRIu64 "\",\"time\":%" PRId64 ",\"author\":",
           OWN_POST_BASE + number, time);
    print_user(person);
    if (kind < 5) {
        print_root("retweet_of", root);
    } else if (kind < 7) {
        printf(",\"text\":\"What do you make of this, number %" PRIu32 "?\"", number);
        print_root(kind == 5 ? "quote_of" : "reply_to", root);
    } else {
        uint32_t named = heavy_tailed(PEOPLE);
        named = named == person ? (named + 1) % PEOPLE : named;
        printf(",\"text\":\"Good morning from the harbour\",\"mentions\":[");
        print_user(named);
        printf("]");
    }
    printf("}\n");
}

int
main(int argc, char **argv)
{
    uint32_t messages = argc == 2 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    if (messages == 0) {
        (void)fputs("usage: crowd MESSAGES\n", stderr);
        return 64;
    }
    uint32_t *carried = calloc(ROOTS, sizeof *carried);
    if (carried == NULL) {
        return 71;
    }
    for (uint32_t i = 0; i < messages; i++) {
        print_message(i, messages, carried);
    }
    free(carried);
    return fflush(stdout) == 0 ? 0 : 74;
}
