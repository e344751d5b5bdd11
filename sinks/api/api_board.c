#include "sinks/api/api_board.h"

#include "base/percent.h"
#include "sinks/api/api_inside.h"

enum { ROWS = 20 };

static void
put_escaped(struct buffer *html, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];
        switch (byte) {
        case '&':
            buffer_append(html, SLICE_LIT("&amp;"));
            break;
        case '<':
            buffer_append(html, SLICE_LIT("&lt;"));
            break;
        case '>':
            buffer_append(html, SLICE_LIT("&gt;"));
            break;
        case '"':
            buffer_append(html, SLICE_LIT("&quot;"));
            break;
        case '\'':
            buffer_append(html, SLICE_LIT("&#39;"));
            break;
        default:
            buffer_append_byte(html,
                               (unsigned char)byte < ' ' || byte == 0x7f ? ' ' : byte);
        }
    }
}

// The board "carried" of one hour; without that window of the first one.
static uint32_t
find_board(const struct pipeline *pipeline)
{
    uint32_t count = views_boards(pipeline);
    uint32_t found = count;
    for (uint32_t i = 0; i < count; i++) {
        struct views_board board = views_board(pipeline, i);
        bool is_hour = slice_equal(board.window, SLICE_LIT("1h"));
        if (slice_equal(board.metric, SLICE_LIT("carried")) &&
            (found == count || is_hour)) {
            found = i;
        }
    }
    return found;
}

static void
put_row(struct buffer *html, const struct views_person *person, uint64_t value)
{
    buffer_append(html, SLICE_LIT("<li><a href=\"/user/"));
    percent_put(html, person->id);
    buffer_append(html, SLICE_LIT("\"><bdi>"));
    if (slice_is_none(person->handle) || person->handle.len == 0) {
        put_escaped(html, person->id);
    } else {
        buffer_append_byte(html, '@');
        put_escaped(html, person->handle);
    }
    buffer_append(html, SLICE_LIT("</bdi></a> <span>"));
    buffer_append_u64(html, value);
    buffer_append(html, SLICE_LIT("</span></li>\n"));
}

void
api_board_write(struct api *api, struct buffer *html)
{
    const struct pipeline *pipeline = api->setup.pipeline;
    uint32_t index = find_board(pipeline);
    uint32_t count = index < views_boards(pipeline)
                         ? views_entries(pipeline, index, api->entries, ROWS)
                         : 0;
    buffer_append(html, SLICE_LIT("<section id=\"first-board\">\n"
                                  "<h2>People through whom most others came</h2>\n"));
    if (count == 0) {
        buffer_append(html, SLICE_LIT("<p>No people yet.</p>\n</section>\n"));
        return;
    }
    uint64_t unit = views_board(pipeline, index).unit;
    buffer_append(html, SLICE_LIT("<p>In the window "));
    put_escaped(html, views_board(pipeline, index).window);
    buffer_append(html, SLICE_LIT(".</p>\n<ol>\n"));
    for (uint32_t i = 0; i < count; i++) {
        struct views_person person = views_person(pipeline, api->entries[i].owner);
        put_row(html, &person, api->entries[i].score / (unit != 0 ? unit : 1));
    }
    buffer_append(html, SLICE_LIT("</ol>\n</section>\n"));
}
