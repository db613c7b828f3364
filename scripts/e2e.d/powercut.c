/* A disk that can be cut off, put under a real server by LD_PRELOAD.
 *
 * What a medium has for certain is what was synced. Below POWERCUT_ROOT this library keeps beside the real
 * files a *shadow* of exactly that, in POWERCUT_SHADOW:
 *
 *   f-ID   the content of a regular file as it was when its last successful sync began
 *   d-ID   the entries of a directory, likewise: lines of "type ID name"
 *
 * An ID is inode and time of birth, so that a number that is used again is another file. powercut.py builds
 * the directory tree from it that a strict disk would have after a power cut.
 *
 * POWERCUT_STOP=N ends the process by SIGKILL at its Nth sync: before it happens, or after it with
 * POWERCUT_WHEN=after. POWERCUT_COUNT is a file of eight bytes in which the syncs are counted.
 *
 * POWERCUT_ROOM is a file of eight bytes, shared with the script: how many bytes may still be written to
 * regular files below the root. Once they are used up, writes end short and then fail with ENOSPC.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *root, *shadow;
static size_t root_length;
static long stop;
static int after;
static long *count;
static long long *room;
/* One sync at a time: of two notes of one file the later one must stay. */
static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;

static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);

static void broken(const char *what)
{
    dprintf(2, "powercut: %s: %s\n", what, strerror(errno));
    kill(getpid(), SIGKILL);
}

/* A counter in a file that the script sees, made where it is not there. */
static void *shared(const char *variable)
{
    const char *path = getenv(variable);
    if (!path)
        return NULL;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, 8) != 0)
        broken(path);
    void *place = mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (place == MAP_FAILED)
        broken(path);
    close(fd);
    return place;
}

__attribute__((constructor)) static void begin(void)
{
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    root = getenv("POWERCUT_ROOT");
    root_length = root ? strlen(root) : 0;
    shadow = getenv("POWERCUT_SHADOW");
    stop = getenv("POWERCUT_STOP") ? atol(getenv("POWERCUT_STOP")) : 0;
    after = getenv("POWERCUT_WHEN") && strcmp(getenv("POWERCUT_WHEN"), "after") == 0;
    count = shared("POWERCUT_COUNT");
    room = shared("POWERCUT_ROOM");
}

/* Whether a descriptor is the root or lies below it. */
static int is_ours(int fd)
{
    char link[64], path[PATH_MAX];
    if (!root)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < (ssize_t)root_length || memcmp(path, root, root_length) != 0)
        return 0;
    return length == (ssize_t)root_length || path[root_length] == '/';
}

static int identify(int fd, const char *name, char kind, char *id, size_t size, mode_t *mode)
{
    struct statx facts;
    int flags = AT_SYMLINK_NOFOLLOW | (name[0] ? 0 : AT_EMPTY_PATH);
    if (statx(fd, name, flags, STATX_BASIC_STATS | STATX_BTIME, &facts) != 0)
        return -1;
    *mode = facts.stx_mode;
    if (!kind)
        kind = S_ISDIR(facts.stx_mode) ? 'd' : 'f';
    snprintf(id, size, "%c-%llu-%lld-%u", kind, (unsigned long long)facts.stx_ino,
             (long long)facts.stx_btime.tv_sec, facts.stx_btime.tv_nsec);
    return 0;
}

static void copy(int fd, int to)
{
    static __thread char buffer[1 << 16];
    off_t at = 0;
    ssize_t got;
    while ((got = pread(fd, buffer, sizeof buffer, at)) > 0) {
        if (real_write(to, buffer, got) != got)
            broken("write the shadow");
        at += got;
    }
    if (got < 0)
        broken("read for the shadow");
}

static void list(int fd, int to)
{
    int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = again < 0 ? NULL : fdopendir(again);
    if (!directory)
        broken("list for the shadow");
    struct dirent *entry;
    while ((entry = readdir(directory))) {
        char id[80];
        mode_t mode;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        /* One that has gone since is no entry. */
        if (identify(fd, entry->d_name, 0, id, sizeof id, &mode) == 0)
            dprintf(to, "%s %s\n", id, entry->d_name);
    }
    closedir(directory);
}

/* Notes what a sync that begins now will have made durable; the name is the note's. */
static int note(int fd, char *draft, char *final, size_t size)
{
    char id[80];
    mode_t mode;
    if (!shadow || identify(fd, "", 0, id, sizeof id, &mode) != 0)
        return 0;
    snprintf(draft, size, "%s/draft", shadow);
    snprintf(final, size, "%s/%s", shadow, id);
    int to = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (to < 0)
        broken(draft);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (S_ISDIR(mode)) {
        list(fd, to);
    } else {
        /* Not every file that is synced is open for reading. */
        int from = open(path, O_RDONLY | O_CLOEXEC);
        if (from < 0)
            broken("open for the shadow");
        copy(from, to);
        close(from);
    }
    close(to);
    return 1;
}

static int synced(int fd, int (*real)(int))
{
    char draft[PATH_MAX], final[PATH_MAX];
    if (!is_ours(fd))
        return real(fd);
    pthread_mutex_lock(&one);
    long number = count ? ++*count : 0;
    if (stop && number >= stop && !after)
        kill(getpid(), SIGKILL);
    int noted = note(fd, draft, final, sizeof draft);
    /* A kill loses nothing that the system has, and the cut is made from the shadow: the medium is not needed. */
    int result = noted ? 0 : real(fd);
    if (result == 0 && noted && rename(draft, final) != 0)
        broken(final);
    if (stop && number >= stop)
        kill(getpid(), SIGKILL);
    pthread_mutex_unlock(&one);
    return result;
}

int fsync(int fd) { return synced(fd, real_fsync); }
int fdatasync(int fd) { return synced(fd, real_fdatasync); }

/* How many of so many bytes there is room for: only those that make the file longer need any. */
static ssize_t granted(int fd, size_t wanted, off_t at)
{
    struct stat facts;
    if (!room || fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode) || !is_ours(fd))
        return wanted;
    long long end = at + (long long)wanted, more = end - (facts.st_size > at ? facts.st_size : at);
    if (more <= 0)
        return wanted;
    long long left = __atomic_load_n(room, __ATOMIC_SEQ_CST), taken;
    do
        taken = left < more ? (left < 0 ? 0 : left) : more;
    while (!__atomic_compare_exchange_n(room, &left, left - taken, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    ssize_t fits = (ssize_t)(wanted - more + taken);
    if (fits > 0)
        return fits;
    errno = ENOSPC;
    return -1;
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t at)
{
    ssize_t fits = size ? granted(fd, size, at) : 0;
    return fits < 0 ? -1 : real_pwrite(fd, bytes, fits, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) { return pwrite64(fd, bytes, size, at); }

ssize_t write(int fd, const void *bytes, size_t size)
{
    off_t at = room ? lseek(fd, 0, SEEK_CUR) : -1;
    ssize_t fits = size && at >= 0 ? granted(fd, size, at) : (ssize_t)size;
    return fits < 0 ? -1 : real_write(fd, bytes, fits);
}
