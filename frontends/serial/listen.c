/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700 /* posix_openpt */
#include "frontends/serial/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/error.h"
#include "frontends/embed/parse.h"

static void set_flags(int fd)
{
    fcntl(fd, F_SETFL, O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* Removes a socket file that refuses connections: its server is gone. */
static void remove_stale(const struct sockaddr_un *address)
{
    struct stat info;
    if (stat(address->sun_path, &info) || !S_ISSOCK(info.st_mode))
        return;
    int probe = socket(AF_UNIX, SOCK_STREAM, 0);
    if (probe < 0)
        return;
    if (connect(probe, (const struct sockaddr *)(const void *)address, sizeof *address) &&
        errno == ECONNREFUSED)
        unlink(address->sun_path);
    close(probe);
}

int listen_unix(const char *path, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        error_set(err, "--serial: socket path '%s' is longer than %zu bytes", path,
                  sizeof address.sun_path - 1);
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    remove_stale(&address);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)(void *)&address, sizeof address) || listen(fd, 1)) {
        error_set(err, "--serial: 'unix:%s': %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    set_flags(fd);
    return fd;
}

static int bind_first(const struct addrinfo *list)
{
    for (const struct addrinfo *at = list; at; at = at->ai_next) {
        int on = 1, fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (!bind(fd, at->ai_addr, at->ai_addrlen) && !listen(fd, 1))
            return fd;
        close(fd);
    }
    return -1;
}

int listen_tcp(const char *address, struct error *err)
{
    char host[256] = "127.0.0.1";
    const char *colon = strrchr(address, ':'), *port = colon ? colon + 1 : address;
    uint64_t number;
    if (!parse_number(port, 1, 65535, &number, err)) {
        error_prefix(err, "--serial: 'tcp:%s': port ", address);
        return -1;
    }
    if (colon && colon != address)
        snprintf(host, sizeof host, "%.*s", (int)(colon - address), address);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list;
    int failure = getaddrinfo(host, port, &hints, &list);
    if (failure) {
        error_set(err, "--serial: 'tcp:%s': %s; an address such as tcp::4444 is wanted", address,
                  gai_strerror(failure));
        return -1;
    }
    int fd = bind_first(list);
    freeaddrinfo(list);
    if (fd < 0)
        error_set(err, "--serial: 'tcp:%s': %s", address, strerror(errno));
    else
        set_flags(fd);
    return fd;
}

bool open_pseudo_terminal(int *master, int *slave, char *name, size_t size, struct error *err)
{
    *master = posix_openpt(O_RDWR | O_NOCTTY);
    if (*master < 0 || grantpt(*master) || unlockpt(*master))
        return error_set(err, "--serial: pty: %s", strerror(errno));
    snprintf(name, size, "%s", ptsname(*master));
    *slave = open(name, O_RDWR | O_NOCTTY);
    struct termios mode;
    if (*slave < 0 || tcgetattr(*slave, &mode))
        return error_set(err, "--serial: pty: %s", strerror(errno));
    mode.c_iflag = 0;
    mode.c_oflag = 0;
    mode.c_lflag = 0;
    tcsetattr(*slave, TCSANOW, &mode);
    set_flags(*master);
    set_flags(*slave);
    return true;
}
