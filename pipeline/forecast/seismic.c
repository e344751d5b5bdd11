#include "pipeline/forecast/seismic.h"

#include <math.h>

#define C 0.0006265725
#define S0 300.0
#define TH 0.2314843
#define WINDOW_MIN 300.0
#define WINDOW_MAX 7200.0
#define MEAN_FOLLOWERS 100.0 // n* of the paper

double
seismic_window(double now)
{
    return fmin(fmax(now / 2, WINDOW_MIN), WINDOW_MAX);
}

void
seismic_begin(struct seismic *seismic, double now, double window)
{
    *seismic = (struct seismic){.now = now, .window = window};
}

void
seismic_carry(struct seismic *seismic, double time, double count)
{
    double age = seismic->now - time;
    if (age > 0 && age <= seismic->window) {
        seismic->carried += count * (1 - age / seismic->window);
    }
}

// Integrals over phi(x) (1 - k (t - u)), x = u - t_i, b = 1 - k (t - t_i).
struct weight {
    double k;
    double b;
};

static double
near_part(struct weight weight, double from, double to)
{
    return C * (weight.b * (to - from) + weight.k * (to * to - from * from) / 2);
}

// `power` is (x/s0)^-th.
static double
far_at(struct weight weight, double x, double power)
{
    return C * S0 * power * (weight.k * x / (1 - TH) - weight.b / TH);
}

static double
power_of(double x)
{
    return pow(x / S0, -TH);
}

void
seismic_expose(struct seismic *seismic, double time, double followers)
{
    double age = seismic->now - time;
    if (age < 0 || followers <= 0) {
        return;
    }
    double from = fmax(0, age - seismic->window);
    struct weight weight = {1 / seismic->window, 1 - age / seismic->window};
    double exposed = 0;
    double left = 1 - C * age;
    if (from < S0) {
        exposed = near_part(weight, from, fmin(age, S0));
    }
    if (age > S0) {
        double power = power_of(age);
        double start = fmax(from, S0);
        double before = from > S0 ? power_of(from) : 1;
        exposed += far_at(weight, age, power) - far_at(weight, start, before);
        left = C * S0 / TH * power;
    }
    seismic->exposed += followers * exposed;
    seismic->waiting += followers * left;
}

bool
seismic_estimate(const struct seismic *seismic, struct seismic_answer *ret_answer)
{
    double p = seismic->carried / seismic->exposed;
    double reach = p * seismic->waiting;
    if (seismic->exposed <= 0 || !isfinite(p) || !isfinite(reach)) {
        return false;
    }
    *ret_answer = (struct seismic_answer){.infectiousness = p, .reach = reach};
    return true;
}

bool
seismic_is_supercritical(double infectiousness)
{
    return infectiousness * MEAN_FOLLOWERS >= 1;
}
