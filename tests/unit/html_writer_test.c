#include "base/html_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct buffer out;
static struct html_writer html;

static int
set_up(void **state)
{
    (void)state;
    buffer_init(&out, 1 << 20);
    html_writer_init(&html, &out);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    buffer_fini(&out);
    return 0;
}

static void
check(const char *wanted)
{
    char text[1024];
    assert_true(out.size < sizeof(text));
    memcpy(text, out.bytes, out.size);
    text[out.size] = '\0';
    assert_string_equal(text, wanted);
}

static void
elements_are_closed_by_their_own_tags(void **state)
{
    (void)state;
    static const char *const charset[] = {"charset", "utf-8", NULL};
    html_writer_open(&html, "html");
    html_writer_void(&html, "meta", charset);
    html_writer_open(&html, "p");
    html_writer_text(&html, SLICE_LIT("one "));
    html_writer_open(&html, "b");
    html_writer_text(&html, SLICE_LIT("two"));
    html_writer_close(&html);
    html_writer_close(&html);
    html_writer_close(&html);
    check("<!DOCTYPE html>\n<html>\n<meta charset=\"utf-8\">\n<p>one <b>two</b></p>"
          "</html>\n");
}

static void
text_cannot_end_its_element(void **state)
{
    (void)state;
    html_writer_open(&html, "p");
    html_writer_text(&html, SLICE_LIT("</p><script>a&b</script>\n'\""));
    html_writer_close(&html);
    check("<!DOCTYPE html>\n<p>&lt;/p&gt;&lt;script&gt;a&amp;b&lt;/script&gt; "
          "&#39;&quot;</p>\n");
}

static void
an_attribute_cannot_end_itself(void **state)
{
    (void)state;
    html_writer_open(&html, "p");
    html_writer_attribute(&html, "title", SLICE_LIT("\" onload='x' `<>"));
    html_writer_close(&html);
    check("<!DOCTYPE html>\n<p title=\"&quot; onload=&#39;x&#39; `&lt;&gt;\"></p>\n");
}

static void
what_is_no_text_is_replaced(void **state)
{
    (void)state;
    html_writer_open(&html, "p");
    // A cut character, NUL, a control of C1, and a whole character.
    html_writer_text(&html, SLICE_LIT("\xC3|\0|\xC2\x85|\xC3\xA4"));
    html_writer_close(&html);
    check("<!DOCTYPE html>\n<p>\xEF\xBF\xBD|\xEF\xBF\xBD|\xEF\xBF\xBD|\xC3\xA4</p>\n");
}

static void
numbers_have_at_most_two_decimals(void **state)
{
    (void)state;
    html_writer_open(&html, "p");
    html_writer_number(&html, "a", 1200);
    html_writer_number(&html, "b", 0.126);
    html_writer_number(&html, "c", -2.5);
    html_writer_number(&html, "d", 0);
    html_writer_close(&html);
    check("<!DOCTYPE html>\n<p a=\"1200\" b=\"0.13\" c=\"-2.5\" d=\"0\"></p>\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(elements_are_closed_by_their_own_tags), TEST(text_cannot_end_its_element),
        TEST(an_attribute_cannot_end_itself),        TEST(what_is_no_text_is_replaced),
        TEST(numbers_have_at_most_two_decimals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
