#include "pipeline/windows/board_entries.h"

#include <stdbool.h>
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

// Radix sort.
void
board_entries_sort(struct board_entry *entries, struct board_entry *spare,
                   uint32_t count)
{
    for (uint32_t shift = 0; shift < 32; shift += 8) {
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
