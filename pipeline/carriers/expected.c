#include "pipeline/carriers/expected.h"

#include <math.h>

#define LAMBDA (6.8e-5 / (double)USEC_PER_S)

enum { EXPONENT_MAX = 50, EXPONENT_MIN = -600 };

static double
weight_of(usec base, struct expected_act act)
{
    double exponent = LAMBDA * (double)(act.time - base);
    return fmax(act.followers, 1) * exp(fmax(exponent, EXPONENT_MIN));
}

// The latest time is at most e^50 ahead of the base.
static usec
base_of(const struct expected_act *acts, size_t count)
{
    usec base = acts[0].time;
    for (size_t i = 1; i < count; i++) {
        if (LAMBDA * (double)(acts[i].time - base) > EXPONENT_MAX) {
            base = acts[i].time;
        }
    }
    return base;
}

struct expected
expected_after(const struct expected_act *acts, size_t count)
{
    struct expected expected = {.begin = base_of(acts, count)};
    expected.base = expected.begin;
    for (size_t i = 0; i < count; i++) {
        expected.weight += weight_of(expected.base, acts[i]);
    }
    return expected;
}

void
expected_add(struct expected *expected, struct expected_act act)
{
    double exponent = LAMBDA * (double)(act.time - expected->base);
    if (exponent > EXPONENT_MAX) {
        expected->weight *= exp(fmax(-exponent, EXPONENT_MIN));
        expected->weight = fmax(expected->weight, exp(EXPONENT_MIN));
        expected->base = act.time;
    }
    double moved = LAMBDA * (double)(expected->base - expected->begin);
    expected->later += exp(-moved) / expected->weight;
    expected->weight += weight_of(expected->base, act);
}

void
expected_children(const struct expected_act *acts, size_t count,
                  const struct expected *rest, double *ret_children)
{
    double before = 0; // first W, then C
    for (size_t i = 0; i < count; i++) {
        before += weight_of(rest->begin, acts[i]);
        ret_children[i] = before;
    }
    double later = rest->later;
    for (size_t i = count; i-- != 0;) {
        double children = weight_of(rest->begin, acts[i]) * later;
        if (i != 0) {
            later += 1 / ret_children[i - 1];
        }
        ret_children[i] = children;
    }
}
