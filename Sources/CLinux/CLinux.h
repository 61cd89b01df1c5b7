// The Linux calls that Swift's Glibc module leaves out, in the shape that Swift likes: integers
// in, and out the result or -errno, so that no union or packed struct reaches Swift.
#pragma once

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

// MARK: - epoll

struct linux_ready {
    uint64_t registration;
    uint32_t events;
};

enum { LINUX_READY_LIMIT = 128 };

enum {
    LINUX_READABLE = EPOLLIN | EPOLLRDHUP,
    LINUX_PEER_DONE = EPOLLRDHUP,
    LINUX_WRITABLE = EPOLLOUT,
    LINUX_BROKEN = EPOLLERR | EPOLLHUP,
    LINUX_EDGE = EPOLLET,
};

static inline int linux_epoll_create(void) {
    int descriptor = epoll_create1(EPOLL_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

static inline int linux_epoll_add(int epoll, int descriptor, uint32_t events,
                                  uint64_t registration) {
    struct epoll_event event = {.events = events, .data = {.u64 = registration}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) < 0 ? -errno : 0;
}

static inline int linux_epoll_modify(int epoll, int descriptor, uint32_t events,
                                     uint64_t registration) {
    struct epoll_event event = {.events = events, .data = {.u64 = registration}};
    return epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event) < 0 ? -errno : 0;
}

static inline int linux_epoll_remove(int epoll, int descriptor) {
    return epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, 0) < 0 ? -errno : 0;
}

// Waits for up to LINUX_READY_LIMIT events, without end where the timeout is negative; a signal
// ends it with none.
static inline int linux_epoll_wait(int epoll, struct linux_ready *ready, int timeout_ms) {
    struct epoll_event events[LINUX_READY_LIMIT];
    int count = epoll_wait(epoll, events, LINUX_READY_LIMIT, timeout_ms);
    if (count < 0) return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < count; i++) {
        ready[i].registration = events[i].data.u64;
        ready[i].events = events[i].events;
    }
    return count;
}

// MARK: - Time, wake-ups and signals

// Nanoseconds since the system was started, also while it slept: Swift's ContinuousClock.
static inline int64_t linux_uptime(void) {
    struct timespec time;
    clock_gettime(CLOCK_BOOTTIME, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static inline int linux_eventfd_create(void) {
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

static inline void linux_eventfd_signal(int descriptor) { (void)eventfd_write(descriptor, 1); }

static inline void linux_eventfd_clear(int descriptor) {
    eventfd_t count;
    (void)eventfd_read(descriptor, &count);
}

// Blocks the signals for the calling thread and those it starts, and makes them readable.
static inline int linux_signalfd_create(const int *signals, int count) {
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
    int error = pthread_sigmask(SIG_BLOCK, &set, 0);
    if (error) return -error;
    int descriptor = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

// The next signal that waits, 0 where none does.
static inline int linux_signalfd_next(int descriptor) {
    struct signalfd_siginfo info;
    ssize_t count = read(descriptor, &info, sizeof info);
    return count == sizeof info ? (int)info.ssi_signo : 0;
}

// MARK: - Files

static inline int linux_inotify_create(void) {
    int descriptor = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

// Tells of whatever appears in a directory under its final name: written and closed, or moved in.
static inline int linux_inotify_watch(int descriptor, const char *directory) {
    uint32_t events = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_ONLYDIR;
    int watch = inotify_add_watch(descriptor, directory, events);
    return watch < 0 ? -errno : watch;
}

// 1 where something was told, 0 where nothing more waits.
static inline int linux_inotify_clear(int descriptor) {
    char events[4096];
    return read(descriptor, events, sizeof events) > 0;
}

// What changes when a file is written or replaced; all zero where there is none.
struct linux_file_mark {
    uint64_t device, inode, size;
    int64_t modified_nanoseconds;
};

static inline struct linux_file_mark linux_file_mark(const char *path) {
    struct stat status;
    struct linux_file_mark mark = {0};
    if (stat(path, &status)) return mark;
    mark.device = status.st_dev;
    mark.inode = status.st_ino;
    mark.size = (uint64_t)status.st_size;
    mark.modified_nanoseconds =
        status.st_mtim.tv_sec * INT64_C(1000000000) + status.st_mtim.tv_nsec;
    return mark;
}

// Stores a word neither later nor earlier than the code says, so that whoever reads the mapped file
// after the process's end finds what it was at.
static inline void linux_store(uintptr_t word, int64_t value) {
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n((int64_t *)word, value, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

// MARK: - Sockets

// Glibc declares accept4 and pthread_setname_np for _GNU_SOURCE only, which a module must not set.
extern int accept4(int, struct sockaddr *, socklen_t *, int);
extern int pthread_setname_np(pthread_t, const char *);
enum { LINUX_SOCK_NONBLOCK = 04000, LINUX_SOCK_CLOEXEC = 02000000 };

// Big enough for every family we listen on; the length tells how much of it counts.
struct linux_address {
    struct sockaddr_storage storage;
    socklen_t length;
};

static inline int linux_address_family(const struct linux_address *address) {
    return address->storage.ss_family;
}

static inline void linux_address_set_ipv4(struct linux_address *address, const uint8_t octets[4],
                                          uint16_t port) {
    struct sockaddr_in *in = (struct sockaddr_in *)&address->storage;
    memset(address, 0, sizeof *address);
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    memcpy(&in->sin_addr, octets, 4);
    address->length = sizeof *in;
}

static inline void linux_address_set_ipv6(struct linux_address *address, const uint8_t octets[16],
                                          uint16_t port) {
    struct sockaddr_in6 *in = (struct sockaddr_in6 *)&address->storage;
    memset(address, 0, sizeof *address);
    in->sin6_family = AF_INET6;
    in->sin6_port = htons(port);
    memcpy(&in->sin6_addr, octets, 16);
    address->length = sizeof *in;
}

static inline int linux_address_set_unix(struct linux_address *address, const char *path) {
    struct sockaddr_un *un = (struct sockaddr_un *)&address->storage;
    size_t length = strlen(path);
    memset(address, 0, sizeof *address);
    if (length >= sizeof un->sun_path) return -ENAMETOOLONG;
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path, length + 1);
    address->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    return 0;
}

static inline uint16_t linux_address_port(const struct linux_address *address) {
    switch (address->storage.ss_family) {
    case AF_INET: return ntohs(((const struct sockaddr_in *)&address->storage)->sin_port);
    case AF_INET6: return ntohs(((const struct sockaddr_in6 *)&address->storage)->sin6_port);
    default: return 0;
    }
}

// Copies the 4 or 16 octets of an IP address out; the count, 0 for another family.
static inline int linux_address_octets(const struct linux_address *address, uint8_t octets[16]) {
    switch (address->storage.ss_family) {
    case AF_INET:
        memcpy(octets, &((const struct sockaddr_in *)&address->storage)->sin_addr, 4);
        return 4;
    case AF_INET6:
        memcpy(octets, &((const struct sockaddr_in6 *)&address->storage)->sin6_addr, 16);
        return 16;
    default: return 0;
    }
}

// A bound, listening, non-blocking socket; one for IPv6 takes IPv4 too. It shares its address with
// those that join it later, but only one that joins binds where another listens already: the
// option to share is what a second process would need as well.
// The mode of a socket in the file system; 0 leaves it to the umask. It's set before anyone can
// connect.
static inline int linux_listen(
    const struct linux_address *address, int joins, int backlog, int mode) {
    int one = 1, zero = 0;
    int family = address->storage.ss_family, is_ip = family != AF_UNIX;
    int descriptor =
        socket(family, SOCK_STREAM | LINUX_SOCK_NONBLOCK | LINUX_SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -errno;
    if (is_ip && setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one)) goto failed;
    if (is_ip && joins && setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one))
        goto failed;
    if (family == AF_INET6 &&
        setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero))
        goto failed;
    if (bind(descriptor, (const struct sockaddr *)&address->storage, address->length)) goto failed;
    if (is_ip && setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one)) goto failed;
    if (!is_ip && mode && chmod(((const struct sockaddr_un *)&address->storage)->sun_path, mode))
        goto failed;
    if (listen(descriptor, backlog)) goto failed;
    return descriptor;
failed:;
    int error = errno;
    close(descriptor);
    return -error;
}

// Drops what would begin a TCP connection, so that peers ask again a second later; handshakes that
// are under way go on.
static inline void linux_hold_newcomers(int descriptor) {
    const int flags = 13, syn = 0x02, ack = 0x10;
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, flags),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, syn | ack),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, syn, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
    struct sock_fprog program = {.len = sizeof steps / sizeof *steps, .filter = steps};
    (void)setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

// From now on connections are refused, and those nobody has accepted are reset.
static inline void linux_stop_listening(int descriptor) { (void)shutdown(descriptor, SHUT_RDWR); }

static inline int linux_accept(int listener, struct linux_address *peer) {
    peer->length = sizeof peer->storage;
    int descriptor = accept4(listener, (struct sockaddr *)&peer->storage, &peer->length,
                             LINUX_SOCK_NONBLOCK | LINUX_SOCK_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

static inline int linux_local_address(int descriptor, struct linux_address *address) {
    address->length = sizeof address->storage;
    return getsockname(descriptor, (struct sockaddr *)&address->storage, &address->length) ? -errno
                                                                                           : 0;
}

static inline void linux_no_delay(int descriptor) {
    int one = 1;
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

// Octets read, 0 at the end, or -errno.
static inline ptrdiff_t linux_receive(int descriptor, void *buffer, size_t count) {
    ptrdiff_t received;
    do received = recv(descriptor, buffer, count, 0);
    while (received < 0 && errno == EINTR);
    return received < 0 ? -errno : received;
}

// The same, but the octets stay to be received.
static inline ptrdiff_t linux_peek(int descriptor, void *buffer, size_t count) {
    ptrdiff_t received;
    do received = recv(descriptor, buffer, count, MSG_PEEK);
    while (received < 0 && errno == EINTR);
    return received < 0 ? -errno : received;
}

// Octets taken, or -errno; a peer that is gone raises no signal.
static inline ptrdiff_t linux_send(int descriptor, const void *buffer, size_t count) {
    ptrdiff_t sent;
    do sent = send(descriptor, buffer, count, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

static inline void linux_shutdown_writing(int descriptor) { (void)shutdown(descriptor, SHUT_WR); }

// MARK: - Threads

static inline void linux_name_thread(const char *name) {
    (void)pthread_setname_np(pthread_self(), name);
}

// 1 where the path is that of a socket.
static inline int linux_is_socket(const char *path) {
    struct stat status;
    return !lstat(path, &status) && S_ISSOCK(status.st_mode);
}

// 1 where a connection to the address is refused, so that nobody listens there any more.
static inline int linux_is_refused(const struct linux_address *address) {
    int descriptor = socket(address->storage.ss_family,
                            SOCK_STREAM | LINUX_SOCK_CLOEXEC | LINUX_SOCK_NONBLOCK, 0);
    if (descriptor < 0) return 0;
    int failed =
        connect(descriptor, (const struct sockaddr *)&address->storage, address->length) < 0;
    int refused = failed && errno == ECONNREFUSED;
    close(descriptor);
    return refused;
}

// MARK: - Output

// Octets taken, or -errno; waits where the reader is slow, even if the descriptor wouldn't.
static inline ptrdiff_t linux_write(int descriptor, const void *buffer, size_t count) {
    for (;;) {
        ptrdiff_t written = write(descriptor, buffer, count);
        if (written >= 0) return written;
        if (errno == EAGAIN) {
            struct pollfd wait = {.fd = descriptor, .events = POLLOUT};
            (void)poll(&wait, 1, -1);
        } else if (errno != EINTR) {
            return -errno;
        }
    }
}

// The processors that the calling thread may run on, which a container or taskset limits.
extern int sched_getaffinity(pid_t, size_t, cpu_set_t *);
static inline int linux_processors(void) {
    unsigned long set[16] = {0};
    int count = 0;
    if (sched_getaffinity(0, sizeof set, (cpu_set_t *)set)) return 1;
    for (int i = 0; i < 16; i++) count += __builtin_popcountl(set[i]);
    return count > 0 ? count : 1;
}

// MARK: - Clocks

static inline int64_t linux_nanoseconds(clockid_t clock) {
    struct timespec time = {0};
    (void)clock_gettime(clock, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

// Since 1970, as the system's clock has it.
static inline int64_t linux_realtime_nanoseconds(void) {
    return linux_nanoseconds(CLOCK_REALTIME);
}

// CPU time of all the process's threads.
static inline int64_t linux_cpu_nanoseconds(void) {
    return linux_nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
}
