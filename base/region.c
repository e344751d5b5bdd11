// MAP_ANONYMOUS and MAP_NORESERVE are in every Unix but not in POSIX.
#define _DEFAULT_SOURCE

#include "base/region.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

// Large regions are read at random: huge pages avoid most page faults and TLB misses.
// Most regions stay small, so their beginning is left to small pages, which take only
// the memory in use.
enum { HUGE_MIN = 16 << 20, HUGE_PAGE = 2 << 20 };

void *
region_reserve_parts(size_t size)
{
    if (size == 0 || size > PTRDIFF_MAX) {
        return NULL;
    }
    void *region = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return region != MAP_FAILED ? region : NULL;
}

// Calls madvise for the pages of that size that are wholly within.
static void
advise(void *bytes, size_t size, size_t page, int advice)
{
    uintptr_t from = ((uintptr_t)bytes + page - 1) / page * page;
    uintptr_t to = ((uintptr_t)bytes + size) / page * page;
    if (to > from) {
        (void)madvise((void *)from, to - from, advice);
    }
}

void
region_use(void *bytes, size_t size)
{
    advise(bytes, size, HUGE_PAGE, MADV_HUGEPAGE);
}

// A page that is only partly included stays small.
static void
use_beyond_head(char *bytes, size_t size)
{
    if (size >= HUGE_MIN) {
        region_use(bytes + HUGE_PAGE, size - HUGE_PAGE);
    }
}

void *
region_reserve(size_t size)
{
    return region_reserve_two(size, size);
}

void *
region_reserve_two(size_t size, size_t first)
{
    char *region = region_reserve_parts(size);
    if (region != NULL) {
        use_beyond_head(region, first);
        use_beyond_head(region + first, size - first);
    }
    return region;
}

void
region_clean(void *bytes, size_t size)
{
    advise(bytes, size, (size_t)sysconf(_SC_PAGESIZE), MADV_DONTNEED);
}

void
region_release(void *region, size_t size)
{
    if (region != NULL) {
        (void)munmap(region, size);
    }
}
