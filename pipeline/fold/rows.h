// The options and metrics of the modules of this room; pipeline/options.h explains the
// rows.
#pragma once

#include "base/metric.h"
#include "base/option.h"

// clang-format off
// ── carry.h ─────────────────────────────────────────────────────────────

#define CARRY_METRICS(ROW) \
    ROW(vias_dropped, COUNTER, "cascaded_vias_dropped_total", \
        "Retweets and quotes whose via is not a retweet or quote of the same post") \
    ROW(paths_cut, COUNTER, "cascaded_paths_cut_total", \
        "Events with more than 100 posts or carriers above them") \
    ROW(people_refused, COUNTER, "cascaded_people_refused_total", \
        "Amplifiers of a post that did not fit into its set of people") \
    ROW(facts_forgotten, COUNTER, "cascaded_facts_forgotten_total", \
        "Retweets, quotes and replies that count in part because an author or a quoted post was " \
        "forgotten to make room")

// ── acts.h ──────────────────────────────────────────────────────────────

#define ACTS_METRICS(ROW) \
    ROW(acts, COUNTER, "cascaded_acts_total", \
        "Acts: the first retweet or quote of each person in a cascade") \
    ROW(acts_undone, COUNTER, "cascaded_acts_undone_total", \
        "Acts taken back") \
    ROW(acts_lost, COUNTER, "cascaded_acts_lost_total", \
        "Acts taken back whose person has other retweets or quotes in the cascade, none of " \
        "which was found to take its place") \
    ROW(children, COUNTER, "cascaded_children_total", \
        "Acts that came through the act of another person") \
    ROW(children_undone, COUNTER, "cascaded_children_undone_total", \
        "Of these, those taken back")

// ── learn.h ─────────────────────────────────────────────────────────────

#define LEARN_OPTIONS(ROW) \
    ROW(cascades_text, BYTES, "cascades.text", "2000", 0, 65536, \
        "Length of a post's text that is kept")

// ── undo.h ──────────────────────────────────────────────────────────────

#define UNDO_METRICS(ROW) \
    ROW(undone, COUNTER, "cascaded_posts_undone_total", \
        "Posts and retweets taken back") \
    ROW(undo_unknown, COUNTER, "cascaded_undo_unknown_total", \
        "Deletions of events that are not remembered") \
    ROW(locals_forgotten, COUNTER, "cascaded_local_ids_forgotten_total", \
        "Local post ids of servers dropped to make room for newer ones " \
        "(dedupe.capacity)") \
    ROW(undo_lost, COUNTER, "cascaded_undo_lost_total", \
        "Deletions of events whose counts were forgotten early")

// ── withdrawals.h ───────────────────────────────────────────────────────

#define WITHDRAWALS_METRICS(ROW) \
    ROW(withdrawals, COUNTER, "cascaded_accounts_gone_total", \
        "Accounts that are gone and whose posts and retweets are taken back") \
    ROW(withdrawals_refused, COUNTER, "cascaded_accounts_gone_refused_total", \
        "Accounts that are gone and whose counts stay because too many other accounts " \
        "were waiting")

// ── admission.h ─────────────────────────────────────────────────────────

#define ADMISSION_METRICS(ROW) \
    ROW(refused, COUNTER, "cascaded_posts_refused_total", \
        "Posts not counted because a capacity was reached") \
    ROW(cut, COUNTER, "cascaded_posts_cut_total", \
        "Posts counted without some of the people or hashtags they name") \
    ROW(names_beyond, COUNTER, "cascaded_names_beyond_total", \
        "Mentions and hashtags not counted because a post has more than users.per_post " \
        "or hashtags.per_post") \
    ROW(users_left_out, COUNTER, "cascaded_users_left_out_total", \
        "Mentions and posts not counted because users.capacity was reached") \
    ROW(hashtags_left_out, COUNTER, "cascaded_hashtags_left_out_total", \
        "Hashtags not counted because hashtags.capacity was reached") \
    ROW(cascades_left_out, COUNTER, "cascaded_cascades_left_out_total", \
        "Posts not counted because waiting alerts used all of cascades.capacity") \
    ROW(windows_left_out, COUNTER, "cascaded_windows_left_out_total", \
        "Mentions, hashtags and posts not counted because memory.windows was full") \
    ROW(texts_left_out, COUNTER, "cascaded_texts_left_out_total", \
        "Mentions, hashtags and posts not counted because memory.texts was full") \
    ROW(names_rationed, COUNTER, "cascaded_names_rationed_total", \
        "New people and hashtags not counted because their author had added a 32nd " \
        "part of a table that was more than half full")
// clang-format on
