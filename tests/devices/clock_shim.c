/* A wall clock that can be set while a program runs: loaded with LD_PRELOAD.

   $VCLOCK_FILE holds a signed 64-bit number of nanoseconds that is added to the wall clock and to
   nothing else: the monotonic clock goes on. Waits until a moment of the wall clock follow it as
   the kernel's do, when it is set during the wait too. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NS 1000000000ll
#define SLICE_NS 50000000ll
/* Later than any reading of the monotonic clock, earlier than any of the wall clock. */
#define WALL_S 1000000000ll

static const int64_t *offset;

__attribute__((constructor)) static void map_offset(void)
{
    const char *path = getenv("VCLOCK_FILE");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *at = file < 0 ? MAP_FAILED : mmap(0, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
    if (file >= 0) close(file);
    if (at != MAP_FAILED) offset = at;
}

static int64_t shift(void) { return offset ? __atomic_load_n(offset, __ATOMIC_RELAXED) : 0; }

static int real_gettime(clockid_t clock, struct timespec *t)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    return real(clock, t);
}

static struct timespec plus(struct timespec t, int64_t ns)
{
    int64_t sum = t.tv_sec * NS + t.tv_nsec + ns;
    return (struct timespec){sum / NS, sum % NS};
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
    int result = real_gettime(clock, t);
    if (!result && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) *t = plus(*t, shift());
    return result;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    t->tv_sec = now.tv_sec;
    t->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *where)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (where) *where = now.tv_sec;
    return now.tv_sec;
}

/* The end of the next slice of a wait, on the real clock; 0 when the wait is over. */
static int slice(const struct timespec *until, struct timespec *end)
{
    struct timespec now;
    int64_t left;
    real_gettime(CLOCK_REALTIME, &now);
    left = (until->tv_sec - now.tv_sec) * NS + until->tv_nsec - now.tv_nsec - shift();
    *end = plus(now, left < SLICE_NS ? left : SLICE_NS);
    return left > 0;
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until)
{
    static int (*real)(sem_t *, const struct timespec *);
    struct timespec end;
    if (!real) real = (int (*)(sem_t *, const struct timespec *))dlsym(RTLD_NEXT, "sem_timedwait");
    if (!offset) return real(semaphore, until);
    for (;;) {
        int more = slice(until, &end);
        int result = real(semaphore, &end);
        if (!result || errno != ETIMEDOUT || !more) return result;
    }
}

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict lock,
                           const struct timespec *restrict until)
{
    static int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    struct timespec end;
    if (!real)
        real = (int (*)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *))dlsym(
            RTLD_NEXT, "pthread_cond_timedwait");
    if (!offset || until->tv_sec < WALL_S) return real(condition, lock, until);
    for (;;) {
        int more = slice(until, &end);
        int result = real(condition, lock, &end);
        if (result != ETIMEDOUT || !more) return result;
    }
}
