// Preloaded into the daemon: measures the processor time of each turn of its loop, from
// one epoll_wait to the next, so that other programs on the machine do not matter. The
// file named by $LOOP_TURNS gets a number of turns for each millisecond, the last for
// all longer ones.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum { MILLISECONDS = 1000 };

struct epoll_event;

int epoll_wait(int fd, struct epoll_event *events, int most, int timeout);

typedef int (*wait_fn)(int fd, struct epoll_event *events, int most, int timeout);

static uint64_t *turns;
static wait_fn next;

__attribute__((constructor)) static void
begin(void)
{
    const char *path = getenv("LOOP_TURNS");
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    size_t size = (MILLISECONDS + 1) * sizeof(*turns);
    void *page = fd < 0 ? MAP_FAILED
                        : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    turns = page == MAP_FAILED ? NULL : page;
    *(void **)&next = dlsym(RTLD_NEXT, "epoll_wait");
}

static int64_t
processor_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

int
epoll_wait(int fd, struct epoll_event *events, int most, int timeout)
{
    static int64_t began;
    int64_t ms = (processor_us() - began) / 1000;
    if (began != 0 && turns != NULL) {
        turns[ms < MILLISECONDS ? ms : MILLISECONDS]++;
    }
    int count = next(fd, events, most, timeout);
    began = processor_us();
    return count;
}
