#include "base/automaton.h"

#include <stdlib.h>

// The words that pass through a state: they are next to each other, and equal in the
// first `depth` bytes.
struct range {
    uint32_t first;
    uint32_t end;
    uint32_t depth;
};

// Appends the children of a state.
static void
add_children(struct automaton *automaton, struct range *ranges, uint32_t *count,
             uint32_t state, const struct slice *words)
{
    struct automaton_state *row = &automaton->states[state];
    const struct range range = ranges[state];
    uint32_t at = range.first;
    row->word = AUTOMATON_NONE;
    if (at != range.end && words[at].len == range.depth) {
        row->word = at++; // the shortest is the first
    }
    row->first = *count;
    while (at != range.end) {
        unsigned char label = (unsigned char)words[at].ptr[range.depth];
        uint32_t child = (*count)++;
        ranges[child] = (struct range){at, at, range.depth + 1};
        automaton->labels[child] = label;
        while (at != range.end && (unsigned char)words[at].ptr[range.depth] == label) {
            at++;
        }
        ranges[child].end = at;
    }
    row->children = *count - row->first;
}

// Nearer states come first, so the ends of shorter words are known.
static void
link_states(struct automaton *automaton, uint32_t count)
{
    struct automaton_state *states = automaton->states;
    for (uint32_t state = 0; state < count; state++) {
        for (uint32_t i = 0; i < states[state].children; i++) {
            uint32_t child = states[state].first + i;
            unsigned char label = automaton->labels[child];
            uint32_t fail =
                state != 0 ? automaton_next(automaton, states[state].fail, label) : 0;
            states[child].fail = fail;
            states[child].shorter = automaton_found(automaton, fail);
        }
    }
}

static void
build(struct automaton *automaton, struct range *ranges, const struct slice *words,
      size_t word_count)
{
    uint32_t count = 1;
    ranges[0] = (struct range){0, (uint32_t)word_count, 0};
    for (uint32_t state = 0; state < count; state++) {
        add_children(automaton, ranges, &count, state, words);
    }
    for (uint32_t i = 0; i < automaton->states[0].children; i++) {
        uint32_t child = automaton->states[0].first + i;
        automaton->root[automaton->labels[child]] = child;
    }
    link_states(automaton, count);
}

bool
automaton_init(struct automaton *automaton, const struct slice *words, size_t count)
{
    size_t states = 1;
    memset(automaton, 0, sizeof(*automaton));
    for (size_t i = 0; i < count; i++) {
        states += words[i].len;
    }
    if (count == 0) {
        return true;
    }
    struct range *ranges = calloc(states, sizeof(*ranges));
    automaton->states = calloc(states, sizeof(*automaton->states));
    automaton->labels = calloc(states, 1);
    bool is_built =
        ranges != NULL && automaton->states != NULL && automaton->labels != NULL;
    if (is_built) {
        build(automaton, ranges, words, count);
    } else {
        automaton_fini(automaton);
    }
    free(ranges);
    return is_built;
}

void
automaton_fini(struct automaton *automaton)
{
    free(automaton->states);
    free(automaton->labels);
    memset(automaton, 0, sizeof(*automaton));
}
