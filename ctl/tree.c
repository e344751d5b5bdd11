#include "ctl/tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/percent.h"
#include "ctl/print.h"
#include "ingest/text/cell.h"

enum { TEXT_COLUMNS = 200, INDENT_MAX = 60, PATH_MAX_LEN = 32768, NO_PARENT = -1 };

// The columns of the answer, and for each node its first child and next sibling.
struct tree {
    const json_t *parent, *time, *observed, *id, *person, *handle;
    size_t count;
    long *parents; // NO_PARENT, or the index of an earlier node
    long *child;   // NO_PARENT: none
    long *last;    // child
    long *sibling; // the next one
    int64_t root_ms;
};

static int64_t
number_at(const json_t *column, size_t index)
{
    return json_integer_value(json_array_get(column, index));
}

static struct slice
text_at(const json_t *column, size_t index)
{
    const json_t *value = json_array_get(column, index);
    return json_is_string(value)
               ? (struct slice){json_string_value(value), json_string_length(value)}
               : SLICE_NONE;
}

static long *
fresh_links(size_t count)
{
    long *links = calloc(count + 1, sizeof *links);
    for (size_t i = 0; links != NULL && i < count; i++) {
        links[i] = NO_PARENT;
    }
    return links;
}

static void
link_nodes(struct tree *tree)
{
    for (size_t i = 1; i < tree->count; i++) {
        json_int_t parent = number_at(tree->parent, i);
        if (parent < 0 || (size_t)parent >= tree->count || (size_t)parent == i) {
            continue;
        }
        tree->parents[i] = (long)parent;
        if (tree->child[parent] == NO_PARENT) {
            tree->child[parent] = (long)i;
        } else {
            tree->sibling[tree->last[parent]] = (long)i;
        }
        tree->last[parent] = (long)i;
    }
}

static bool
read_tree(struct tree *tree, const json_t *body, size_t rows)
{
    *tree = (struct tree){
        .parent = json_object_get(body, "parent"),
        .time = json_object_get(body, "time"),
        .observed = json_object_get(body, "observed"),
        .id = json_object_get(body, "id"),
        .person = json_object_get(body, "person"),
        .handle = json_object_get(body, "handle"),
        .count = json_array_size(json_object_get(body, "parent")),
    };
    tree->count = rows != 0 && rows < tree->count ? rows : tree->count;
    tree->parents = fresh_links(tree->count);
    tree->child = fresh_links(tree->count);
    tree->last = fresh_links(tree->count);
    tree->sibling = fresh_links(tree->count);
    tree->root_ms = number_at(tree->time, 0);
    if (tree->parents == NULL || tree->child == NULL || tree->last == NULL ||
        tree->sibling == NULL) {
        return false;
    }
    link_nodes(tree);
    return true;
}

static void
free_tree(struct tree *tree)
{
    free(tree->sibling);
    free(tree->last);
    free(tree->child);
    free(tree->parents);
}

// "@ann", or the id of the person, or of the post; "?" if nothing is known.
static void
put_who(struct buffer *out, const struct tree *tree, size_t node)
{
    struct slice handle = text_at(tree->handle, node);
    struct slice person = text_at(tree->person, node);
    struct slice post = text_at(tree->id, node);
    if (handle.len != 0) {
        buffer_append_byte(out, '@');
    }
    (void)cell_put(out,
                   handle.len != 0   ? handle
                   : person.len != 0 ? person
                   : post.len != 0   ? post
                                     : SLICE_LIT("?"),
                   TEXT_COLUMNS);
}

static void
put_age(struct buffer *out, const struct tree *tree, size_t node)
{
    int64_t age = number_at(tree->time, node) - tree->root_ms;
    buffer_append(out, SLICE_LIT(" +"));
    print_put_span(out, age > 0 ? age : 0);
}

// ── lines ──────────────────────────────────────────────────────────────────

static void
put_line(struct buffer *out, const struct tree *tree, size_t node, size_t depth)
{
    size_t shown = depth < INDENT_MAX ? depth : INDENT_MAX;
    cell_fill(out, 2 * shown);
    if (depth > INDENT_MAX) {
        print_put(out, "(%zu) ", depth);
    }
    put_who(out, tree, node);
    if (node != 0) {
        put_age(out, tree, node);
        if (number_at(tree->observed, node) == 0) {
            buffer_append(out, SLICE_LIT(" (path not observed)"));
        }
    }
    buffer_append_byte(out, '\n');
}

// Depth first, without recursion: a path may be as long as the tree.
static void
put_branch(struct buffer *out, const struct tree *tree, size_t top)
{
    long node = (long)top;
    size_t depth = 0;
    while (node != NO_PARENT) {
        put_line(out, tree, (size_t)node, depth);
        if (tree->child[node] != NO_PARENT) {
            node = tree->child[node];
            depth++;
            continue;
        }
        while (node != (long)top && tree->sibling[node] == NO_PARENT) {
            node = tree->parents[node];
            depth--;
        }
        node = node == (long)top ? NO_PARENT : tree->sibling[node];
    }
}

static void
put_lines(struct buffer *out, const struct tree *tree, int64_t nodes)
{
    for (size_t i = 0; i < tree->count; i++) {
        if (tree->parents[i] == NO_PARENT) {
            put_branch(out, tree, i);
        }
    }
    if (nodes > (int64_t)tree->count) {
        print_put(out, "… %lld of %lld posts are not shown\n",
                  (long long)(nodes - (int64_t)tree->count), (long long)nodes);
    }
}

// ── a graph ────────────────────────────────────────────────────────────────

// A text for dot: within quotes only " and \ are special.
static void
put_label(struct buffer *out, const struct tree *tree, size_t node)
{
    struct buffer text;
    buffer_init(&text, PATH_MAX_LEN);
    put_who(&text, tree, node);
    for (size_t i = 0; i < text.size; i++) {
        if (text.bytes[i] == '"' || text.bytes[i] == '\\') {
            buffer_append_byte(out, '\\');
        }
        buffer_append_byte(out, text.bytes[i]);
    }
    buffer_fini(&text);
}

static void
put_dot(struct buffer *out, const struct tree *tree)
{
    buffer_append(out, SLICE_LIT("digraph cascade {\n    rankdir=LR;\n    "
                                 "node [shape=box];\n"));
    for (size_t i = 0; i < tree->count; i++) {
        print_put(out, "    n%zu [label=\"", i);
        put_label(out, tree, i);
        buffer_append(out, SLICE_LIT("\\n"));
        if (i != 0) {
            put_age(out, tree, i);
        } else {
            buffer_append(out, SLICE_LIT("root"));
        }
        buffer_append(out, SLICE_LIT("\"];\n"));
        if (tree->parents[i] != NO_PARENT) {
            print_put(out, "    n%ld -> n%zu%s;\n", tree->parents[i], i,
                      number_at(tree->observed, i) != 0 ? "" : " [style=dashed]");
        }
    }
    buffer_append(out, SLICE_LIT("}\n"));
}

// ── asking ─────────────────────────────────────────────────────────────────

static enum status
show(const json_t *body, enum tree_form form, size_t rows, struct error *error)
{
    struct tree tree;
    struct buffer out;
    if (form == TREE_JSON) {
        print_json(body);
        return STATUS_OK;
    }
    bool is_read = read_tree(&tree, body, rows);
    if (is_read) {
        buffer_init(&out, SERVICE_ANSWER_MAX);
        if (form == TREE_DOT) {
            put_dot(&out, &tree);
        } else {
            put_lines(&out, &tree, print_number(body, "nodes"));
        }
        print_buffer(&out);
    }
    free_tree(&tree);
    return is_read ? STATUS_OK : error_set(error, STATUS_NOMEM, "out of memory");
}

enum status
tree_show(struct service *service, const char *id, enum tree_form form, size_t rows,
          struct error *error)
{
    struct buffer path;
    json_t *body = NULL;
    buffer_init(&path, PATH_MAX_LEN);
    buffer_append(&path, SLICE_LIT("/api/v1/cascades/"));
    percent_put(&path, slice_of(id));
    buffer_append(&path, SLICE_LIT("/tree"));
    buffer_append_byte(&path, '\0');
    enum status status = path.is_failed
                             ? error_set(error, STATUS_RANGE, "the id is too long")
                             : service_page(service, path.bytes, &body, error);
    buffer_fini(&path);
    if (status == STATUS_OK) {
        status = show(body, form, rows, error);
    }
    json_decref(body);
    return status;
}
