/* Virtual cameras for programs that use V4L2: loaded with LD_PRELOAD, answers for /dev/video*.

   The cameras are the files $VCAM_FOLDER/video0, video2, ...: rings of frames that
   camera_feeder.py fills some time ahead (layout: struct ring). A thread of the shim hands each
   frame over at the time it bears, as a driver's interrupt would: into the next buffer that the
   program has queued, or it counts the frame as dropped. A real camera that may be there is not
   seen. /dev and /sys/class/video4linux are listed from the same folder.

   Also real: the first program that asks for buffers owns the camera until it gives them back,
   closes or dies; for a second one asking for a format or for buffers fails with EBUSY. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define MAGIC 0x4d414356u
#define SLOTS_MAX 128
#define BUFFERS_MAX 32
#define FDS 4096
#define NS 1000000000ll
#define SLICE_NS 20000000ll

enum state { FINE = 0, GONE = 1, BUSY = 2, DENIED = 3, LOCKED = 4 };

struct slot { uint64_t at_ns; uint32_t length, number; };

struct ring {
    uint32_t magic, width, height, fourcc, slots, slot_bytes;
    uint32_t state, generation, rate_mhz, written, delivered, dropped, streams, latency_us;
    uint64_t owner; /* process id << 32 | handle; 0 = nobody streams */
    char card[32], bus[32];
    char unused[1024 - 128];
    struct slot slot[SLOTS_MAX];
};
#define DATA_AT 4096

struct handle {
    struct ring *ring;
    size_t ring_bytes;
    uint64_t token;
    pid_t pid;
    int fd, memory_fd, blocking, running;
    uint32_t generation, buffers, streaming_number;
    uint8_t *memory;
    pthread_t thread;
    pthread_mutex_t lock;
    uint32_t waiting[BUFFERS_MAX], waiting_n, done[BUFFERS_MAX], done_n;
    struct slot filled[BUFFERS_MAX];
};

static struct handle *handles[FDS];
static uint32_t serial;

#define REAL(type, name, arguments) \
    static type (*real) arguments; \
    if (!real) real = (type (*) arguments)dlsym(RTLD_NEXT, name)

static int real_open(const char *path, int flags, mode_t mode)
{
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static void *real_mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
    REAL(void *, "mmap", (void *, size_t, int, int, int, off_t));
    return real(at, n, protection, flags, fd, offset);
}

static int real_close(int fd)
{
    REAL(int, "close", (int));
    return real(fd);
}

static int64_t now_ns(void)
{
    struct timespec t;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    return t.tv_sec * NS + t.tv_nsec;
}

/* The camera's number if the path is one, else -1. */
static int camera_number(const char *path)
{
    int number, end = 0;
    if (!path || !getenv("VCAM_FOLDER")) return -1;
    if (sscanf(path, "/dev/video%d%n", &number, &end) == 1 && !path[end]) return number;
    return -1;
}

/* Where the listing of devices really lies; any other path as it is. */
static const char *moved(const char *path, char *space)
{
    static const char sys[] = "/sys/class/video4linux";
    const char *folder = getenv("VCAM_FOLDER");
    int number = camera_number(path);
    if (!folder || !path) return path;
    if (number >= 0) snprintf(space, PATH_MAX, "%s/video%d", folder, number);
    else if (!strcmp(path, "/dev") || !strcmp(path, "/dev/")) return folder;
    else if (!strncmp(path, sys, sizeof sys - 1))
        snprintf(space, PATH_MAX, "%s/sys%s", folder, path + sizeof sys - 1);
    else return path;
    return space;
}

/* A vfork'ed child shares this memory, and what it closes is not ours: hence the process id. */
static struct handle *handle_of(int fd)
{
    struct handle *h = fd >= 0 && fd < FDS ? __atomic_load_n(&handles[fd], __ATOMIC_ACQUIRE) : 0;
    return h && h->pid == getpid() ? h : 0;
}

static int gone(struct handle *h)
{
    return __atomic_load_n(&h->ring->state, __ATOMIC_ACQUIRE) == GONE
           || __atomic_load_n(&h->ring->generation, __ATOMIC_ACQUIRE) != h->generation;
}

static int fail(int error)
{
    errno = error;
    return -1;
}

/* --- streaming ------------------------------------------------------------------------------ */

static int acquire(struct handle *h)
{
    uint64_t owner = __atomic_load_n(&h->ring->owner, __ATOMIC_ACQUIRE);
    if (owner == h->token) return 0;
    if (h->ring->state == BUSY) return fail(EBUSY);
    if (owner && !(kill((pid_t)(owner >> 32), 0) < 0 && errno == ESRCH)) return fail(EBUSY);
    if (!__atomic_compare_exchange_n(&h->ring->owner, &owner, h->token, 0, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE))
        return fail(EBUSY);
    return 0;
}

static int others(struct handle *h)
{
    uint64_t owner = __atomic_load_n(&h->ring->owner, __ATOMIC_ACQUIRE);
    if (owner == h->token) return 0;
    if (h->ring->state == BUSY) return 1;
    return owner && !(kill((pid_t)(owner >> 32), 0) < 0 && errno == ESRCH);
}

static void release(struct handle *h)
{
    uint64_t owner = h->token;
    __atomic_compare_exchange_n(&h->ring->owner, &owner, 0, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static void ring_bell(struct handle *h)
{
    uint64_t one = 1;
    if (write(h->fd, &one, sizeof one) < 0) return;
}

static void hand_over(struct handle *h, uint32_t number)
{
    struct ring *r = h->ring;
    uint32_t at = number % r->slots, buffer;
    struct slot meta = r->slot[at];
    pthread_mutex_lock(&h->lock);
    h->streaming_number++;
    if (!h->waiting_n || meta.number != number) {
        __atomic_fetch_add(&r->dropped, 1, __ATOMIC_RELAXED);
        pthread_mutex_unlock(&h->lock);
        return;
    }
    buffer = h->waiting[0];
    memmove(h->waiting, h->waiting + 1, --h->waiting_n * sizeof *h->waiting);
    memcpy(h->memory + (size_t)buffer * r->slot_bytes,
           (uint8_t *)r + DATA_AT + (size_t)at * r->slot_bytes, meta.length);
    meta.number = h->streaming_number - 1;
    h->filled[buffer] = meta;
    h->done[h->done_n++] = buffer;
    __atomic_fetch_add(&r->delivered, 1, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&h->lock);
    ring_bell(h);
}

static void *stream(void *argument)
{
    struct handle *h = argument;
    struct ring *r = h->ring;
    int64_t began = now_ns();
    uint32_t next = __atomic_load_n(&r->written, __ATOMIC_ACQUIRE) + 1;
    /* The hardware does not wait for the program's share of the processor (root only). */
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), -15);
    /* Frames are written ahead: the first that is yet to come. */
    next = next > r->slots / 2 ? next - r->slots / 2 : 1;
    while (__atomic_load_n(&h->running, __ATOMIC_ACQUIRE)) {
        uint32_t written = __atomic_load_n(&r->written, __ATOMIC_ACQUIRE);
        int64_t now = now_ns(), until = now + SLICE_NS / 4;
        if (gone(h)) {
            ring_bell(h); /* wakes select(); every request then fails */
            return 0;
        }
        if ((int32_t)(written - next) >= 0) {
            if (r->slot[next % r->slots].number != next) {
                hand_over(h, next++); /* overwritten while we stood still: lost */
                continue;
            }
            int64_t at = (int64_t)r->slot[next % r->slots].at_ns;
            if (at < began) {
                next++;
                continue;
            }
            at += r->latency_us * 1000ll;
            if (at <= now) {
                hand_over(h, next++);
                continue;
            }
            until = at < now + SLICE_NS ? at : now + SLICE_NS;
        }
        struct timespec t = {until / NS, until % NS};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, 0);
    }
    return 0;
}

static void stop(struct handle *h)
{
    uint64_t count;
    struct pollfd bell = {h->fd, POLLIN, 0};
    if (h->running) {
        __atomic_store_n(&h->running, 0, __ATOMIC_RELEASE);
        pthread_join(h->thread, 0);
    }
    h->waiting_n = h->done_n = 0;
    while (poll(&bell, 1, 0) > 0 && read(h->fd, &count, sizeof count) > 0) continue;
}

static int start(struct handle *h)
{
    sigset_t all, before;
    int error;
    if (h->running) return 0;
    if (!h->buffers || h->ring->owner != h->token) return fail(EINVAL);
    h->streaming_number = 0;
    h->running = 1;
    __atomic_fetch_add(&h->ring->streams, 1, __ATOMIC_RELAXED);
    /* Signals belong to the program's own threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&h->thread, 0, stream, h);
    pthread_sigmask(SIG_SETMASK, &before, 0);
    if (error) h->running = 0;
    return error ? fail(error) : 0;
}

static int set_buffers(struct handle *h, struct v4l2_requestbuffers *request)
{
    size_t bytes = (size_t)h->buffers * h->ring->slot_bytes;
    if (request->memory != V4L2_MEMORY_MMAP) return fail(EINVAL);
    if (request->count && acquire(h)) return -1;
    stop(h);
    if (h->memory) munmap(h->memory, bytes);
    if (h->memory_fd >= 0) real_close(h->memory_fd);
    h->memory = 0;
    h->memory_fd = -1;
    if (request->count > BUFFERS_MAX) request->count = BUFFERS_MAX;
    h->buffers = request->count;
    bytes = (size_t)h->buffers * h->ring->slot_bytes;
    if (!bytes) {
        release(h);
        return 0;
    }
    h->memory_fd = memfd_create("camera-buffers", MFD_CLOEXEC);
    if (h->memory_fd < 0 || ftruncate(h->memory_fd, (off_t)bytes)) return fail(ENOMEM);
    h->memory = real_mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, h->memory_fd, 0);
    return h->memory == MAP_FAILED ? fail(ENOMEM) : 0;
}

static void describe_buffer(struct handle *h, struct v4l2_buffer *b)
{
    b->length = h->ring->slot_bytes;
    b->m.offset = b->index * h->ring->slot_bytes;
    b->memory = V4L2_MEMORY_MMAP;
    b->field = V4L2_FIELD_NONE;
    b->flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
}

static int queue(struct handle *h, struct v4l2_buffer *b)
{
    int result = 0;
    if (b->index >= h->buffers) return fail(EINVAL);
    pthread_mutex_lock(&h->lock);
    for (uint32_t i = 0; i < h->waiting_n; i++)
        if (h->waiting[i] == b->index) result = EINVAL;
    if (!result) h->waiting[h->waiting_n++] = b->index;
    pthread_mutex_unlock(&h->lock);
    return result ? fail(result) : 0;
}

static int dequeue(struct handle *h, struct v4l2_buffer *b)
{
    struct pollfd bell = {h->fd, POLLIN, 0};
    uint64_t one;
    if (!h->running) return fail(EINVAL);
    while (h->blocking && !gone(h) && poll(&bell, 1, 20) == 0) continue;
    if (gone(h)) return fail(ENODEV);
    pthread_mutex_lock(&h->lock);
    if (!h->done_n) {
        pthread_mutex_unlock(&h->lock);
        return fail(EAGAIN);
    }
    b->index = h->done[0];
    memmove(h->done, h->done + 1, --h->done_n * sizeof *h->done);
    pthread_mutex_unlock(&h->lock);
    if (read(h->fd, &one, sizeof one) < 0 && errno != EAGAIN) return -1;
    describe_buffer(h, b);
    b->flags |= V4L2_BUF_FLAG_DONE;
    b->bytesused = h->filled[b->index].length;
    b->sequence = h->filled[b->index].number;
    b->timestamp.tv_sec = (time_t)(h->filled[b->index].at_ns / NS);
    b->timestamp.tv_usec = (suseconds_t)(h->filled[b->index].at_ns % NS / 1000);
    return 0;
}

/* --- requests ------------------------------------------------------------------------------- */

static void describe_format(struct ring *r, struct v4l2_pix_format *p)
{
    p->width = r->width;
    p->height = r->height;
    p->pixelformat = r->fourcc;
    p->field = V4L2_FIELD_NONE;
    p->bytesperline = r->fourcc == V4L2_PIX_FMT_YUYV ? r->width * 2 : 0;
    p->sizeimage = r->slot_bytes;
    p->colorspace = V4L2_COLORSPACE_SRGB;
}

static int describe_camera(struct ring *r, struct v4l2_capability *c)
{
    memset(c, 0, sizeof *c);
    strcpy((char *)c->driver, "uvcvideo");
    memcpy(c->card, r->card, sizeof c->card);
    memcpy(c->bus_info, r->bus, sizeof c->bus_info);
    c->version = 0x060100;
    c->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
    c->capabilities = c->device_caps | V4L2_CAP_DEVICE_CAPS;
    return 0;
}

static int request(struct handle *h, uint32_t code, void *argument)
{
    struct ring *r = h->ring;
    if (gone(h)) return fail(ENODEV);
    switch (code) {
    case VIDIOC_QUERYCAP:
        return describe_camera(r, argument);
    case VIDIOC_ENUMINPUT: {
        struct v4l2_input *input = argument;
        if (input->index) return fail(EINVAL);
        strcpy((char *)input->name, "Camera 1");
        input->type = V4L2_INPUT_TYPE_CAMERA;
        return 0;
    }
    case VIDIOC_G_INPUT:
        *(int *)argument = 0;
        return 0;
    case VIDIOC_S_INPUT:
        return 0;
    case VIDIOC_ENUM_FMT: {
        struct v4l2_fmtdesc *format = argument;
        if (format->index) return fail(EINVAL);
        format->pixelformat = r->fourcc;
        return 0;
    }
    case VIDIOC_ENUM_FRAMESIZES: {
        struct v4l2_frmsizeenum *size = argument;
        if (size->index) return fail(EINVAL);
        size->type = V4L2_FRMSIZE_TYPE_DISCRETE;
        size->discrete.width = r->width;
        size->discrete.height = r->height;
        return 0;
    }
    case VIDIOC_S_FMT:
        if (others(h)) return fail(EBUSY);
        /* fall through */
    case VIDIOC_G_FMT:
    case VIDIOC_TRY_FMT:
        describe_format(r, &((struct v4l2_format *)argument)->fmt.pix);
        return 0;
    case VIDIOC_S_PARM:
        if (others(h)) return fail(EBUSY);
        /* fall through */
    case VIDIOC_G_PARM: {
        struct v4l2_captureparm *capture = &((struct v4l2_streamparm *)argument)->parm.capture;
        capture->capability = V4L2_CAP_TIMEPERFRAME;
        capture->timeperframe.numerator = 1000;
        capture->timeperframe.denominator = r->rate_mhz;
        return 0;
    }
    case VIDIOC_REQBUFS:
        return set_buffers(h, argument);
    case VIDIOC_QUERYBUF:
        if (((struct v4l2_buffer *)argument)->index >= h->buffers) return fail(EINVAL);
        describe_buffer(h, argument);
        return 0;
    case VIDIOC_QBUF:
        return queue(h, argument);
    case VIDIOC_DQBUF:
        return dequeue(h, argument);
    case VIDIOC_STREAMON:
        return start(h);
    case VIDIOC_STREAMOFF:
        stop(h);
        return 0;
    default:
        return fail(ENOTTY);
    }
}

static int open_camera(int number, int flags)
{
    char path[PATH_MAX];
    struct stat about;
    struct ring *r;
    struct handle *h;
    int file, fd;
    snprintf(path, sizeof path, "%s/video%d", getenv("VCAM_FOLDER"), number);
    file = real_open(path, O_RDWR | O_CLOEXEC, 0);
    if (file < 0) return fail(ENOENT);
    if (fstat(file, &about) || about.st_size <= DATA_AT) {
        real_close(file);
        return fail(ENODEV);
    }
    r = real_mmap(0, (size_t)about.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    real_close(file);
    if (r == MAP_FAILED) return fail(ENOMEM);
    int error = r->magic != MAGIC     ? ENODEV
                : r->state == GONE    ? ENODEV
                : r->state == DENIED  ? EACCES
                : r->state == LOCKED  ? EBUSY
                                      : 0;
    fd = error ? -1 : eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK | (flags & O_CLOEXEC ? EFD_CLOEXEC : 0));
    h = fd >= 0 && fd < FDS ? calloc(1, sizeof *h) : 0;
    if (!h) {
        if (fd >= 0) real_close(fd);
        munmap(r, (size_t)about.st_size);
        return fail(error ? error : ENOMEM);
    }
    h->ring = r;
    h->ring_bytes = (size_t)about.st_size;
    h->generation = r->generation;
    h->pid = getpid();
    h->token = (uint64_t)h->pid << 32 | __atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED);
    h->fd = fd;
    h->memory_fd = -1;
    h->blocking = !(flags & O_NONBLOCK);
    pthread_mutex_init(&h->lock, 0);
    __atomic_store_n(&handles[fd], h, __ATOMIC_RELEASE);
    return fd;
}

static void close_camera(struct handle *h)
{
    struct v4l2_requestbuffers none = {.memory = V4L2_MEMORY_MMAP};
    __atomic_store_n(&handles[h->fd], (struct handle *)0, __ATOMIC_RELEASE);
    set_buffers(h, &none);
    munmap(h->ring, h->ring_bytes);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

/* --- what programs call --------------------------------------------------------------------- */

#define MODE_OF(flags, last) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list list; \
        va_start(list, last); \
        mode = va_arg(list, mode_t); \
        va_end(list); \
    }

static int open_any(const char *path, int flags, mode_t mode)
{
    char space[PATH_MAX];
    int number = camera_number(path);
    return number >= 0 ? open_camera(number, flags) : real_open(moved(path, space), flags, mode);
}

static int open_at(int folder, const char *path, int flags, mode_t mode)
{
    if (path && path[0] == '/') return open_any(path, flags, mode);
    return (int)syscall(SYS_openat, folder, path, flags, mode);
}

int open(const char *path, int flags, ...) { MODE_OF(flags, flags) return open_any(path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE_OF(flags, flags) return open_any(path, flags, mode); }
int __open_2(const char *path, int flags) { return open_any(path, flags, 0); }
int __open64_2(const char *path, int flags) { return open_any(path, flags, 0); }
int openat(int at, const char *path, int flags, ...) { MODE_OF(flags, flags) return open_at(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE_OF(flags, flags) return open_at(at, path, flags, mode); }
int __openat_2(int at, const char *path, int flags) { return open_at(at, path, flags, 0); }
int __openat64_2(int at, const char *path, int flags) { return open_at(at, path, flags, 0); }

int close(int fd)
{
    struct handle *h = handle_of(fd);
    if (h) close_camera(h);
    return real_close(fd);
}

int ioctl(int fd, unsigned long code, ...)
{
    struct handle *h = handle_of(fd);
    REAL(int, "ioctl", (int, unsigned long, ...));
    va_list list;
    va_start(list, code);
    void *argument = va_arg(list, void *);
    va_end(list);
    return h ? request(h, (uint32_t)code, argument) : real(fd, code, argument);
}

void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
    struct handle *h = handle_of(fd);
    return real_mmap(at, n, protection, flags, h ? h->memory_fd : fd, offset);
}

void *mmap64(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
    return mmap(at, n, protection, flags, fd, offset);
}

DIR *opendir(const char *path)
{
    char space[PATH_MAX];
    REAL(DIR *, "opendir", (const char *));
    return real(moved(path, space));
}

#define STAT(name, type) \
    int name(const char *path, struct type *about) \
    { \
        char space[PATH_MAX]; \
        REAL(int, #name, (const char *, struct type *)); \
        return real(moved(path, space), about); \
    }
STAT(stat, stat)
STAT(stat64, stat64)
STAT(lstat, stat)
STAT(lstat64, stat64)

#define STAT_AT(name, type) \
    int name(int at, const char *path, struct type *about, int flags) \
    { \
        char space[PATH_MAX]; \
        REAL(int, #name, (int, const char *, struct type *, int)); \
        return real(at, moved(path, space), about, flags); \
    }
STAT_AT(fstatat, stat)
STAT_AT(fstatat64, stat64)

/* The same for programs that were built against a C library older than 2.33. */
#define OLD_STAT(name, type) \
    int name(int version, const char *path, struct type *about) \
    { \
        char space[PATH_MAX]; \
        REAL(int, #name, (int, const char *, struct type *)); \
        return real(version, moved(path, space), about); \
    }
OLD_STAT(__xstat, stat)
OLD_STAT(__xstat64, stat64)
OLD_STAT(__lxstat, stat)
OLD_STAT(__lxstat64, stat64)

int access(const char *path, int mode)
{
    char space[PATH_MAX];
    REAL(int, "access", (const char *, int));
    return real(moved(path, space), mode);
}
