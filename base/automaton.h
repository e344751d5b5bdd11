// Finds many words in a text in one pass (Aho and Corasick, 1975).
//
// The words form a tree of states, the root is state 0. A state is the longest
// beginning of a word that ends at the current byte; `fail` leads to the next shorter
// one. The time for a text is linear in its length, plus the number of words found. The
// children of a state are next to each other:
//
//     states: | root | a | b | ac | ad | be | …     labels: | – | a | b | c | d | e | …
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/slice.h"

#define AUTOMATON_NONE UINT32_MAX

struct automaton_state {
    uint32_t first;    // child
    uint32_t children; // how many
    uint32_t fail;
    uint32_t word;    // that ends here, or AUTOMATON_NONE
    uint32_t shorter; // state of the next shorter word that ends here; 0: none
};

struct automaton {
    struct automaton_state *states; // NULL: no words
    unsigned char *labels;          // byte that leads to each state
    uint32_t root[256];             // child of the root for each byte; 0: none
};

// words: sorted bytewise, none twice, none empty, at most 2^31 bytes in all; borrowed.
// False if there is no memory; then the automaton is as after automaton_fini.
bool automaton_init(struct automaton *automaton, const struct slice *words,
                    size_t count);
void automaton_fini(struct automaton *automaton);

// The state after one more byte; begin with 0. There must be words.
static inline uint32_t
automaton_next(const struct automaton *automaton, uint32_t state, unsigned char byte)
{
    while (state != 0) {
        const struct automaton_state *row = &automaton->states[state];
        const unsigned char *labels = automaton->labels + row->first;
        const unsigned char *at = row->children > 1
                                      ? memchr(labels, byte, row->children)
                                  : row->children == 1 && *labels == byte ? labels
                                                                          : NULL;
        if (at != NULL) {
            return row->first + (uint32_t)(at - labels);
        }
        state = row->fail;
    }
    return automaton->root[byte];
}

// The state of the longest word that ends in this state; 0: none does. Its `shorter`
// leads to the others.
static inline uint32_t
automaton_found(const struct automaton *automaton, uint32_t state)
{
    const struct automaton_state *row = &automaton->states[state];
    return row->word != AUTOMATON_NONE ? state : row->shorter;
}
