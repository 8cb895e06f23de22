/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* realpath, O_TMPFILE */
#include "frontends/embed/out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/error.h"

static bool refused(const char *path, struct error *err)
{
    if (errno == ENXIO)
        return error_set(err, "'%s' is a pipe that nobody reads", path);
    return error_set(err, "'%s' cannot be written: %s", path, strerror(errno));
}

/* Images are locked while a machine has them open (devices/media). */
static bool is_image_in_use(int fd)
{
    if (flock(fd, LOCK_EX | LOCK_NB))
        return errno == EWOULDBLOCK;
    flock(fd, LOCK_UN);
    return false;
}

static bool check_not_in_use(int fd, const char *path, struct error *err)
{
    return !is_image_in_use(fd) ||
           error_set(err, "'%s' is an image that a machine is using; choose another file", path);
}

bool out_file_check(const char *path, struct error *err)
{
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0) {
        bool good = check_not_in_use(fd, path, err);
        close(fd);
        return good;
    }
    if (errno != ENOENT)
        return refused(path, err);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return refused(path, err);
    close(fd);
    unlink(path);
    return true;
}

int out_file_stream(const char *path, struct error *err)
{
    struct stat info;
    int fd = open(path, O_WRONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0666);
    if (fd < 0) {
        refused(path, err);
        return -1;
    }
    bool regular = !fstat(fd, &info) && S_ISREG(info.st_mode);
    bool good = !regular || (check_not_in_use(fd, path, err) && (!ftruncate(fd, 0) || refused(path, err)));
    if (!good) {
        close(fd);
        return -1;
    }
    fcntl(fd, F_SETFL, O_WRONLY);
    return fd;
}

/* Name of what is replaced in the end: where links lead to. */
static char *target_of(const char *path)
{
    char *real = realpath(path, NULL);
    char *target = alloc_string(real ? real : path);
    free(real);
    return target;
}

/* Where a descriptor has a name that linkat knows. */
static void name_of_descriptor(int fd, char name[32])
{
    snprintf(name, 32, "/proc/self/fd/%d", fd);
}

/* A file in the target's directory that has no name yet. -1 where this host or file system has no such thing.
 */
static int create_unnamed(const char *target)
{
    int fd = -1;
#ifdef O_TMPFILE
    char *directory = alloc_string(target), name[32];
    char *slash = strrchr(directory, '/');
    if (slash)
        slash[1] = '\0';
    fd = open(slash ? directory : ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
    alloc_free(directory);
    name_of_descriptor(fd, name);
    if (fd >= 0 && access(name, F_OK)) {
        close(fd);
        fd = -1;
    }
#else
    (void)target;
#endif
    return fd;
}

/* Gives a file without a name the target's. What bears that already is replaced, by way of a name beside it.
 */
static bool name_unnamed(int fd, const char *target)
{
    char from[32];
    name_of_descriptor(fd, from);
    if (!linkat(AT_FDCWD, from, AT_FDCWD, target, AT_SYMLINK_FOLLOW))
        return true;
    size_t size = strlen(target) + 16;
    char *beside = alloc_zeroed(size);
    int failed = -1;
    for (unsigned i = 0; i < 1000 && failed && errno == EEXIST; i++) {
        snprintf(beside, size, "%s.part%u", target, i);
        failed = linkat(AT_FDCWD, from, AT_FDCWD, beside, AT_SYMLINK_FOLLOW);
    }
    bool good = !failed && !rename(beside, target);
    if (!failed && !good)
        unlink(beside);
    alloc_free(beside);
    return good;
}

/* A new file beside the target, with the rights that a plain new file has. */
static int create_beside(const char *target, char **temp)
{
    size_t size = strlen(target) + 16;
    *temp = alloc_zeroed(size);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(*temp, size, "%s.part%u", target, i);
        int fd = open(*temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

static int open_in_place(struct out_file *out)
{
    alloc_free(out->temp);
    out->temp = NULL;
    return open(out->path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0666);
}

bool out_file_begin(struct out_file *out, const char *path, struct error *err)
{
    struct stat info;
    *out = (struct out_file){.path = target_of(path)};
    out->is_new = stat(out->path, &info) != 0;
    int fd = -1;
    if (out_file_check(path, err)) {
        bool plain = out->is_new || S_ISREG(info.st_mode);
        fd = plain ? create_unnamed(out->path) : -1;
        out->unnamed = fd >= 0;
        if (plain && fd < 0)
            fd = create_beside(out->path, &out->temp);
        if (fd < 0)
            fd = open_in_place(out);
        if (fd < 0)
            refused(path, err);
    }
    if (fd >= 0) {
        fcntl(fd, F_SETFL, O_WRONLY);
        out->file = fdopen(fd, "wb");
        return true;
    }
    alloc_free(out->path);
    alloc_free(out->temp);
    return false;
}

static void discard(const struct out_file *out)
{
    if (out->temp)
        unlink(out->temp);
    else if (out->is_new && !out->unnamed)
        unlink(out->path);
}

bool out_file_end(struct out_file *out, bool good, struct error *err)
{
    if (good)
        errno = 0;
    good = !ferror(out->file) && good;
    if (out->unnamed)
        good = good && !fflush(out->file) && name_unnamed(fileno(out->file), out->path);
    good = !fclose(out->file) && good;
    if (good && out->temp)
        good = !rename(out->temp, out->path);
    if (!good) {
        error_set(err, "'%s': writing failed: %s", out->path, errno ? strerror(errno) : "no room");
        discard(out);
    }
    alloc_free(out->path);
    alloc_free(out->temp);
    return good;
}
