// Writes a page of HTML to a buffer (base/buffer.h), whose failure is sticky.
//
//     html_writer_open(&html, "a"); html_writer_attribute(&html, "href", address);
//     html_writer_text(&html, name); html_writer_close(&html);
//
// Text and attributes are escaped, so that they cannot end the element or the attribute
// they are in. Bytes that are no UTF-8, and characters that control how text is
// displayed (base/control.h), become U+FFFD; a line end becomes a space. Names of
// elements and attributes are literals of the program, and so is the style, the only
// text that is not escaped.
//
// An element is closed by its own end tag. Attributes follow its html_writer_open. A
// line begins before each start tag that follows another tag.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/slice.h"

enum { HTML_WRITER_DEPTH = 32 };

struct html_writer {
    struct buffer *out;
    const char *open[HTML_WRITER_DEPTH];
    size_t depth;
    bool is_in_tag;
    bool is_behind_text;
};

// Begins the page. Keeps out, which is empty.
void html_writer_init(struct html_writer *html, struct buffer *out);

void html_writer_open(struct html_writer *html, const char *element);
void html_writer_close(struct html_writer *html);
// An element that has no end tag, like "meta", gets its attributes by pairs of name and
// value, up to a NULL.
void html_writer_void(struct html_writer *html, const char *element,
                      const char *const *attributes);

void html_writer_attribute(struct html_writer *html, const char *name,
                           struct slice value);
// With at most two decimals.
void html_writer_number(struct html_writer *html, const char *name, double value);
void html_writer_text(struct html_writer *html, struct slice text);

// An element that contains a style sheet, which must not contain "</".
void html_writer_style(struct html_writer *html, const char *style);
