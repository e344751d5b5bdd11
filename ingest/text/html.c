#include "ingest/text/html.h"

#include "ingest/text/text.h"
#include "ingest/text/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_SIZE = 12
}; // of an element or entity, with its NUL; longer ones are unknown

struct entity {
    char name[NAME_SIZE];
    uint16_t code;
};

// The named entities of HTML 4.01 and XML, in the order of strcmp.
// clang-format off
static const struct entity entities[] = {
    {"AElig", 198}, {"Aacute", 193}, {"Acirc", 194}, {"Agrave", 192}, {"Alpha", 913},
    {"Aring", 197}, {"Atilde", 195}, {"Auml", 196}, {"Beta", 914}, {"Ccedil", 199},
    {"Chi", 935}, {"Dagger", 8225}, {"Delta", 916}, {"ETH", 208}, {"Eacute", 201},
    {"Ecirc", 202}, {"Egrave", 200}, {"Epsilon", 917}, {"Eta", 919}, {"Euml", 203},
    {"Gamma", 915}, {"Iacute", 205}, {"Icirc", 206}, {"Igrave", 204}, {"Iota", 921},
    {"Iuml", 207}, {"Kappa", 922}, {"Lambda", 923}, {"Mu", 924}, {"Ntilde", 209},
    {"Nu", 925}, {"OElig", 338}, {"Oacute", 211}, {"Ocirc", 212}, {"Ograve", 210},
    {"Omega", 937}, {"Omicron", 927}, {"Oslash", 216}, {"Otilde", 213}, {"Ouml", 214},
    {"Phi", 934}, {"Pi", 928}, {"Prime", 8243}, {"Psi", 936}, {"Rho", 929},
    {"Scaron", 352}, {"Sigma", 931}, {"THORN", 222}, {"Tau", 932}, {"Theta", 920},
    {"Uacute", 218}, {"Ucirc", 219}, {"Ugrave", 217}, {"Upsilon", 933}, {"Uuml", 220},
    {"Xi", 926}, {"Yacute", 221}, {"Yuml", 376}, {"Zeta", 918}, {"aacute", 225},
    {"acirc", 226}, {"acute", 180}, {"aelig", 230}, {"agrave", 224}, {"alefsym", 8501},
    {"alpha", 945}, {"amp", 38}, {"and", 8743}, {"ang", 8736}, {"apos", 39},
    {"aring", 229}, {"asymp", 8776}, {"atilde", 227}, {"auml", 228}, {"bdquo", 8222},
    {"beta", 946}, {"brvbar", 166}, {"bull", 8226}, {"cap", 8745}, {"ccedil", 231},
    {"cedil", 184}, {"cent", 162}, {"chi", 967}, {"circ", 710}, {"clubs", 9827},
    {"cong", 8773}, {"copy", 169}, {"crarr", 8629}, {"cup", 8746}, {"curren", 164},
    {"dArr", 8659}, {"dagger", 8224}, {"darr", 8595}, {"deg", 176}, {"delta", 948},
    {"diams", 9830}, {"divide", 247}, {"eacute", 233}, {"ecirc", 234}, {"egrave", 232},
    {"empty", 8709}, {"emsp", 8195}, {"ensp", 8194}, {"epsilon", 949}, {"equiv", 8801},
    {"eta", 951}, {"eth", 240}, {"euml", 235}, {"euro", 8364}, {"exist", 8707},
    {"fnof", 402}, {"forall", 8704}, {"frac12", 189}, {"frac14", 188}, {"frac34", 190},
    {"frasl", 8260}, {"gamma", 947}, {"ge", 8805}, {"gt", 62}, {"hArr", 8660},
    {"harr", 8596}, {"hearts", 9829}, {"hellip", 8230}, {"iacute", 237}, {"icirc", 238},
    {"iexcl", 161}, {"igrave", 236}, {"image", 8465}, {"infin", 8734}, {"int", 8747},
    {"iota", 953}, {"iquest", 191}, {"isin", 8712}, {"iuml", 239}, {"kappa", 954},
    {"lArr", 8656}, {"lambda", 955}, {"lang", 9001}, {"laquo", 171}, {"larr", 8592},
    {"lceil", 8968}, {"ldquo", 8220}, {"le", 8804}, {"lfloor", 8970}, {"lowast", 8727},
    {"loz", 9674}, {"lrm", 8206}, {"lsaquo", 8249}, {"lsquo", 8216}, {"lt", 60},
    {"macr", 175}, {"mdash", 8212}, {"micro", 181}, {"middot", 183}, {"minus", 8722},
    {"mu", 956}, {"nabla", 8711}, {"nbsp", 160}, {"ndash", 8211}, {"ne", 8800},
    {"ni", 8715}, {"not", 172}, {"notin", 8713}, {"nsub", 8836}, {"ntilde", 241},
    {"nu", 957}, {"oacute", 243}, {"ocirc", 244}, {"oelig", 339}, {"ograve", 242},
    {"oline", 8254}, {"omega", 969}, {"omicron", 959}, {"oplus", 8853}, {"or", 8744},
    {"ordf", 170}, {"ordm", 186}, {"oslash", 248}, {"otilde", 245}, {"otimes", 8855},
    {"ouml", 246}, {"para", 182}, {"part", 8706}, {"permil", 8240}, {"perp", 8869},
    {"phi", 966}, {"pi", 960}, {"piv", 982}, {"plusmn", 177}, {"pound", 163},
    {"prime", 8242}, {"prod", 8719}, {"prop", 8733}, {"psi", 968}, {"quot", 34},
    {"rArr", 8658}, {"radic", 8730}, {"rang", 9002}, {"raquo", 187}, {"rarr", 8594},
    {"rceil", 8969}, {"rdquo", 8221}, {"real", 8476}, {"reg", 174}, {"rfloor", 8971},
    {"rho", 961}, {"rlm", 8207}, {"rsaquo", 8250}, {"rsquo", 8217}, {"sbquo", 8218},
    {"scaron", 353}, {"sdot", 8901}, {"sect", 167}, {"shy", 173}, {"sigma", 963},
    {"sigmaf", 962}, {"sim", 8764}, {"spades", 9824}, {"sub", 8834}, {"sube", 8838},
    {"sum", 8721}, {"sup", 8835}, {"sup1", 185}, {"sup2", 178}, {"sup3", 179},
    {"supe", 8839}, {"szlig", 223}, {"tau", 964}, {"there4", 8756}, {"theta", 952},
    {"thetasym", 977}, {"thinsp", 8201}, {"thorn", 254}, {"tilde", 732}, {"times", 215},
    {"trade", 8482}, {"uArr", 8657}, {"uacute", 250}, {"uarr", 8593}, {"ucirc", 251},
    {"ugrave", 249}, {"uml", 168}, {"upsih", 978}, {"upsilon", 965}, {"uuml", 252},
    {"weierp", 8472}, {"xi", 958}, {"yacute", 253}, {"yen", 165}, {"yuml", 255},
    {"zeta", 950}, {"zwj", 8205}, {"zwnj", 8204},
};
// clang-format on

struct html {
    struct slice in;
    size_t at;
    char *out; // as long as `in`: text is never longer than its markup
    size_t len;
    size_t breaks; // line breaks to write before the next text
};

static bool
is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}

static bool
is_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool
is_alphanumeric(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9');
}

static bool
is_name_end(char c)
{
    return is_space(c) || c == '/' || c == '>';
}

static char
peek(const struct html *html, size_t ahead)
{
    return html->in.len - html->at > ahead ? html->in.ptr[html->at + ahead] : '\0';
}

// White space at the start of a line is not shown.
static void
put_text(struct html *html, struct slice text)
{
    while (html->breaks > 0 && text.len > 0 && is_space(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    if (text.len == 0) {
        return;
    }
    if (html->len > 0) {
        memset(html->out + html->len, '\n', html->breaks);
        html->len += html->breaks;
    }
    html->breaks = 0;
    memcpy(html->out + html->len, text.ptr, text.len);
    html->len += text.len;
}

static void
skip_past(struct html *html, char c)
{
    const char *from = html->in.ptr + html->at;
    const char *found = memchr(from, c, html->in.len - html->at);
    html->at = found != NULL ? (size_t)(found - html->in.ptr) + 1 : html->in.len;
}

static void
skip_spaces(struct html *html)
{
    while (html->at < html->in.len && is_space(html->in.ptr[html->at])) {
        html->at++;
    }
}

static void
skip_attribute(struct html *html)
{
    html->at++; // even a "=" may begin a name
    while (html->at < html->in.len && peek(html, 0) != '=' &&
           !is_name_end(peek(html, 0))) {
        html->at++;
    }
    skip_spaces(html);
    if (html->at == html->in.len || peek(html, 0) != '=') {
        return;
    }
    html->at++;
    skip_spaces(html);
    char quote = peek(html, 0);
    if (quote == '"' || quote == '\'') {
        html->at++;
        skip_past(html, quote);
        return;
    }
    while (html->at < html->in.len && !is_space(peek(html, 0)) &&
           peek(html, 0) != '>') {
        html->at++;
    }
}

// Skips from the end of the element's name to the end of the tag.
static void
skip_attributes(struct html *html)
{
    while (html->at < html->in.len) {
        char c = peek(html, 0);
        if (c == '>') {
            html->at++;
            return;
        }
        if (is_space(c) || c == '/') {
            html->at++;
        } else {
            skip_attribute(html);
        }
    }
}

static void
skip_comment(struct html *html)
{
    html->at += 4; // "<!--", whose dashes may be those of the end as well
    size_t dashes = 2;
    while (html->at < html->in.len) {
        char c = html->in.ptr[html->at++];
        if (c == '>' && dashes >= 2) {
            return;
        }
        dashes = c == '-' ? dashes + 1 : 0;
    }
}

// Reads a name in lower case; a name that is too long or contains a NUL becomes empty.
static void
read_name(struct html *html, char name[NAME_SIZE])
{
    size_t len = 0;
    bool has_nul = false;
    memset(name, 0, NAME_SIZE);
    while (html->at < html->in.len && !is_name_end(peek(html, 0))) {
        char c = peek(html, 0);
        has_nul |= c == '\0';
        if (len < NAME_SIZE - 1) {
            name[len] = slice_lower(c);
        }
        len++;
        html->at++;
    }
    if (len >= NAME_SIZE || has_nul) {
        name[0] = '\0';
    }
}

static bool
is_in(const char *name, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strcmp(name, *names) == 0) {
            return true;
        }
    }
    return false;
}

static bool
is_block(const char *name)
{
    static const char *const names[] = {
        "address", "article", "aside",      "blockquote", "dd",     "details", "div",
        "dl",      "dt",      "figcaption", "figure",     "footer", "form",    "h1",
        "h2",      "h3",      "h4",         "h5",         "h6",     "header",  "hr",
        "li",      "main",    "nav",        "ol",         "pre",    "section", "table",
        "tr",      "ul",      NULL,
    };
    return is_in(name, names);
}

static bool
is_hidden(const char *name)
{
    static const char *const names[] = {"script", "style", "template", "title", NULL};
    return is_in(name, names);
}

// Skips to the end tag of `name`, or to the end.
static void
skip_element(struct html *html, const char *name)
{
    char found[NAME_SIZE];
    while (html->at < html->in.len) {
        skip_past(html, '<');
        if (peek(html, 0) != '/') {
            continue;
        }
        size_t inside = ++html->at;
        read_name(html, found);
        if (strcmp(found, name) == 0) {
            skip_attributes(html);
            return;
        }
        html->at = inside;
    }
}

static void
read_tag(struct html *html)
{
    char name[NAME_SIZE];
    bool is_end = peek(html, 1) == '/';
    html->at += is_end ? 2 : 1;
    read_name(html, name);
    skip_attributes(html);
    if (strcmp(name, "br") == 0) {
        html->breaks++;
    } else if (strcmp(name, "p") == 0) {
        html->breaks = html->breaks > 2 ? html->breaks : 2;
    } else if (is_block(name)) {
        html->breaks = html->breaks > 1 ? html->breaks : 1;
    } else if (!is_end && is_hidden(name)) {
        skip_element(html, name);
    }
}

static void
read_markup(struct html *html)
{
    char next = peek(html, 1);
    if (is_letter(next) || (next == '/' && is_letter(peek(html, 2)))) {
        read_tag(html);
    } else if (next == '!' && peek(html, 2) == '-' && peek(html, 3) == '-') {
        skip_comment(html);
    } else if (next == '!' || next == '?' ||
               (next == '/' && html->in.len - html->at > 2)) {
        skip_past(html, '>');
    } else {
        put_text(html, (struct slice){html->in.ptr + html->at, 1});
        html->at++;
    }
}

static int
compare_name(const void *key, const void *row)
{
    return strcmp(key, ((const struct entity *)row)->name);
}

// The code of the named entity at the current place, 0 if there is none.
static uint32_t
read_named(const struct html *html, size_t *ret_size)
{
    char name[NAME_SIZE] = {0};
    size_t len = 0;
    while (len < NAME_SIZE - 1 && is_alphanumeric(peek(html, len + 1))) {
        name[len] = peek(html, len + 1);
        len++;
    }
    const struct entity *found =
        bsearch(name, entities, sizeof(entities) / sizeof(entities[0]),
                sizeof(entities[0]), compare_name);
    if (found == NULL || peek(html, len + 1) != ';') {
        return 0;
    }
    *ret_size = len + 2;
    return found->code;
}

static void
read_entity(struct html *html)
{
    struct slice rest = {html->in.ptr + html->at, html->in.len - html->at};
    uint32_t code = 0;
    size_t size = text_numeric(rest, &code);
    if (size == 0) {
        code = read_named(html, &size);
    }
    if (size == 0) {
        put_text(html, (struct slice){rest.ptr, 1});
        html->at++;
        return;
    }
    char text[4];
    put_text(html, (struct slice){text, utf8_put(text, code)});
    html->at += size;
}

struct slice
html_text(struct arena *arena, struct slice in)
{
    if (in.len == 0 ||
        (memchr(in.ptr, '<', in.len) == NULL && memchr(in.ptr, '&', in.len) == NULL)) {
        return in;
    }
    struct html html = {.in = in, .out = arena_alloc(arena, in.len, 1)};
    if (html.out == NULL) {
        return SLICE_NONE;
    }
    while (html.at < in.len) {
        size_t end = html.at;
        while (end < in.len && in.ptr[end] != '<' && in.ptr[end] != '&') {
            end++;
        }
        put_text(&html, (struct slice){in.ptr + html.at, end - html.at});
        html.at = end;
        if (peek(&html, 0) == '<') {
            read_markup(&html);
        } else if (peek(&html, 0) == '&') {
            read_entity(&html);
        }
    }
    return (struct slice){html.out, html.len};
}
