#include "pipeline/carriers/decay.h"

#include <math.h>

enum {
    HALVINGS_MAX = 1100, // of a double: then it is 0
    DOUBLINGS_MAX = 256, // of a factor: a product with a weight stays finite
};

// 2^((time - landmark) / half_life), as a number from 1 to 2 and a power of two. The
// first does not depend on where the landmark is, as it moves by whole half-lives.
static double
split(const struct decay *decay, usec time, int64_t *ret_power)
{
    int64_t power = usec_floor_div(time - decay->landmark, decay->half_life);
    usec rest = time - decay->landmark - power * decay->half_life;
    *ret_power = power;
    return exp2((double)rest / (double)decay->half_life);
}

int64_t
decay_reach(struct decay *decay, usec time)
{
    if (decay->landmark == USEC_NONE) {
        decay->landmark = time;
    }
    int64_t power = usec_floor_div(time - decay->landmark, decay->half_life);
    if (power < DECAY_SPAN) {
        return 0;
    }
    decay->landmark += power * decay->half_life;
    return power;
}

double
decay_weight(const struct decay *decay, usec time)
{
    int64_t power;
    double weight = split(decay, time, &power);
    if (power < -HALVINGS_MAX) {
        return 0;
    }
    return ldexp(weight, (int)(power < DECAY_SPAN ? power : DECAY_SPAN));
}

double
decay_factor(const struct decay *decay, usec time)
{
    int64_t power;
    if (decay->landmark == USEC_NONE) {
        return 1;
    }
    double weight = split(decay, time, &power);
    if (power > HALVINGS_MAX) {
        return 0;
    }
    return ldexp(1 / weight, (int)(power > -DOUBLINGS_MAX ? -power : DOUBLINGS_MAX));
}

double
decay_halved(double value, int64_t halvings)
{
    const int64_t most = INT64_C(2) * HALVINGS_MAX; // leaves nothing
    return ldexp(value, -(int)(halvings < most ? halvings : most));
}

void
decay_step(struct decay *decay, usec old, usec clock)
{
    if (decay->landmark != USEC_NONE) {
        decay->landmark += clock - old;
    }
}
