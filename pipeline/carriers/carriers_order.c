#include "pipeline/carriers/carriers_order.h"

// Acts that are worth as much as one person.
#define ACTS_PER_PERSON 8.0

static double
worth(const struct carriers *carriers, const struct carrier *row)
{
    const struct carrier_passed *passed =
        carrier_find(row, carriers->texts, CARRIER_PASSED);
    return row->acts / ACTS_PER_PERSON + (passed != NULL ? passed->people : 0);
}

static bool
leaves_before(const struct carriers *carriers, uint32_t a, uint32_t b)
{
    const struct carrier *one = &carriers->rows[a];
    const struct carrier *other = &carriers->rows[b];
    double left = worth(carriers, one);
    double right = worth(carriers, other);
    if (left != right) {
        return left < right;
    }
    return carrier_last_ms(one) != carrier_last_ms(other)
               ? carrier_last_ms(one) < carrier_last_ms(other)
               : one->user < other->user;
}

static void
heap_put(struct carriers *carriers, uint32_t place, uint32_t row)
{
    carriers->heap[place] = row;
    carriers->places[row] = place;
}

static void
sift_down(struct carriers *carriers, uint32_t place)
{
    uint32_t row = carriers->heap[place];
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child + 1 < carriers->count &&
            leaves_before(carriers, carriers->heap[child + 1], carriers->heap[child])) {
            child++;
        }
        if (child >= carriers->count ||
            !leaves_before(carriers, carriers->heap[child], row)) {
            break;
        }
        heap_put(carriers, place, carriers->heap[child]);
        place = child;
    }
    heap_put(carriers, place, row);
}

static void
sift_up(struct carriers *carriers, uint32_t place)
{
    uint32_t row = carriers->heap[place];
    while (place != 0 &&
           leaves_before(carriers, row, carriers->heap[(place - 1) / 2])) {
        heap_put(carriers, place, carriers->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    heap_put(carriers, place, row);
}

void
carriers_order_build(struct carriers *carriers)
{
    uint32_t count = 0;
    for (uint32_t row = 0; row < carriers->high; row++) {
        if (!carrier_is_free(&carriers->rows[row])) {
            heap_put(carriers, count++, row);
        }
    }
    for (uint32_t place = count / 2; place-- != 0;) {
        sift_down(carriers, place);
    }
    carriers->is_heaped = true;
}

void
carriers_order_changed(struct carriers *carriers, uint32_t row)
{
    if (carriers->is_heaped) {
        sift_up(carriers, carriers->places[row]);
        sift_down(carriers, carriers->places[row]);
    }
}

// The last in the heap takes the place of the row.
void
carriers_order_remove(struct carriers *carriers, uint32_t row)
{
    if (!carriers->is_heaped) {
        return;
    }
    uint32_t place = carriers->places[row];
    uint32_t last = carriers->heap[carriers->count];
    if (last != row) {
        heap_put(carriers, place, last);
        carriers_order_changed(carriers, last);
    }
}

void
carriers_order_add(struct carriers *carriers, uint32_t row)
{
    if (carriers->is_heaped) {
        heap_put(carriers, carriers->count - 1, row);
    }
}
