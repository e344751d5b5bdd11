#include "base/html_writer.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/control.h"

#define REPLACEMENT SLICE_LIT("\xEF\xBF\xBD") // U+FFFD

enum { NUMBER_MAX = 64 };

static void
put(struct html_writer *html, const char *text)
{
    buffer_append(html->out, slice_of(text));
}

// ── text ───────────────────────────────────────────────────────────────────

// What is written for the byte; none: itself.
static struct slice
escape_of(char byte)
{
    switch (byte) {
    case '&':
        return SLICE_LIT("&amp;");
    case '<':
        return SLICE_LIT("&lt;");
    case '>':
        return SLICE_LIT("&gt;");
    case '"':
        return SLICE_LIT("&quot;");
    case '\'':
        return SLICE_LIT("&#39;");
    case '\n':
    case '\r':
    case '\t':
        return SLICE_LIT(" ");
    default:
        return SLICE_NONE;
    }
}

static void
put_escaped(struct html_writer *html, struct slice text)
{
    size_t at = 0;
    while (at < text.len) {
        struct slice rest = {text.ptr + at, text.len - at};
        struct slice escape = escape_of(*rest.ptr);
        size_t control = control_length(rest);
        size_t len = control_utf8(rest);
        if (!slice_is_none(escape)) {
            len = 1;
        } else if (control != 0 || len == 0) {
            escape = REPLACEMENT;
            len = control != 0 ? control : 1;
        } else {
            escape = (struct slice){rest.ptr, len};
        }
        buffer_append(html->out, escape);
        at += len;
    }
}

// ── elements ───────────────────────────────────────────────────────────────

static void
end_tag(struct html_writer *html)
{
    if (html->is_in_tag) {
        buffer_append_byte(html->out, '>');
        html->is_in_tag = false;
    }
}

void
html_writer_init(struct html_writer *html, struct buffer *out)
{
    *html = (struct html_writer){.out = out};
    put(html, "<!DOCTYPE html>");
}

static void
begin_tag(struct html_writer *html, const char *element)
{
    end_tag(html);
    put(html, html->is_behind_text ? "<" : "\n<");
    put(html, element);
    html->is_in_tag = true;
    html->is_behind_text = false;
}

void
html_writer_open(struct html_writer *html, const char *element)
{
    assert(html->depth < HTML_WRITER_DEPTH);
    begin_tag(html, element);
    html->open[html->depth++] = element;
}

void
html_writer_close(struct html_writer *html)
{
    assert(html->depth > 0);
    end_tag(html);
    put(html, "</");
    put(html, html->open[--html->depth]);
    put(html, html->depth != 0 ? ">" : ">\n");
    html->is_behind_text = false;
}

void
html_writer_void(struct html_writer *html, const char *element,
                 const char *const *attributes)
{
    begin_tag(html, element);
    for (; *attributes != NULL; attributes += 2) {
        html_writer_attribute(html, attributes[0], slice_of(attributes[1]));
    }
    end_tag(html);
}

void
html_writer_attribute(struct html_writer *html, const char *name, struct slice value)
{
    assert(html->is_in_tag);
    buffer_append_byte(html->out, ' ');
    put(html, name);
    put(html, "=\"");
    put_escaped(html, value);
    buffer_append_byte(html->out, '"');
}

void
html_writer_number(struct html_writer *html, const char *name, double value)
{
    char text[NUMBER_MAX];
    int len = snprintf(text, sizeof(text), "%.2f", value);
    while (text[len - 1] == '0') {
        len--;
    }
    len -= text[len - 1] == '.';
    html_writer_attribute(html, name, (struct slice){text, (size_t)len});
}

void
html_writer_text(struct html_writer *html, struct slice text)
{
    end_tag(html);
    put_escaped(html, text);
    html->is_behind_text = true;
}

void
html_writer_style(struct html_writer *html, const char *style)
{
    assert(strstr(style, "</") == NULL);
    html_writer_open(html, "style");
    end_tag(html);
    put(html, style);
    html_writer_close(html);
}
