// Preloaded into a program under test: makes one allocation fail, or all from one on.
//
// The file named by $FAILING_MALLOC is shared with the test: 8-byte numbers
//     0  how many allocations were counted since the test wrote 0
//     1  the number of the one that fails; 0: none does
//     2  1: all behind it fail, too
//     3  how many have failed
// Forked children count in the same file.
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static _Atomic uint64_t *shared;

__attribute__((constructor)) static void
begin(void)
{
    const char *path = getenv("FAILING_MALLOC");
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *page = fd < 0 ? MAP_FAILED
                        : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    shared = page == MAP_FAILED ? NULL : page;
}

static int
fails(void)
{
    if (shared == NULL || shared[1] == 0) {
        return 0;
    }
    uint64_t number = ++shared[0];
    int is_one = number == shared[1] || (shared[2] != 0 && number > shared[1]);
    if (is_one) {
        shared[3]++;
        errno = ENOMEM;
    }
    return is_one;
}

void *
malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *
realloc(void *old, size_t size)
{
    return fails() ? NULL : __libc_realloc(old, size);
}

void *
aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}

int
posix_memalign(void **result, size_t alignment, size_t size)
{
    void *memory = aligned_alloc(alignment, size);
    if (memory == NULL) {
        return ENOMEM;
    }
    *result = memory;
    return 0;
}
