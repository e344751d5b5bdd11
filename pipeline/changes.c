#include "pipeline/changes.h"

#include "pipeline/campaigns/campaign_outreach.h"
#include "pipeline/changes/change.h"
#include "pipeline/changes/change_campaign.h"
#include "pipeline/changes/change_carrier.h"
#include "pipeline/changes/change_outreach.h"
#include "pipeline/changes/key_rule.h"
#include "pipeline/coverage.h"
#include "pipeline/fold/prefetch.h"

// Cascades contain their author's handle.
static void
follow_renames(struct pipeline *pipeline)
{
    if (!pipeline->users.has_renamed_author) {
        return;
    }
    pipeline->users.has_renamed_author = false;
    struct cascades *cascades = &pipeline->cascades;
    for (uint32_t i = 0; i < cascades->high; i++) {
        const struct cascade *row = &cascades->rows[i];
        if (row->author != USER_NONE && (row->flags & CASCADE_WRITTEN) != 0 &&
            (users_at(&pipeline->users, row->author)->profile & USER_RENAMED) != 0) {
            cascades_queue(cascades, i, CASCADE_HANDLE);
        }
    }
    for (uint32_t i = 0; i < cascades->high; i++) {
        if (cascades->rows[i].author != USER_NONE) {
            users_at(&pipeline->users, cascades->rows[i].author)->profile &=
                (uint8_t)~USER_RENAMED;
        }
    }
}

void
changes_begin(struct pipeline *pipeline)
{
    cascades_make_room(&pipeline->cascades, pipeline->clock);
    cascades_advance(&pipeline->cascades, pipeline->clock);
    follow_renames(pipeline);
    change_carrier_renew(pipeline, false);
    campaign_outreach_renew(pipeline, false);
    boards_select(&pipeline->boards);
    change_campaigns_select(pipeline);
    counters_bury(&pipeline->windows.counters);
    tags_sweep(&pipeline->tags, &pipeline->windows);
    pipeline->flush.stage = CHANGES_USERS;
    pipeline->flush.stage_left = pipeline->users.queue.count;
}

// Pulls the change of the next thing; false when the stage is finished.
static bool
stage_step(struct pipeline *pipeline, struct change *change, bool *ret_has_change)
{
    if (pipeline->flush.stage_left == 0) {
        return false;
    }
    pipeline->flush.stage_left--;
    if (pipeline->flush.stage == CHANGES_USERS) {
        prefetch_queued_users(pipeline);
        uint32_t user = queue_pop(&pipeline->users.queue);
        *ret_has_change = change_user(pipeline, user, change);
    } else if (pipeline->flush.stage == CHANGES_CASCADES) {
        prefetch_queued_cascades(pipeline);
        uint32_t cascade = queue_pop(&pipeline->cascades.queue);
        *ret_has_change = change_cascade(pipeline, cascade, change);
    } else if (pipeline->flush.stage == CHANGES_CARRIERS) {
        uint32_t user = queue_pop(&pipeline->carrier_queue);
        *ret_has_change = change_carrier(pipeline, user, change);
    } else if (pipeline->flush.stage == CHANGES_CALIBRATION) {
        *ret_has_change = change_calibration(pipeline, change);
    } else if (pipeline->flush.stage == CHANGES_ALERTS) {
        *ret_has_change = change_alert(pipeline, change);
    } else if (pipeline->flush.stage == CHANGES_CAMPAIGNS) {
        *ret_has_change = change_campaign(pipeline, pipeline->flush.stage_left, change);
    } else if (pipeline->flush.stage == CHANGES_OUTREACH) {
        *ret_has_change = change_outreach(pipeline, pipeline->flush.stage_left, change);
    } else {
        uint32_t board = pipeline->boards.count - pipeline->flush.stage_left - 1;
        *ret_has_change = boards_take_change(&pipeline->boards, board, change);
        if (*ret_has_change) {
            change_fly(pipeline, CHANGE_BOARD, board);
        }
    }
    return true;
}

static void
stage_next(struct pipeline *pipeline)
{
    pipeline->flush.stage++;
    if (pipeline->flush.stage == CHANGES_CASCADES) {
        pipeline->flush.stage_left = pipeline->cascades.queue.count;
    } else if (pipeline->flush.stage == CHANGES_CARRIERS) {
        pipeline->flush.stage_left = pipeline->carrier_queue.count;
    } else if (pipeline->flush.stage == CHANGES_CALIBRATION) {
        pipeline->flush.stage_left = 1;
    } else if (pipeline->flush.stage == CHANGES_ALERTS) {
        pipeline->flush.stage_left = alert_queue_waiting(&pipeline->alerts.queue);
    } else if (pipeline->flush.stage == CHANGES_BOARDS) {
        pipeline->flush.stage_left = pipeline->boards.count;
    } else if (pipeline->flush.stage == CHANGES_CAMPAIGNS) {
        pipeline->flush.stage_left = change_campaigns_count(pipeline);
    } else if (pipeline->flush.stage == CHANGES_OUTREACH) {
        pipeline->flush.stage_left = change_outreach_count(pipeline);
    }
    if (pipeline->flush.stage == CHANGES_DONE) {
        users_unpack(&pipeline->users);
    }
}

bool
changes_next(struct pipeline *pipeline, struct change *ret_change)
{
    while (pipeline->flush.stage != CHANGES_DONE) {
        if (pipeline->flush.flying_next - pipeline->flush.flying_first ==
            CHANGES_IN_FLIGHT_MAX) {
            return false;
        }
        arena_reset(&pipeline->flush.scratch);
        *ret_change = (struct change){.fields = pipeline->flush.fields};
        bool has_change = false;
        if (!stage_step(pipeline, ret_change, &has_change)) {
            stage_next(pipeline);
        } else if (has_change) {
            return true;
        }
    }
    return false;
}

bool
changes_show_alert(struct pipeline *pipeline, struct change *ret_change)
{
    arena_reset(&pipeline->flush.scratch);
    *ret_change = (struct change){.fields = pipeline->flush.fields};
    return change_alert_show(pipeline, ret_change);
}

void
changes_keep_alert(struct pipeline *pipeline, const struct change *change,
                   struct slice text)
{
    change_alert_keep(pipeline, change->alert.place, text);
}

bool
changes_pending(const struct pipeline *pipeline)
{
    if (pipeline->users.queue.count != 0 || pipeline->cascades.queue.count != 0 ||
        pipeline->carrier_queue.count != 0 ||
        alert_queue_waiting(&pipeline->alerts.queue) != 0 ||
        pipeline->flush.stage != CHANGES_DONE ||
        !cascades_has_room(&pipeline->cascades) ||
        pipeline->forecasts.calibration.is_new || change_campaigns_pending(pipeline) ||
        change_outreach_pending(pipeline)) {
        return true;
    }
    return boards_pending(&pipeline->boards);
}

void
changes_written(struct pipeline *pipeline, size_t count)
{
    for (; count != 0 && pipeline->flush.flying_first != pipeline->flush.flying_next;
         count--) {
        struct flying flying =
            pipeline->flush
                .flying[pipeline->flush.flying_first++ % CHANGES_IN_FLIGHT_MAX];
        if (flying.kind == CHANGE_USER) {
            change_user_written(pipeline, flying.index);
        } else if (flying.kind == CHANGE_CASCADE) {
            change_cascade_written(pipeline, flying.index);
        } else if (flying.kind == CHANGE_CARRIER) {
            change_carrier_written(pipeline, flying.index);
        } else if (flying.kind == CHANGE_ALERT) {
            change_alert_written(pipeline);
        }
    }
    if (pipeline->flush.stage == CHANGES_DONE &&
        pipeline->flush.flying_first == pipeline->flush.flying_next) {
        change_outreach_written(pipeline);
        change_campaigns_written(pipeline);
        users_unpack(&pipeline->users); // once for a flush: a search takes a while
    }
}

void
changes_lost(struct pipeline *pipeline)
{
    pipeline->flush.losses++;
    while (pipeline->flush.flying_first != pipeline->flush.flying_next) {
        struct flying flying =
            pipeline->flush
                .flying[pipeline->flush.flying_first++ % CHANGES_IN_FLIGHT_MAX];
        if (flying.kind == CHANGE_USER) {
            change_user_lost(pipeline, flying.index);
        } else if (flying.kind == CHANGE_CASCADE) {
            change_cascade_lost(pipeline, flying.index);
        } else if (flying.kind == CHANGE_CARRIER) {
            change_carrier_lost(pipeline, flying.index);
        } else if (flying.kind == CHANGE_CALIBRATION) {
            pipeline->forecasts.calibration.is_new = true;
        } else if (flying.kind == CHANGE_BOARD) {
            boards_lost(&pipeline->boards, flying.index);
        } else if (flying.kind == CHANGE_CAMPAIGN ||
                   flying.kind == CHANGE_CAMPAIGN_BOARD ||
                   flying.kind == CHANGE_OUTREACH) {
            change_campaigns_lost(pipeline);
            change_outreach_lost(pipeline);
        }
    }
    change_alerts_lost(pipeline);
}

void
changes_restart(struct pipeline *pipeline)
{
    changes_lost(pipeline);
    pipeline->forecasts.calibration.is_new = true;
    for (uint32_t user = 0; user < pipeline->users.high; user++) {
        struct user *row = users_at(&pipeline->users, user);
        if (row->card != SLAB_NONE &&
            (row->counters != COUNTER_NONE || key_rule_lasting(pipeline, user))) {
            row->flags |= key_rule_user(pipeline, user) ? USER_WRITTEN : 0;
            if ((row->flags & USER_WRITTEN) != 0) {
                row->flags |= USER_WHOLE;
                // The receiver may have the handle, too: it has to go if the user does.
                row->flags |= (row->flags & USER_HOLDS) != 0 ? USER_HANDLE_SENT : 0;
                users_queue(&pipeline->users, user);
            }
        }
    }
    struct cascades *cascades = &pipeline->cascades;
    for (uint32_t cascade = 0; cascade < cascades->high; cascade++) {
        struct cascade *row = cascades_at(cascades, cascade);
        if (row->birth != 0 && row->last != USEC_NONE) {
            row->flags |= key_rule_cascade(pipeline, cascade) ? CASCADE_WRITTEN : 0;
            if ((row->flags & CASCADE_WRITTEN) != 0) {
                row->flags |= CASCADE_WHOLE;
                cascades_queue(cascades, cascade, CASCADE_ALL);
            }
        }
    }
    change_carriers_restart(pipeline);
    change_campaigns_lost(pipeline);
    change_outreach_lost(pipeline);
    for (uint32_t board = 0; board < pipeline->boards.count; board++) {
        boards_lost(&pipeline->boards, board);
    }
}

void
changes_renew(struct pipeline *pipeline)
{
    change_carrier_renew(pipeline, true);
    campaign_outreach_renew(pipeline, true);
}

static bool
has_user(const struct pipeline *pipeline, uint32_t user)
{
    return user != USER_NONE &&
           (users_at(&pipeline->users, user)->flags & USER_WRITTEN) != 0 &&
           key_rule_user(pipeline, user);
}

static bool
has_cascade(const struct pipeline *pipeline, uint32_t cascade)
{
    return cascade != CASCADE_NONE &&
           (cascades_at(&pipeline->cascades, cascade)->flags & CASCADE_WRITTEN) != 0 &&
           key_rule_cascade(pipeline, cascade);
}

bool
changes_has(const struct pipeline *pipeline, enum change_kind kind, struct slice name)
{
    if (kind == CHANGE_USER) {
        return has_user(pipeline, users_find(&pipeline->users, name));
    }
    if (kind == CHANGE_CASCADE) {
        return has_cascade(pipeline, cascades_find(&pipeline->cascades, name));
    }
    if (kind == CHANGE_CARRIER) {
        uint32_t user = users_find(&pipeline->users, name);
        return user != USER_NONE && key_rule_carrier(pipeline, user);
    }
    if (kind == CHANGE_CAMPAIGN || kind == CHANGE_CAMPAIGN_BOARD) {
        return change_campaigns_have(pipeline, kind, name);
    }
    if (kind == CHANGE_OUTREACH) {
        return change_outreach_have(pipeline, name);
    }
    for (uint32_t i = 0; i < pipeline->boards.count; i++) {
        if (slice_equal(slice_of(pipeline->boards.rows[i].name), name)) {
            return true;
        }
    }
    return false;
}

bool
changes_has_handle(const struct pipeline *pipeline, struct slice key)
{
    struct slice network = users_network_of(key);
    if (network.ptr != key.ptr || network.len >= POST_ID_MAX ||
        key.len - network.len - 1 > HANDLE_FORM_MAX) {
        return false;
    }
    struct slice handle = {key.ptr + network.len + 1, key.len - network.len - 1};
    return has_user(pipeline, users_holder(&pipeline->users, network, handle));
}

void
changes_meta(const struct pipeline *pipeline, struct changes_meta *ret_meta)
{
    *ret_meta = (struct changes_meta){
        .clock = pipeline->started != USEC_NONE ? pipeline->clock : USEC_NONE,
        .posts = pipeline->metrics.posts,
        .interactions = pipeline->metrics.interactions,
        .users_from = pipeline->options.users_from,
        .cascades_from = pipeline->options.cascades_from,
        .is_complete = coverage_is_complete(pipeline, pipeline->longest),
    };
}
