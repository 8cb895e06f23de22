/* SPDX-License-Identifier: MIT */
#include "frontends/serial/serial_link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "frontends/embed/lathe.h"
#include "frontends/embed/out_file.h"
#include "frontends/serial/listen.h"
#include "frontends/serial/terminal.h"

enum { ESCAPE = 0x01 /* Ctrl-A */, OUT_MAX = 65536, IN_CHUNK = 64, NONE = -1 };

struct serial_link {
    int in, out;  /* descriptors or NONE; the same for sockets */
    int listener; /* NONE unless a socket waits for peers */
    bool stdio, terminal;
    bool blocking;    /* the host's end never goes away and may be waited for: terminal, pipe, file */
    bool owned;       /* in and out are ours to close */
    int failure;      /* errno of a write to standard output or file that failed; 0: none */
    bool told;        /* of that failure */
    bool escaped;     /* Ctrl-A came, its command is to follow */
    int slave;        /* our own handle on a pseudo-terminal's far side, so that it survives its users */
    char *unlink;     /* path of a listening socket, owned */
    uint8_t *pending; /* from the guest, not written yet */
    size_t pending_size;
};

static bool open_stdio(struct serial_link *link)
{
    link->in = STDIN_FILENO;
    link->out = STDOUT_FILENO;
    link->stdio = link->blocking = true;
    link->terminal = terminal_make_raw();
    return true;
}

static bool open_file(struct serial_link *link, const char *path, struct error *err)
{
    link->out = out_file_stream(path, err);
    link->owned = link->blocking = true;
    return link->out >= 0 || error_prefix(err, "--serial: ");
}

static bool open_listener(struct serial_link *link, const char *spec, char *notice, size_t size,
                          struct error *err)
{
    bool local = !strncmp(spec, "unix:", 5);
    link->owned = true;
    link->listener = local ? listen_unix(spec + 5, err) : listen_tcp(spec + 4, err);
    if (link->listener < 0)
        return false;
    if (local)
        link->unlink = alloc_string(spec + 5);
    snprintf(notice, size, "serial port waits at %s", spec);
    return true;
}

static bool open_pty(struct serial_link *link, char *notice, size_t size, struct error *err)
{
    char name[128];
    if (!open_pseudo_terminal(&link->in, &link->slave, name, sizeof name, err))
        return false;
    link->out = link->in;
    link->owned = true;
    snprintf(notice, size, "serial port is at %s", name);
    return true;
}

bool serial_link_check(const char *spec, struct error *err)
{
    static const char *const plain[] = {"stdio", "null", "pty"};
    static const char *const prefixes[] = {"file:", "unix:", "tcp:"};
    for (unsigned i = 0; i < 3; i++) {
        size_t length = strlen(prefixes[i]);
        if (!strcmp(spec, plain[i]) || (!strncmp(spec, prefixes[i], length) && spec[length]))
            return true;
    }
    return error_set(err, "--serial: '%s' is none of stdio, null, file:PATH, unix:PATH, tcp:[HOST]:PORT, pty",
                     spec);
}

static bool open_spec(struct serial_link *link, const char *spec, char *notice, size_t size,
                      struct error *err)
{
    if (!strcmp(spec, "stdio"))
        return open_stdio(link);
    if (!strcmp(spec, "null"))
        return true;
    if (!strcmp(spec, "pty"))
        return open_pty(link, notice, size, err);
    if (!strncmp(spec, "file:", 5))
        return open_file(link, spec + 5, err);
    return open_listener(link, spec, notice, size, err);
}

struct serial_link *serial_link_open(const char *spec, char *notice, size_t notice_size, struct error *err)
{
    *notice = '\0';
    if (!serial_link_check(spec, err))
        return NULL;
    struct serial_link *link = alloc_zeroed(sizeof *link);
    link->in = link->out = link->listener = link->slave = NONE;
    link->pending = alloc_zeroed(OUT_MAX);
    signal(SIGPIPE, SIG_IGN);
    if (open_spec(link, spec, notice, notice_size, err))
        return link;
    serial_link_close(link);
    return NULL;
}

/* Forgets a peer or an end of file. */
static void drop(struct serial_link *link)
{
    if (link->owned && link->out >= 0)
        close(link->out);
    link->in = link->out = NONE;
    link->pending_size = 0;
}

static void flush(struct serial_link *link)
{
    size_t done = 0;
    while (done < link->pending_size && link->out >= 0) {
        ssize_t n = write(link->out, link->pending + done, link->pending_size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (!link->blocking)
                break;
            struct pollfd wait = {.fd = link->out, .events = POLLOUT};
            poll(&wait, 1, -1);
            continue;
        }
        if (n < 0) {
            link->failure = link->blocking ? errno : 0;
            drop(link);
            return;
        }
        done += (size_t)n;
    }
    memmove(link->pending, link->pending + done, link->pending_size - done);
    link->pending_size -= done;
}

void serial_link_put(struct serial_link *link, uint8_t byte)
{
    if (link->out < 0)
        return;
    if (link->pending_size == OUT_MAX)
        flush(link);
    if (link->pending_size < OUT_MAX) /* else the peer does not read: lost, as on a line without handshake */
        link->pending[link->pending_size++] = byte;
}

bool serial_link_finish(struct serial_link *link)
{
    flush(link);
    errno = link->failure;
    return link->failure == 0;
}

void serial_link_close(struct serial_link *link)
{
    if (!link)
        return;
    flush(link);
    if (link->owned && link->in >= 0 && link->in != link->out)
        close(link->in);
    drop(link);
    if (link->slave >= 0)
        close(link->slave);
    if (link->listener >= 0)
        close(link->listener);
    if (link->unlink)
        unlink(link->unlink);
    if (link->stdio)
        terminal_restore();
    alloc_free(link->unlink);
    alloc_free(link->pending);
    alloc_free(link);
}

static void accept_peer(struct serial_link *link)
{
    if (link->listener < 0 || link->in >= 0)
        return;
    int peer = accept(link->listener, NULL, NULL);
    if (peer < 0)
        return;
    fcntl(peer, F_SETFL, O_NONBLOCK);
    fcntl(peer, F_SETFD, FD_CLOEXEC);
    link->in = link->out = peer;
}

static enum serial_command command_of(uint8_t key)
{
    switch (key) {
    case 'x':
    case 'X': return SERIAL_QUIT;
    case 'r':
    case 'R': return SERIAL_RESET;
    case 's':
    case 'S': return SERIAL_STATUS;
    default: return SERIAL_HELP;
    }
}

/* Takes the escape key and its commands out of what was typed. */
static enum serial_command filter(struct serial_link *link, uint8_t *bytes, size_t *size)
{
    enum serial_command command = SERIAL_NOTHING;
    size_t kept = 0;
    for (size_t i = 0; i < *size; i++) {
        uint8_t byte = bytes[i];
        if (link->escaped && byte != ESCAPE)
            command = command_of(byte);
        else if (link->escaped || byte != ESCAPE)
            bytes[kept++] = byte;
        link->escaped = !link->escaped && byte == ESCAPE;
    }
    *size = kept;
    return command;
}

static enum serial_command receive(struct serial_link *link, struct lathe *lathe, unsigned port)
{
    uint8_t bytes[IN_CHUNK];
    size_t room = lathe_serial_room(lathe, port);
    struct pollfd ready = {.fd = link->in, .events = POLLIN};
    /* A person's escape key works even while the guest does not read. */
    if (link->in < 0 || (!room && !link->terminal) || poll(&ready, 1, 0) <= 0)
        return SERIAL_NOTHING;
    size_t want = room < sizeof bytes ? room : sizeof bytes;
    ssize_t n = read(link->in, bytes, want ? want : 1);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return SERIAL_NOTHING;
    if (n <= 0) {
        if (link->listener >= 0)
            drop(link);
        else if (link->slave < 0)
            link->in = NONE; /* end of input; output goes on */
        return SERIAL_NOTHING;
    }
    size_t size = (size_t)n;
    enum serial_command command = link->terminal ? filter(link, bytes, &size) : SERIAL_NOTHING;
    lathe_serial_send(lathe, port, bytes, size < room ? size : room);
    return command;
}

enum serial_command serial_link_poll(struct serial_link *link, struct lathe *lathe, unsigned port)
{
    accept_peer(link);
    if (link->pending_size)
        flush(link);
    if (link->failure && !link->told) {
        link->told = true;
        errno = link->failure;
        return SERIAL_BROKEN;
    }
    return receive(link, lathe, port);
}

bool serial_link_is_terminal(const struct serial_link *link)
{
    return link->terminal;
}

bool serial_link_is_stdio(const struct serial_link *link)
{
    return link->stdio;
}
