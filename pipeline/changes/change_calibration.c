// What forecasts have learnt, as a hash.
#include "pipeline/changes/change.h"

bool
change_calibration(struct pipeline *pipeline, struct change *change)
{
    struct calibration *calibration = &pipeline->forecasts.calibration;
    change->kind = CHANGE_CALIBRATION;
    for (uint32_t i = 0; calibration->is_new && i < CALIBRATION_FIELDS; i++) {
        char *text = arena_alloc(&pipeline->flush.scratch, 1, CALIBRATION_TEXT_MAX);
        struct slice value =
            text == NULL ? SLICE_NONE : calibration_text(calibration, i, text);
        if (!slice_is_none(value)) {
            change_put(pipeline, change, calibration_name(i), value);
        }
    }
    calibration->is_new = false;
    if (change->field_count == 0) {
        return false;
    }
    change_fly(pipeline, CHANGE_CALIBRATION, 0);
    return true;
}
