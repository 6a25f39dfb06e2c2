// The limit: a single-threaded epoll server that sends every line to everybody but its sender, with nothing else to do.
// usage: broadcaster PORT each|batch
//   each   one send per line and receiver
//   batch  one send per receiver for all that came in one turn of the loop
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES 65536

typedef struct client {
  int fd, place, waits, spoke;
  char *in;
  size_t in_length, in_capacity;
  char *out;
  size_t out_begin, out_length, out_capacity;
} client;

typedef struct own { // what a client said in this turn: it is left out for it
  client *of;
  size_t begin, end;
} own;

static client **clients;
static int count, capacity, poller;
static char *turn;
static size_t turn_length, turn_capacity;
static own *owns;
static int own_count, own_capacity;

static void *grown(void *memory, size_t bytes) {
  void *larger = realloc(memory, bytes);
  if (!larger) abort();
  return larger;
}

static void watch(client *c, int waits) {
  if (c->waits == waits) return;
  c->waits = waits;
  struct epoll_event event = {.events = EPOLLIN | (waits ? EPOLLOUT : 0), .data.ptr = c};
  epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &event);
}

static void drop(client *c) {
  clients[c->place] = clients[--count];
  clients[c->place]->place = c->place;
  close(c->fd);
  free(c->in);
  free(c->out);
  c->in = c->out = NULL;
  c->fd = -1;
}

static void send_to(client *c, const char *bytes, size_t length) {
  size_t sent = 0;
  if (c->out_length == c->out_begin) {
    ssize_t n = send(c->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN) return;
    sent = n < 0 ? 0 : n;
    if (sent == length) return;
    c->out_begin = c->out_length = 0;
  }
  size_t rest = length - sent;
  if (c->out_length + rest > c->out_capacity) c->out = grown(c->out, c->out_capacity = (c->out_length + rest) * 2);
  memcpy(c->out + c->out_length, bytes + sent, rest);
  c->out_length += rest;
  watch(c, 1);
}

static void flush(client *c) {
  ssize_t n = send(c->fd, c->out + c->out_begin, c->out_length - c->out_begin, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n > 0) c->out_begin += n;
  if (c->out_begin < c->out_length) return;
  free(c->out);
  c->out = NULL;
  c->out_begin = c->out_length = c->out_capacity = 0;
  watch(c, 0);
}

static void accept_all(int listener) {
  int fd, one = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    client *c = calloc(1, sizeof *c);
    c->fd = fd;
    if (count == capacity) clients = grown(clients, (capacity = capacity * 2 + 64) * sizeof *clients);
    c->place = count;
    clients[count++] = c;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
  }
}

static void send_each(client *from, const char *lines, size_t length) {
  for (const char *line = lines; line < lines + length;) {
    const char *end = (const char *)memchr(line, '\n', lines + length - line) + 1;
    for (int i = 0; i < count; i++)
      if (clients[i] != from) send_to(clients[i], line, end - line);
    line = end;
  }
}

static void gather(client *from, const char *lines, size_t length) {
  if (turn_length + length > turn_capacity) turn = grown(turn, turn_capacity = (turn_length + length) * 2);
  memcpy(turn + turn_length, lines, length);
  if (own_count == own_capacity) owns = grown(owns, (own_capacity = own_capacity * 2 + 16) * sizeof *owns);
  owns[own_count++] = (own){from, turn_length, turn_length + length};
  from->spoke = 1;
  turn_length += length;
}

static void send_gathered(void) {
  for (int i = 0; i < count; i++) {
    client *c = clients[i];
    size_t from = 0;
    for (int j = 0; c->spoke && j < own_count; j++) {
      if (owns[j].of != c) continue;
      if (owns[j].begin > from) send_to(c, turn + from, owns[j].begin - from);
      from = owns[j].end;
    }
    if (turn_length > from) send_to(c, turn + from, turn_length - from);
    c->spoke = 0;
  }
  turn_length = 0;
  own_count = 0;
}

static void receive(client *c, int each) {
  static char buffer[READ_BYTES];
  if (c->in_length) memcpy(buffer, c->in, c->in_length);
  ssize_t n = recv(c->fd, buffer + c->in_length, sizeof buffer - c->in_length, MSG_DONTWAIT);
  if (n <= 0) {
    if (n == 0 || errno != EAGAIN) drop(c);
    return;
  }
  size_t length = c->in_length + n;
  char *last = memrchr(buffer, '\n', length);
  size_t whole = last ? last - buffer + 1 : 0;
  if (whole && each) send_each(c, buffer, whole);
  else if (whole) gather(c, buffer, whole);
  c->in_length = length - whole;
  if (c->in_length > c->in_capacity) c->in = grown(c->in, c->in_capacity = c->in_length + 64);
  if (c->in_length) memcpy(c->in, buffer + whole, c->in_length);
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  signal(SIGPIPE, SIG_IGN);
  int each = !strcmp(argv[2], "each"), one = 1;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(listener, (void *)&address, sizeof address) || listen(listener, 4096)) {
    perror("bind");
    return 1;
  }
  poller = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
  static struct epoll_event events[1024];
  for (;;) {
    int ready = epoll_wait(poller, events, 1024, -1);
    for (int i = 0; i < ready; i++) {
      client *c = events[i].data.ptr;
      if (!c) {
        accept_all(listener);
        continue;
      }
      if (c->fd < 0) continue;
      if (events[i].events & EPOLLOUT) flush(c);
      if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(c, each);
    }
    if (turn_length) send_gathered();
  }
}
