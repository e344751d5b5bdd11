// Infectiousness of a post and forecast of the final size of its cascade: SEISMIC of
// Zhao et al., KDD 2015, with the constants and the weights of the R package seismic
// 1.1.
//
// A reshare at time t_i shows the post to n_i followers, who react after a delay with
// the density
//     phi(s) = c for s <= s0,  c (s/s0)^-(1+th) beyond;  c = 0.0006265725 /s,
//     s0 = 300 s, th = 0.2314843.
// With K(s) = 1 - s/w over the last w seconds, and J_i the exposures of that window,
//     p = sum over reshares of K(t - t_i) / sum over reshares and root of n_i J_i.
// The exposures that have not had their effect yet are U = sum of n_i ccdf(t - t_i).
// They will cause p U reshares themselves. The paper's forecast of the final size,
// R + p U / (1 - 100 p), is not used, since its error is greater than that of
// pipeline/forecast/calibration.h. At 100 p >= 1 every reshare causes more than one
// other: the cascade is supercritical.
//
// All times are in seconds since the root. Call begin, then add the root and every
// reshare (or several at their mean time) once, then call seismic_estimate.
#pragma once

#include <stdbool.h>

enum { SEISMIC_WINDOW_EVENTS = 5 };

struct seismic {
    double now;
    double window;
    double carried; // sum of K
    double exposed; // sum of n J
    double waiting; // U
};

struct seismic_answer {
    double infectiousness;
    double reach; // p U
};

// The length of the window at that age, if it contains SEISMIC_WINDOW_EVENTS reshares:
// half of the age, from 5 minutes to 2 hours. Otherwise the window begins at the sixth
// last event, the root included.
double seismic_window(double now);

void seismic_begin(struct seismic *seismic, double now, double window);

// Adds `count` reshares at `time`; not for the root.
void seismic_carry(struct seismic *seismic, double time, double count);
// Adds `followers` people who were shown the post at `time`.
void seismic_expose(struct seismic *seismic, double time, double followers);

// False if no one was shown the post in the window: nothing is known then.
bool seismic_estimate(const struct seismic *seismic, struct seismic_answer *ret_answer);

bool seismic_is_supercritical(double infectiousness);
