// Passes the events of a cascade to SEISMIC.
#include "pipeline/forecast/forecast.h"

#include <math.h>

#include "pipeline/forecast/seismic.h"

enum { SIXTH = SEISMIC_WINDOW_EVENTS + 1 };

// The input of an estimate; times in seconds since the root.
struct scene {
    const struct forecast *forecast;
    const struct reshare *rows;
    const struct reshare_bucket *buckets;
    uint32_t bucket_count;
    uint32_t count;
    uint32_t before; // events of the list before `now`
    uint32_t median;
    double now;
};

static double
seconds(const struct scene *scene, uint32_t time)
{
    return fmax(0, reshares_span(scene->forecast->born, time) / 1000.0);
}

// Mean time of `weight` events or followers whose offsets from the start have that sum.
static double
mean(const struct scene *scene, const struct reshare_bucket *bucket, double offsets,
     double weight)
{
    double start = reshares_span(scene->forecast->born, bucket->start);
    return fmax(0, (start + offsets / weight) / 1000);
}

static double
mean_of_all(const struct scene *scene, const struct reshare_bucket *bucket)
{
    return mean(scene, bucket, (double)bucket->offsets, bucket->count);
}

// The time of the sixth newest event before `now`, approximate if it is merged; 0: the
// root. If most listed events were taken back, almost all events may be merged, and
// late events may be in the list among these.
static double
sixth_newest(const struct scene *scene)
{
    uint32_t at = scene->before;
    uint32_t bucket = scene->bucket_count;
    uint32_t left = SIXTH;
    while (at != 0 || bucket != 0) {
        double listed = at != 0 ? seconds(scene, scene->rows[at - 1].time) : -1;
        double merged =
            bucket != 0 ? mean_of_all(scene, &scene->buckets[bucket - 1]) : -1;
        uint32_t count = listed >= merged ? 1 : scene->buckets[bucket - 1].count;
        if (left <= count) {
            return fmax(listed, merged);
        }
        left -= count;
        at -= listed >= merged;
        bucket -= listed < merged;
    }
    return 0;
}

// Length of the window, or 0 if there are too few events for an estimate. With fewer
// than six events before `now`, which the root is one of, it begins at the root.
static double
window_of(const struct scene *scene)
{
    double window = seismic_window(scene->now);
    uint32_t merged = scene->forecast->merged.events;
    if (scene->count + merged < SEISMIC_WINDOW_EVENTS || scene->before + merged == 0) {
        return 0;
    }
    uint64_t inside = 0;
    uint32_t at = scene->before;
    while (at != 0 && seconds(scene, scene->rows[at - 1].time) >= scene->now - window) {
        inside++;
        at--;
    }
    for (uint32_t i = scene->bucket_count; at == 0 && i-- > 0;) {
        const struct reshare_bucket *bucket = &scene->buckets[i];
        inside += mean_of_all(scene, bucket) >= scene->now - window ? bucket->count : 0;
    }
    if (inside >= SEISMIC_WINDOW_EVENTS) {
        return window;
    }
    return scene->now - sixth_newest(scene);
}

// False if it is not known how many people were shown the post.
static bool
expose(const struct scene *scene, struct seismic *seismic, double time,
       uint32_t followers)
{
    if (followers == RESHARES_UNKNOWN) {
        followers = scene->median;
    }
    if (followers == RESHARES_UNKNOWN) {
        return false;
    }
    seismic_expose(seismic, time, followers);
    return true;
}

static bool
expose_merged(const struct scene *scene, struct seismic *seismic)
{
    for (uint32_t i = 0; i < scene->bucket_count; i++) {
        const struct reshare_bucket *bucket = &scene->buckets[i];
        seismic_carry(seismic, mean_of_all(scene, bucket), bucket->count);
        if (bucket->followers != 0) {
            double amplifiers = (double)bucket->followers;
            seismic_expose(seismic, mean(scene, bucket, bucket->weighted, amplifiers),
                           amplifiers);
        }
        if (bucket->unknown != 0) {
            if (scene->median == RESHARES_UNKNOWN) {
                return false;
            }
            double time =
                mean(scene, bucket, (double)bucket->unknown_offsets, bucket->unknown);
            seismic_expose(seismic, time, (double)scene->median * bucket->unknown);
        }
    }
    return true;
}

static bool
ask(const struct scene *scene, struct seismic_answer *ret_answer)
{
    struct seismic seismic;
    double window = window_of(scene);
    seismic_begin(&seismic, scene->now, window);
    if (window <= 0 || !expose(scene, &seismic, 0, scene->forecast->root) ||
        !expose_merged(scene, &seismic)) {
        return false;
    }
    for (uint32_t i = 0; i < scene->count; i++) {
        double time = seconds(scene, scene->rows[i].time);
        seismic_carry(&seismic, time, 1);
        if (!expose(scene, &seismic, time, scene->rows[i].followers)) {
            return false;
        }
    }
    return seismic_estimate(&seismic, ret_answer);
}

// How many events are later than that part of the age.
static uint64_t
later_than(const struct scene *scene, double part)
{
    double time = scene->now * part;
    uint64_t later = 0;
    for (uint32_t i = scene->count;
         i-- > 0 && seconds(scene, scene->rows[i].time) > time;) {
        later++;
    }
    for (uint32_t i = scene->bucket_count; i-- > 0;) {
        const struct reshare_bucket *bucket = &scene->buckets[i];
        later += mean_of_all(scene, bucket) > time ? bucket->count : 0;
    }
    return later;
}

static double
trend_of(const struct scene *scene)
{
    double last = (double)later_than(scene, 0.75);
    double before = (double)later_than(scene, 0.5) - last;
    return log((last + 1) / (before + 1));
}

struct forecast_outlook
forecast_estimate(struct forecast *forecast, const struct forecast_events *events,
                  uint32_t now, uint32_t median)
{
    struct scene scene = {
        .forecast = forecast,
        .rows = reshares_rows(events->reshares, events->slab),
        .buckets = reshare_buckets_rows(&forecast->merged, events->slab),
        .count = events->reshares->count,
        .median = median,
    };
    scene.bucket_count = scene.buckets == NULL ? 0 : forecast->merged.count;
    scene.now = seconds(&scene, now);
    for (scene.before = scene.count;
         scene.before != 0 &&
         seconds(&scene, scene.rows[scene.before - 1].time) >= scene.now;) {
        scene.before--;
    }
    struct seismic_answer answer = {NAN, NAN};
    if (!ask(&scene, &answer)) {
        answer = (struct seismic_answer){NAN, NAN};
    }
    forecast->infectiousness = answer.infectiousness;
    return (struct forecast_outlook){answer.reach, trend_of(&scene)};
}
