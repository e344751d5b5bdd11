// MAP_ANONYMOUS and MAP_NORESERVE are in every Unix but not in POSIX.
#define _DEFAULT_SOURCE

#include "base/region.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

void *
region_reserve(size_t size)
{
    if (size == 0 || size > PTRDIFF_MAX) {
        return NULL;
    }
    void *region = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return region != MAP_FAILED ? region : NULL;
}

void
region_clean(void *bytes, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = ((uintptr_t)bytes + page - 1) / page * page;
    uintptr_t to = ((uintptr_t)bytes + size) / page * page;
    if (to > from) {
        (void)madvise((void *)from, to - from, MADV_DONTNEED);
    }
}

void
region_release(void *region, size_t size)
{
    if (region != NULL) {
        (void)munmap(region, size);
    }
}
