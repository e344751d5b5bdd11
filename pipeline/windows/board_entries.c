#include "pipeline/windows/board_entries.h"

#include <string.h>

static bool
is_before(const struct board_entry *a, const struct board_entry *b)
{
    return a->score != b->score ? a->score > b->score : a->place < b->place;
}

static void
swap(struct board_entry *a, struct board_entry *b)
{
    struct board_entry c = *a;
    *a = *b;
    *b = c;
}

// Hoare's quickselect.
void
board_entries_select(struct board_entry *entries, uint32_t count, uint32_t wanted)
{
    int64_t low = 0;
    int64_t high = (int64_t)count - 1;
    int64_t nth = (int64_t)wanted - 1;
    while (low < high) {
        struct board_entry pivot = entries[low + (high - low) / 2];
        int64_t i = low;
        int64_t j = high;
        while (i <= j) {
            while (is_before(&entries[i], &pivot)) {
                i++;
            }
            while (is_before(&pivot, &entries[j])) {
                j--;
            }
            if (i <= j) {
                swap(&entries[i], &entries[j]);
                i++;
                j--;
            }
        }
        if (nth <= j) {
            high = j;
        } else if (nth >= i) {
            low = i;
        } else {
            return;
        }
    }
}

// Radix sort. A byte in which all are equal takes no pass.
void
board_entries_sort(struct board_entry *entries, struct board_entry *spare,
                   uint32_t count)
{
    uint32_t different = 0; // bits
    for (uint32_t i = 1; i < count; i++) {
        different |= entries[i].owner ^ entries[0].owner;
    }
    for (uint32_t shift = 0; shift < 32; shift += 8) {
        if ((different >> shift & 0xFF) == 0) {
            continue;
        }
        uint32_t starts[257] = {0};
        for (uint32_t i = 0; i < count; i++) {
            starts[((entries[i].owner >> shift) & 0xFF) + 1]++;
        }
        for (uint32_t i = 0; i < 256; i++) {
            starts[i + 1] += starts[i];
        }
        for (uint32_t i = 0; i < count; i++) {
            spare[starts[(entries[i].owner >> shift) & 0xFF]++] = entries[i];
        }
        memcpy(entries, spare, count * sizeof(*entries));
    }
}

bool
board_entries_has(struct board_entries entries, uint32_t owner)
{
    uint32_t low = 0;
    uint32_t high = entries.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (entries.rows[middle].owner < owner) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < entries.count && entries.rows[low].owner == owner;
}

bool
board_entries_same(struct board_entries a, struct board_entries b)
{
    bool is_same = a.count == b.count;
    for (uint32_t i = 0; is_same && i < a.count; i++) {
        is_same =
            a.rows[i].owner == b.rows[i].owner && a.rows[i].score == b.rows[i].score;
    }
    return is_same;
}

int
board_entries_step(struct board_entries now, uint32_t i, struct board_entries old,
                   uint32_t k)
{
    if (k == old.count) {
        return -1;
    }
    if (i == now.count) {
        return 1;
    }
    uint32_t a = now.rows[i].owner;
    uint32_t b = old.rows[k].owner;
    return (a > b) - (a < b);
}
