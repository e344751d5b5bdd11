// Prints to standard error what a replay forecasts, for tests/bench/run forecast. Linked
// with tests/oracle/fold.c, which replays; the linker passes three functions of the
// pipeline through this file (--wrap). For each closed cascade, one line for each age at
// which forecasts are learnt:
//
//     minutes  R  final  raw  shipped  forecast  low  high  learnt
//
// raw: the forecast of the SEISMIC paper, inf if the cascade is supercritical. shipped:
// as if nothing were learnt. forecast, low and high: as they were published at that age;
// learnt is 1 if closed cascades decided about them.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "pipeline/forecast/calibration.h"
#include "pipeline/forecast/forecast.h"

enum { SLOTS = 1 << 20 };

struct row {
    double raw;
    double shipped;
    struct calibration_answer answer;
    double reshares;
    bool is_learnt;
};

// What was forecast of the cascade whose forecast is at that address.
struct slot {
    const struct forecast *forecast;
    uint32_t born;
    struct row rows[FORECAST_ANCHORS];
};

static struct slot slots[SLOTS];
static const struct forecast *current; // of the last estimate
static double infectiousness;

struct forecast_outlook __real_forecast_estimate(struct forecast *forecast,
                                                 const struct forecast_events *events,
                                                 uint32_t now, uint32_t median);
struct forecast_outlook __wrap_forecast_estimate(struct forecast *forecast,
                                                 const struct forecast_events *events,
                                                 uint32_t now, uint32_t median);
struct calibration_answer
__real_calibration_size(const struct calibration *calibration, usec age,
                        const struct final_sizes_input *input);
struct calibration_answer
__wrap_calibration_size(const struct calibration *calibration, usec age,
                        const struct final_sizes_input *input);
void __real_calibration_learn(struct calibration *calibration,
                              const struct forecast *forecast,
                              struct calibration_close close);
void __wrap_calibration_learn(struct calibration *calibration,
                              const struct forecast *forecast,
                              struct calibration_close close);

static struct slot *
slot_of(const struct forecast *forecast)
{
    uintptr_t hash = (uintptr_t)forecast / 8 * UINT64_C(0x9E3779B97F4A7C15);
    struct slot *slot = &slots[hash >> 44];
    if (slot->forecast != forecast || slot->born != forecast->born) {
        *slot = (struct slot){.forecast = forecast, .born = forecast->born};
    }
    return slot;
}

struct forecast_outlook
__wrap_forecast_estimate(struct forecast *forecast,
                         const struct forecast_events *events, uint32_t now,
                         uint32_t median)
{
    struct forecast_outlook outlook =
        __real_forecast_estimate(forecast, events, now, median);
    current = forecast;
    infectiousness = forecast->infectiousness;
    return outlook;
}

struct calibration_answer
__wrap_calibration_size(const struct calibration *calibration, usec age,
                        const struct final_sizes_input *input)
{
    static const struct final_sizes nothing;
    struct calibration_answer answer = __real_calibration_size(calibration, age, input);
    uint32_t anchor = final_sizes_anchor(age);
    if (anchor < FORECAST_ANCHORS) {
        double rest = 1 - 100 * infectiousness;
        slot_of(current)->rows[anchor] = (struct row){
            .raw = rest > 0 ? input->reshares + input->reach / rest : INFINITY,
            .shipped = final_sizes_estimate(&nothing, age, input),
            .answer = answer,
            .reshares = input->reshares,
            .is_learnt = final_sizes_is_used(&calibration->sizes.ages[anchor].fit),
        };
    }
    return answer;
}

void
__wrap_calibration_learn(struct calibration *calibration,
                         const struct forecast *forecast,
                         struct calibration_close close)
{
    struct slot *slot = slot_of(forecast);
    for (uint32_t i = 0; i < FORECAST_ANCHORS; i++) {
        const struct row *row = &slot->rows[i];
        if (row->reshares > 0) {
            fprintf(stderr, "%d\t%.0f\t%u\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%d\n",
                    (int)(final_sizes_anchor_age(i) / USEC_PER_MIN), row->reshares,
                    (unsigned)close.size, row->raw, row->shipped, row->answer.size,
                    row->answer.low, row->answer.high, row->is_learnt);
        }
    }
    *slot = (struct slot){0};
    __real_calibration_learn(calibration, forecast, close);
}
