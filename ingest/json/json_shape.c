#include "ingest/json/json_shape.h"

#include <assert.h>

const char json_shape_unusable[] = "";

const struct json_shape *
json_shape_find(const struct json_shapes *shapes, const struct json_table *table)
{
    for (size_t i = 0; i < shapes->count; i++) {
        if (shapes->tables[i] == table) {
            return &shapes->shapes[i];
        }
    }
    return NULL;
}

static void
add_row(struct json_shape *shape, const struct json_field *field,
        const struct json_shape *child)
{
    size_t length = strlen(field->key);
    struct json_shape_row row = {.length = length,
                                 .field = field,
                                 .kind = json_kind_of(field),
                                 .is_vital = (field->kind & JSON_VITAL) != 0,
                                 .is_strict = (field->kind & JSON_EXACT) == JSON_EXACT,
                                 .is_once =
                                     (field->kind & (JSON_VITAL | JSON_ONCE)) != 0,
                                 .is_apart = (field->kind & JSON_APART) != 0,
                                 .child = child};
    memcpy(&row.head, field->key, length < JSON_TOKEN_WORD ? length : JSON_TOKEN_WORD);
    if (length > JSON_TOKEN_WORD) {
        memcpy(&row.tail, field->key + length - JSON_TOKEN_WORD, JSON_TOKEN_WORD);
    }
    size_t slot = json_shape_slot(row.head);
    while (shape->slots[slot] != 0) {
        slot = (slot + 1) % JSON_SHAPE_SLOTS;
    }
    assert(shape->count < JSON_FIELDS_MAX);
    shape->rows[shape->count++] = row;
    shape->slots[slot] = (uint8_t)shape->count;
}

// A table may contain itself: its shape is added before its rows.
const struct json_shape *
json_shape_add(struct json_shapes *shapes, const struct json_table *table)
{
    const struct json_shape *known = json_shape_find(shapes, table);
    if (known != NULL) {
        return known;
    }
    assert(shapes->count < JSON_SHAPES_MAX);
    shapes->tables[shapes->count] = table;
    struct json_shape *shape = &shapes->shapes[shapes->count++];
    shape->size = table->size;
    const struct json_field *field = table->fields;
    for (; field->key != NULL; field++) {
        add_row(shape, field,
                field->table != NULL ? json_shape_add(shapes, field->table) : NULL);
    }
    shape->is_rest_apart = (field->kind & JSON_APART) != 0;
    return shape;
}
