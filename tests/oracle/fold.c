// Runs posts through the pipeline and prints every change, for a model to apply.
//
//     fold [-w 5m,1h] [-n TOP] [-d DEDUPE] [-e EVERY] [-s SEED] [-x SEED] [--wall MS]
//     [-c NAME/WORDS/LANGUAGES/RIVALS/KNOWN/OUTREACH] [-r 1]
//     [-a NAME/CAMPAIGNS/FOLLOWERS/CARRIERS] FILE
//
// -c is a campaign; -r counts their people anew after each flush; -a is a rule about
// newcomers. After every EVERY
// lines, and at the end, one flush, with what fades as of then. Lines are tab-separated
// with \t \n \r \\ and \0 escaped: SET key field value, UNSET key field, DEL key, ZSET board
// member score, ZREM board member, ZCLEAR board, STR key value, ALERT id time_ms reason
// reason …, VIEW key field value for
// all that pipeline/views_campaign.h shows, and FLUSH lines clock_ms posts interactions
// duplicates at the end of each. -s keys the tables
// (nothing may depend on it); -x loses connections: parts of flushes are pulled twice,
// some are printed and some are not, and now and then the receiver forgets all (WIPE) or
// the pipeline is saved, thrown away and loaded into a new one.
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/campaign_setup.h"
#include "daemon/settings.h"
#include "ingest/decode/decode.h"
#include "ingest/decode/decode_words.h"
#include "ingest/frames/lines.h"
#include "ingest/text/campaign_words.h"
#include "ingest/text/text.h"
#include "pipeline/changes.h"
#include "pipeline/pipeline.h"
#include "pipeline/views.h"
#include "pipeline/views_campaign.h"
#include "pipeline/views_course.h"
#include "tests/oracle/campaign_recount.h"
#include "tests/unit/kept.h"

struct fold {
    struct pipeline_options options;
    struct pipeline *pipeline;
    struct decoder *decoder;
    struct settings settings; // its campaigns
    struct campaign_words words;
    struct lines lines;
    struct lines_metrics lines_metrics;
    uint64_t every;
    uint64_t seed;
    uint64_t chaos; // state of the generator behind -x; 0: off
    usec wall;
    uint64_t line_count;
    struct views_entry *entries; // space for a board
    bool is_recounted;
};

static void
put(struct slice s)
{
    putchar('\t');
    for (size_t i = 0; i < s.len; i++) {
        switch (s.ptr[i]) {
        case '\t':
            fputs("\\t", stdout);
            break;
        case '\n':
            fputs("\\n", stdout);
            break;
        case '\r':
            fputs("\\r", stdout);
            break;
        case '\\':
            fputs("\\\\", stdout);
            break;
        case '\0':
            fputs("\\0", stdout);
            break;
        default:
            putchar(s.ptr[i]);
        }
    }
}

static void
put_key(const char *prefix, struct slice name)
{
    printf("\t%s", prefix);
    for (size_t i = 0; i < name.len; i++) {
        putchar(name.ptr[i]);
    }
}

static void
print_hash(const char *prefix, const struct change *change)
{
    if (change->is_gone || (change->is_whole && !change->is_fresh)) {
        fputs("DEL", stdout);
        put_key(prefix, change->name);
        putchar('\n');
    }
    for (size_t i = 0; i < change->field_count; i++) {
        const struct change_field *field = &change->fields[i];
        fputs(slice_is_none(field->value) ? "UNSET" : "SET", stdout);
        put_key(prefix, change->name);
        put(field->name);
        if (!slice_is_none(field->value)) {
            put(field->value);
        }
        putchar('\n');
    }
    if (change->handle_gone.len != 0) {
        fputs("DEL", stdout);
        put_key("handle:", change->handle_gone);
        putchar('\n');
    }
    if (change->handle_set.len != 0) {
        fputs("STR", stdout);
        put_key("handle:", change->handle_set);
        put(change->name);
        putchar('\n');
    }
}

static void
print_score(uint64_t score, uint64_t unit)
{
    if (unit > 1) {
        printf("\t%.17g", (double)score / (double)unit);
    } else {
        printf("\t%" PRIu64, score);
    }
}

static const char *
board_head(const struct change *change)
{
    return change->kind == CHANGE_BOARD ? "top:" : "campaign:";
}

static void
print_entries(const struct change *change, bool is_removal)
{
    for (size_t i = 0; i < change->entry_count; i++) {
        const struct change_entry *entry = &change->entries[i];
        if ((entry->score == 0) != is_removal) {
            continue;
        }
        fputs(is_removal ? "ZREM" : "ZSET", stdout);
        put_key(board_head(change), change->name);
        put(entry->member);
        if (!is_removal) {
            print_score(entry->score - change->above, change->unit);
        }
        putchar('\n');
    }
}

static void
print_board(const struct change *change)
{
    if (change->is_whole) {
        fputs("ZCLEAR", stdout);
        put_key(board_head(change), change->name);
        putchar('\n');
    }
    print_entries(change, true);
    print_entries(change, false);
}

static void
print_alert(const struct change *change)
{
    fputs("ALERT", stdout);
    put(change->name);
    printf("\t%" PRId64, change->alert.time / USEC_PER_MS);
    for (size_t i = 0; i < change->alert.why_count; i++) {
        put(change->alert.why[i]);
    }
    putchar('\n');
}

static void
print_change(const struct change *change)
{
    if (change->kind == CHANGE_ALERT) {
        print_alert(change);
    } else if (change->kind == CHANGE_BOARD || change->kind == CHANGE_CAMPAIGN_BOARD) {
        print_board(change);
    } else if (change->kind != CHANGE_CALIBRATION) {
        print_hash(change->kind == CHANGE_USER      ? "user:"
                   : change->kind == CHANGE_CARRIER ? "carrier:"
                   : change->kind == CHANGE_CAMPAIGN || change->kind == CHANGE_OUTREACH
                       ? "campaign:"
                       : "cascade:",
                   change);
    }
}

static uint64_t
chance(struct fold *fold, uint64_t sides)
{
    fold->chaos ^= fold->chaos << 13;
    fold->chaos ^= fold->chaos >> 7;
    fold->chaos ^= fold->chaos << 17;
    return fold->chaos % sides;
}

static struct pipeline *
create(struct fold *fold, const struct hash_key *key, struct error *error)
{
    struct pipeline *pipeline = pipeline_create(&fold->options, key, true, error);
    if (pipeline != NULL) {
        pipeline_fold_handles(pipeline, text_fold);
    }
    return pipeline;
}

// The people whom a campaign knows are listed where the daemon has the name of a file.
static void
apply_known(struct fold *fold, size_t campaign)
{
    struct known_people people;
    struct account_needs needs = pipeline_account_needs(fold->pipeline);
    const char *text = fold->settings.campaigns[campaign].people_file;
    known_people_init(&people);
    while (*text != '\0') {
        size_t len = strcspn(text, ",");
        struct slice account = {text, len};
        if (known_people_add(&people, account_hash(needs, account)) != STATUS_OK) {
            exit(70);
        }
        text += len + (text[len] == ',');
    }
    pipeline_set_known_people(fold->pipeline, campaign, &people);
}

static void
apply_campaigns(struct fold *fold)
{
    struct error error = {0};
    if (campaign_setup_apply(&fold->settings, fold->pipeline, &fold->words, &error) !=
        STATUS_OK) {
        fprintf(stderr, "fold: %s\n", error.text);
        exit(70);
    }
    for (size_t i = 0; i < fold->settings.campaign_count; i++) {
        apply_known(fold, i);
    }
    pipeline_set_rules(fold->pipeline, fold->settings.alerts,
                       fold->settings.alert_count);
}

// Values with slashes between them, for options of these names; an empty one is not set.
static void
set_options(const struct option *rows, void *object, const char *text,
            const char *const *names)
{
    struct error error = {0};
    for (; *names != NULL && *text != '\0'; names++) {
        size_t len = strcspn(++text, "/");
        if (len != 0 && option_set(option_find(rows, slice_of(*names)), object,
                                   (struct slice){text, len}, &error) != STATUS_OK) {
            fprintf(stderr, "fold: %s\n", error.text);
            exit(64);
        }
        text += len;
    }
}

// "cup/tea,#tea/en/coffee/@ann/50"
static void
add_campaign(struct fold *fold, const char *text)
{
    static const char *const names[] = {"words",       "languages", "rivals",
                                        "people_file", "outreach",  NULL};
    struct campaign *campaign =
        &fold->settings.campaigns[fold->settings.campaign_count++];
    size_t len = strcspn(text, "/");
    option_presets(campaign_option_rows, campaign);
    memcpy(campaign->name, text, len);
    set_options(campaign_option_rows, campaign, text + len, names);
}

// "new/cup,tea/1000/3"
static void
add_rule(struct fold *fold, const char *text)
{
    static const char *const names[] = {"campaigns", "min_followers", "carriers_in",
                                        NULL};
    struct rule *rule = &fold->settings.alerts[fold->settings.alert_count++];
    size_t len = strcspn(text, "/");
    option_presets(rule_option_rows, rule);
    memcpy(rule->name, text, len);
    strcpy(rule->kind, "newcomer");
    set_options(rule_option_rows, rule, text + len, names);
}

// The process ends and another goes on from the snapshot.
static void
replace(struct fold *fold)
{
    struct kept kept;
    struct error error = {0};
    struct hash_key key = {chance(fold, UINT64_MAX), 1};
    bool is_good = kept_save(&kept, fold->pipeline);
    pipeline_destroy(&fold->pipeline);
    fold->pipeline = create(fold, &key, &error);
    is_good =
        is_good && fold->pipeline != NULL && kept_load(&kept, fold->pipeline, &error);
    if (!is_good) {
        fprintf(stderr, "fold: the snapshot did not come back: %s\n", error.text);
        exit(70);
    }
    apply_campaigns(fold);
}

// The connection breaks within the flush: what it wrote arrived in part or not at all.
// Now and then it is the flush after a reload with other thresholds.
static void
lose(struct fold *fold)
{
    struct change change;
    bool is_reloaded = chance(fold, 8) == 0;
    if (is_reloaded) {
        pipeline_set_thresholds(fold->pipeline, 1 + chance(fold, 6),
                                1 + chance(fold, 6));
    }
    changes_begin(fold->pipeline);
    uint64_t pulls = chance(fold, 64);
    uint64_t arrived = chance(fold, 64);
    for (uint64_t i = 0; i < pulls && changes_next(fold->pipeline, &change); i++) {
        if (i < arrived) {
            print_change(&change);
        }
    }
    if (chance(fold, 8) == 0) {
        puts("WIPE");
        changes_restart(fold->pipeline);
    } else if (chance(fold, 4) == 0) {
        replace(fold);
    } else {
        changes_lost(fold->pipeline);
    }
    if (is_reloaded) {
        pipeline_set_thresholds(fold->pipeline, fold->options.users_from,
                                fold->options.cascades_from);
    }
}

// ── the course of campaigns ────────────────────────────────────────────────

__attribute__((format(printf, 3, 4))) static void
set_course(const char *campaign, double value, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("SET\tcourse:%s\t", campaign);
    vprintf(format, args);
    printf("\t%.17g\n", value);
    va_end(args);
}

static void
print_windows(const struct fold *fold, uint32_t campaign, const char *name)
{
    struct views_course_value values[VIEWS_COURSE_FIGURES];
    for (uint32_t w = 0; w < views_windows(fold->pipeline); w++) {
        struct slice window = views_window(fold->pipeline, w).name;
        views_course_window(fold->pipeline, campaign, w, values);
        for (uint32_t i = 0; i < VIEWS_COURSE_FIGURES; i++) {
            struct slice figure = views_course_figure(i);
            if (values[i].has_now && values[i].now != 0) {
                set_course(name, values[i].now, "now:%.*s:%.*s", SLICE_ARG(figure),
                           SLICE_ARG(window));
            }
            if (values[i].has_before && values[i].before != 0) {
                set_course(name, values[i].before, "before:%.*s:%.*s",
                           SLICE_ARG(figure), SLICE_ARG(window));
            }
        }
    }
}

static void
print_growth(const struct fold *fold, uint32_t campaign, const char *name)
{
    static struct views_course course;
    views_course(fold->pipeline, campaign, &course);
    for (uint32_t i = 0; i < course.count; i++) {
        const struct views_course_bin *bin = &course.bins[i];
        usec start = (course.start + i * course.width) / USEC_PER_S;
        const uint64_t values[] = {bin->posts, bin->acts, bin->people};
        for (size_t k = 0; k < sizeof(values) / sizeof(values[0]); k++) {
            if (values[k] != 0) {
                set_course(name, (double)values[k], "%zu:%" PRId64, k, start);
            }
        }
    }
    for (size_t i = 0; i < VIEWS_COURSE_CLASSES; i++) {
        const struct views_course_class *class = &course.classes[i];
        if (class->people != 0) {
            set_course(name, (double)class->people, "%.*s:%" PRId64 "-%" PRId64,
                       SLICE_ARG(class->name), class->from / USEC_PER_S,
                       class->until / USEC_PER_S);
        }
    }
}

// As keys that the pipeline does not have.
static void
print_courses(const struct fold *fold)
{
    for (uint32_t i = 0; i < fold->settings.campaign_count; i++) {
        const char *name = fold->settings.campaigns[i].name;
        printf("DEL\tcourse:%s\n", name);
        print_windows(fold, i, name);
        print_growth(fold, i, name);
    }
}

// ── what readers see ───────────────────────────────────────────────────────

static void
view_fields(struct slice name, const char *more, const struct change *change)
{
    for (size_t i = 0; i < change->field_count; i++) {
        fputs("VIEW", stdout);
        put_key("campaign:", name);
        fputs(more, stdout);
        put(change->fields[i].name);
        put(change->fields[i].value);
        putchar('\n');
    }
}

static void
view_board(struct fold *fold, uint32_t campaign, uint32_t index)
{
    struct views_board board = views_campaign_board(fold->pipeline, campaign, index);
    struct views_entry *entries = fold->entries;
    uint32_t count =
        views_campaign_entries(fold->pipeline, campaign, index, entries, UINT32_MAX);
    for (uint32_t i = 0; i < count; i++) {
        fputs("VIEW", stdout);
        put_key("campaign:", board.name);
        put(views_owner_id(fold->pipeline, board.owner, entries[i].owner));
        print_score(entries[i].score, board.unit);
        putchar('\n');
    }
}

static void
view_outreach(struct fold *fold, uint32_t campaign, struct slice name)
{
    struct change change;
    struct views_entry *entries = fold->entries;
    uint32_t count =
        views_campaign_outreach(fold->pipeline, campaign, entries, UINT32_MAX);
    for (uint32_t i = 0; i < count; i++) {
        fputs("VIEW", stdout);
        put_key("campaign:", name);
        fputs(":outreach", stdout);
        put(views_owner_id(fold->pipeline, VIEWS_PEOPLE, entries[i].owner));
        print_score(entries[i].score, VIEWS_OUTREACH_UNIT);
        putchar('\n');
        views_campaign_person(fold->pipeline, campaign, entries[i].owner, &change);
        char more[POST_ID_MAX + sizeof(":outreach:")];
        snprintf(more, sizeof(more), ":outreach:%.*s", SLICE_ARG(change.name));
        view_fields(name, more, &change);
    }
}

static void
view(struct fold *fold)
{
    struct change change;
    for (uint32_t i = 0; i < views_campaigns(fold->pipeline); i++) {
        struct slice name = views_campaign_name(fold->pipeline, i);
        views_campaign(fold->pipeline, i, &change);
        view_fields(name, "", &change);
        for (uint32_t k = 0; k < views_campaign_boards(fold->pipeline, i); k++) {
            view_board(fold, i, k);
        }
        view_outreach(fold, i, name);
    }
}

// Pulls what is left of the flush that began before.
static void
finish(struct fold *fold)
{
    struct change change;
    size_t count = 0;
    while (changes_next(fold->pipeline, &change)) {
        print_change(&change);
        count++;
    }
    changes_written(fold->pipeline, count);
}

// A flush during which posts come in.
static void
begin(struct fold *fold)
{
    struct change change;
    size_t count = 0;
    finish(fold);
    changes_begin(fold->pipeline);
    uint64_t pulls = chance(fold, 64);
    while (count < pulls && changes_next(fold->pipeline, &change)) {
        print_change(&change);
        count++;
    }
    changes_written(fold->pipeline, count);
}

static void
flush(struct fold *fold)
{
    finish(fold);
    while (fold->chaos != 0 && chance(fold, 3) == 0) {
        lose(fold);
    }
    struct change change;
    changes_renew(fold->pipeline);
    do {
        changes_begin(fold->pipeline);
        for (;;) {
            size_t count = 0;
            while (changes_next(fold->pipeline, &change)) {
                print_change(&change);
                count++;
            }
            changes_written(fold->pipeline, count);
            if (count < CHANGES_IN_FLIGHT_MAX) {
                break;
            }
        }
    } while (changes_pending(fold->pipeline));
    print_courses(fold);
    view(fold);
    struct changes_meta meta;
    changes_meta(fold->pipeline, &meta);
    const struct pipeline_metrics *metrics = pipeline_metrics(fold->pipeline);
    printf("FLUSH\t%" PRIu64 "\t%" PRId64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n",
           fold->line_count, meta.clock == USEC_NONE ? 0 : meta.clock / USEC_PER_MS,
           meta.posts, meta.interactions, metrics->duplicates);
    if (fold->is_recounted && !campaign_recount_agrees(fold->pipeline)) {
        fprintf(stderr, "fold: recounted after line %" PRIu64 "\n", fold->line_count);
        exit(70);
    }
}

static void
feed(struct fold *fold, const struct lines_message *message)
{
    const struct post *posts;
    size_t count;
    enum decode_reason reason;
    fold->line_count++;
    if (decoder_read_event(fold->decoder, message->event, message->data, &posts, &count,
                           &reason) == DECODE_POSTS) {
        for (size_t i = 0; i < count; i++) {
            while (pipeline_post(fold->pipeline, &posts[i], fold->wall) ==
                   STATUS_AGAIN) {
                flush(fold);
            }
        }
    }
    if (fold->line_count % fold->every == 0) {
        flush(fold);
    } else if (fold->chaos != 0 && chance(fold, 4) == 0) {
        begin(fold);
    }
}

static int
run(struct fold *fold, FILE *file)
{
    struct lines_message message;
    size_t size;
    do {
        char *room = lines_room(&fold->lines, &size);
        size = fread(room, 1, size, file);
        lines_filled(&fold->lines, size);
        if (size == 0) {
            lines_end(&fold->lines);
        }
        while (lines_next(&fold->lines, &message)) {
            feed(fold, &message);
        }
    } while (size != 0);
    while (pipeline_settle(fold->pipeline)) {
    }
    flush(fold);
    return ferror(file) ? 74 : 0;
}

static void
set(struct fold *fold, const char *name, const char *text)
{
    struct error error = {0};
    const struct option *row = option_find(pipeline_option_rows, slice_of(name));
    if (row == NULL ||
        option_set(row, &fold->options, slice_of(text), &error) != STATUS_OK) {
        fprintf(stderr, "fold: %s=%s: %s\n", name, text, error.text);
        exit(64);
    }
}

static void
parse(struct fold *fold, int argc, char **argv)
{
    for (int i = 1; i + 1 < argc - 1; i += 2) {
        const char *value = argv[i + 1];
        if (strcmp(argv[i], "-w") == 0) {
            set(fold, "windows", value);
        } else if (strcmp(argv[i], "-n") == 0) {
            set(fold, "redis.top", value);
        } else if (strcmp(argv[i], "-d") == 0) {
            set(fold, "dedupe.capacity", value);
        } else if (strcmp(argv[i], "-e") == 0) {
            fold->every = strtoull(value, NULL, 10);
        } else if (strcmp(argv[i], "-s") == 0) {
            fold->seed = strtoull(value, NULL, 10);
        } else if (strcmp(argv[i], "-x") == 0) {
            fold->chaos = strtoull(value, NULL, 10);
        } else if (strcmp(argv[i], "-r") == 0) {
            fold->is_recounted = true;
        } else if (strcmp(argv[i], "-c") == 0) {
            add_campaign(fold, value);
        } else if (strcmp(argv[i], "-a") == 0) {
            add_rule(fold, value);
        } else if (strcmp(argv[i], "--wall") == 0) {
            fold->wall = strtoll(value, NULL, 10) * USEC_PER_MS;
        } else {
            set(fold, argv[i], value);
        }
    }
}

int
main(int argc, char **argv)
{
    static struct fold fold = {.every = UINT64_MAX, .wall = INT64_MAX / 2};
    option_presets(pipeline_option_rows, &fold.options);
    if (argc < 2) {
        fputs("usage: fold [-w W] [-n TOP] [-d DEDUPE] [-e EVERY] [-s SEED] [-x SEED] "
              "[--wall MS] [OPTION VALUE]... FILE\n",
              stderr);
        return 64;
    }
    parse(&fold, argc, argv);
    FILE *file = strcmp(argv[argc - 1], "-") == 0 ? stdin : fopen(argv[argc - 1], "rb");
    struct error error = {0};
    struct hash_key key = {fold.seed, ~fold.seed};
    size_t most = fold.options.top + VIEWS_OUTREACH_MAX;
    fold.entries = calloc(most, sizeof(*fold.entries));
    fold.pipeline = create(&fold, &key, &error);
    fold.decoder = decoder_create(DECODE_AUTO, &error);
    if (file == NULL || fold.entries == NULL || fold.pipeline == NULL ||
        fold.decoder == NULL || !lines_init(&fold.lines, &fold.lines_metrics)) {
        fprintf(stderr, "fold: %s: %s\n", argv[argc - 1],
                file == NULL ? "cannot be opened" : error.text);
        return 66;
    }
    apply_campaigns(&fold);
    decoder_find_campaigns(fold.decoder, &fold.words);
    int code = run(&fold, file);
    campaign_words_fini(&fold.words);
    lines_fini(&fold.lines);
    decoder_destroy(&fold.decoder);
    pipeline_destroy(&fold.pipeline);
    free(fold.entries);
    if (file != stdin) {
        fclose(file);
    }
    return code;
}
