// MAP_ANONYMOUS and MAP_NORESERVE are in every Unix but not in POSIX.
#define _DEFAULT_SOURCE

#include "base/region.h"

#include <stdint.h>
#include <sys/mman.h>

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
region_release(void *region, size_t size)
{
    if (region != NULL) {
        (void)munmap(region, size);
    }
}
