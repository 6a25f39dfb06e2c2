// Fan-out load generator: opens sessions, posts, counts what arrives, measures what that cost the server.
//
// usage: load --protocol NAME --port N --receivers R --senders S --phases P,... --pids PID,... [--label TEXT] [...]
// phases, of which each prints one line of JSON:
//   closed:W:SECONDS:WARM   at most W messages outstanding: sent, and not yet with all their receivers
//   rate:N:SECONDS:WARM     N messages a second; the latency of every delivery
//   posts:SECONDS:WARM      each sender posts as soon as its last post is acknowledged
//   idle:SECONDS            nothing; the memory of the server
// --nodes PORT,... and --sender-nodes PORT,...: dialled in turn by those that only receive and those that post; the name stays that of --port.
// A connection's `prove INDEX SENDER NONCE` on standard output asks the driver for its frames: `INDEX frame<TAB>frame...`.
#define _GNU_SOURCE
#include "load.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECOND 1000000000ull
#define JOIN_STALL (20 * SECOND)
#define DRAIN_STALL (2 * SECOND)
// Nothing arrives for so long although something is outstanding: it counts as lost, and sending goes on.
#define LOSS_STALL (SECOND / 2)
#define SAMPLE_EVERY 101

settings set = {.protocol = "lines", .label = "", .phases = "", .room = "r", .base = "1", .domain = "localhost",
                .port = 4040, .receivers = 100, .senders = 1, .bytes = 400, .concurrent = 64, .core = 1};
const protocol *speaking;

static connection *connections, **senders;
static int count, started, poller, commands_fd = -1;
static uint64_t delivered, acknowledged, refused;
static uint64_t opening, joined_count, dead_count, sent, receivers_of_each;
static enum { NOTHING, EVERY, SAMPLED } latency_of = NOTHING;
static char payload[MAX_FRAME];
static char buffer[READ_BYTES + 64];

int holds(const char *bytes, size_t length, const char *text) { return memmem(bytes, length, text, strlen(text)) != NULL; }

void complain(const char *bytes, size_t length) {
  static int told;
  if (told++ < 5) fprintf(stderr, "%s: %.*s\n", set.protocol, (int)(length > 300 ? 300 : length), bytes);
}

// ---- writing

static void wait_writable(connection *c, int waits) {
  if (c->waits == waits) return;
  c->waits = waits;
  struct epoll_event event = {.events = EPOLLIN | (waits ? EPOLLOUT : 0), .data.ptr = c};
  epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &event);
}

void lose(connection *c) {
  if (c->dead) return;
  c->dead = 1;
  dead_count++;
  if (c->joined) joined_count--;
  else if (opening) opening--;
  epoll_ctl(poller, EPOLL_CTL_DEL, c->fd, NULL);
  close(c->fd);
}

static void flush(connection *c) {
  while (c->out_begin < c->out_length) {
    ssize_t n = send(c->fd, c->out + c->out_begin, c->out_length - c->out_begin, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) {
      wait_writable(c, 1);
      return;
    }
    if (n < 0) {
      lose(c);
      return;
    }
    c->out_begin += n;
  }
  c->out_begin = c->out_length = 0;
  wait_writable(c, 0);
}

void say(connection *c, const void *bytes, size_t length) {
  if (c->dead) return;
  if (c->out_length + length > c->out_capacity) {
    c->out_capacity = (c->out_length + length) * 2;
    c->out = realloc(c->out, c->out_capacity);
  }
  memcpy(c->out + c->out_length, bytes, length);
  c->out_length += length;
  flush(c);
}

void sayf(connection *c, const char *format, ...) {
  char text[8192];
  va_list arguments;
  va_start(arguments, format);
  int n = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  say(c, text, n);
}

// ---- messages

static void make_payload(void) {
  int at = sprintf(payload, "%s%0*d", STAMP, STAMP_DIGITS, 0);
  for (; at < set.bytes; at++) payload[at] = 'a' + at % 26;
  payload[at] = 0;
}

static void stamp(void) {
  static const char digits[] = "0123456789abcdef";
  uint64_t time = now();
  char *at = payload + strlen(STAMP);
  for (int i = STAMP_DIGITS - 1; i >= 0; i--, time >>= 4) at[i] = digits[time & 15];
}

// The next sender posts, if any can. Returns whether one did.
static int send_one(void) {
  static int next;
  static char message[MAX_FRAME];
  for (int tried = 0; tried < set.senders; tried++) {
    connection *c = senders[next];
    next = (next + 1) % set.senders;
    if (c->dead || c->out_length || (set.waits && c->awaiting)) continue;
    stamp();
    c->awaiting = 1;
    sent++;
    say(c, message, speaking->message(message, c, payload, set.bytes));
    return 1;
  }
  return 0;
}

static void take_latency(const char *bytes, size_t length) {
  const char *at = memmem(bytes, length, STAMP, strlen(STAMP));
  uint64_t then = 0, here = now();
  if (!at || at + strlen(STAMP) + STAMP_DIGITS > bytes + length) return;
  at += strlen(STAMP);
  for (int i = 0; i < STAMP_DIGITS; i++) then = then << 4 | (at[i] <= '9' ? at[i] - '0' : at[i] - 'a' + 10);
  if (then && here > then) latency_add(here - then);
}

void on_message(connection *c, const char *bytes, size_t length) {
  (void)c;
  delivered++;
  if (latency_of == EVERY || (latency_of == SAMPLED && delivered % SAMPLE_EVERY == 0)) take_latency(bytes, length);
}

void on_acknowledged(connection *c) {
  acknowledged++;
  c->awaiting = 0;
}

void on_refused(connection *c) {
  refused++;
  c->awaiting = 0;
}

void joined(connection *c) {
  if (c->joined) return;
  c->joined = 1;
  joined_count++;
  opening--;
}

// ---- reading

static void receive(connection *c) {
  if (c->held_length) memcpy(buffer, c->held, c->held_length);
  ssize_t n = recv(c->fd, buffer + c->held_length, READ_BYTES - c->held_length, MSG_DONTWAIT);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) {
    lose(c);
    return;
  }
  size_t length = c->held_length + n, taken = speaking->take(c, buffer, length), rest = length - taken;
  if (rest > READ_BYTES / 2) {
    fprintf(stderr, "%s: a frame is too large\n", set.protocol);
    exit(3);
  }
  if (rest > c->held_capacity) c->held = realloc(c->held, c->held_capacity = rest + 512);
  if (rest) memcpy(c->held, buffer + taken, rest);
  c->held_length = rest;
}

static void on_connected(connection *c) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error) {
    complain(strerror(error), strlen(strerror(error)));
    lose(c);
    return;
  }
  c->state = 1;
  wait_writable(c, 0);
  speaking->greet(c);
}

static void take_commands(void) {
  static char held[1 << 20];
  static size_t length;
  ssize_t n;
  while ((n = read(commands_fd, held + length, sizeof held - length - 1)) > 0) {
    length += n;
    char *at = held, *end;
    while ((end = memchr(at, '\n', held + length - at))) {
      char *frames;
      uint32_t index = strtoul(at, &frames, 10);
      connection *c = index < (uint32_t)count ? &connections[index] : NULL;
      for (char *frame = frames + 1; c && frame < end;) {
        char *tab = memchr(frame, '\t', end - frame), *frame_end = tab ? tab : end;
        driven(c, frame, frame_end - frame);
        frame = frame_end + 1;
      }
      at = end + 1;
    }
    memmove(held, at, length -= at - held);
  }
  if (n == 0) epoll_ctl(poller, EPOLL_CTL_DEL, commands_fd, NULL);
}

static int poll_once(int wait_ms) {
  static struct epoll_event events[2048];
  int ready = epoll_wait(poller, events, 2048, wait_ms);
  for (int i = 0; i < ready; i++) {
    connection *c = events[i].data.ptr;
    if (!c) take_commands();
    else if (c->dead) continue;
    else if (c->state == 0) {
      if (events[i].events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) on_connected(c);
    } else {
      if (events[i].events & EPOLLOUT) flush(c);
      if (!c->dead && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))) receive(c);
    }
  }
  return ready;
}

// ---- opening

// Who receives and who posts may be on different nodes.
static int port_of(const connection *c) {
  if (c->sender && set.sender_node_count) return set.sender_nodes[c->index % set.sender_node_count];
  return set.node_count ? set.nodes[c->index % set.node_count] : set.port;
}

static void start_one(void) {
  connection *c = &connections[started];
  c->index = started++;
  c->sender = c->index >= (uint32_t)set.receivers;
  if (c->sender) senders[c->index - set.receivers] = c;
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (c->fd < 0) {
    perror("socket");
    exit(2);
  }
  int one = 1;
  struct linger at_once = {1, 0};
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  struct sockaddr_in server = {
      .sin_family = AF_INET, .sin_port = htons(port_of(c)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  opening++;
  connect(c->fd, (void *)&server, sizeof server);
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
  c->waits = 1;
  epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event);
}

static void open_all(void) {
  long kb_before = resident_kb(set.pids, set.pid_count);
  double cpu = cpu_seconds(set.pids, set.pid_count);
  uint64_t begun = now(), last = begun, seen = 0;
  while (joined_count + dead_count < (uint64_t)count) {
    while (started < count && opening < (uint64_t)set.concurrent) {
      start_one();
      if (speaking->paced && started % 32 == 0) usleep(1500);
    }
    poll_once(1);
    if (joined_count != seen) {
      seen = joined_count;
      last = now();
    }
    if (now() - last > JOIN_STALL) {
      fprintf(stderr, "%s: joining stalled at %lu of %d\n", set.protocol, joined_count, count);
      break;
    }
  }
  double seconds = (double)(now() - begun) / SECOND, spent = cpu_seconds(set.pids, set.pid_count) - cpu;
  uint64_t backlog = delivered;
  // Those that tell everybody of each who comes are still at it.
  uint64_t quiet = now() + SECOND, latest = now() + 20 * SECOND;
  while (now() < quiet && now() < latest)
    if (poll_once(20) > 0) quiet = now() + SECOND / 3;
  long kb = resident_kb(set.pids, set.pid_count);
  printf("{\"label\":\"%s\",\"phase\":\"join\",\"connections\":%d,\"joined\":%lu,\"dead\":%lu,\"refused\":%lu,\"seconds\":%.3f,"
         "\"cpuSeconds\":%.2f,\"delivered\":%lu,\"residentKb\":%ld,\"kbPerConnection\":%.2f}\n",
         set.label, count, joined_count, dead_count, refused, seconds, spent, backlog, kb, (double)(kb - kb_before) / count);
  fflush(stdout);
}

// ---- phases

typedef struct reading {
  uint64_t time, delivered, acknowledged, idle;
  double server, machine, generator;
} reading;

static reading take_reading(uint64_t idle) {
  struct rusage own;
  getrusage(RUSAGE_SELF, &own);
  return (reading){
      .time = now(),
      .delivered = delivered,
      .acknowledged = acknowledged,
      .idle = idle,
      .server = cpu_seconds(set.pids, set.pid_count),
      .machine = cpu_seconds_of_machine(),
      .generator = own.ru_utime.tv_sec + own.ru_stime.tv_sec + (own.ru_utime.tv_usec + own.ru_stime.tv_usec) / 1e6,
  };
}

static void print_phase(const char *kind, double amount, reading from, reading to, long lost, uint64_t stalls) {
  double seconds = (double)(to.time - from.time) / SECOND, deliveries = to.delivered - from.delivered;
  double server = to.server - from.server, generator = to.generator - from.generator;
  double other = (to.machine - from.machine - server - generator) / seconds;
  printf("{\"label\":\"%s\",\"phase\":\"%s\",\"amount\":%.0f,\"receivers\":%d,\"senders\":%d,\"seconds\":%.2f,"
         "\"deliveriesPerSecond\":%.0f,\"acknowledgedPerSecond\":%.0f,\"cpuSecondsPerMillion\":%.4f,\"serverLoad\":%.3f,"
         "\"generatorLoad\":%.3f,\"otherLoad\":%.3f,\"p50Ms\":%.3f,\"p99Ms\":%.3f,\"lost\":%ld,\"stalls\":%lu,\"refused\":%lu,"
         "\"dead\":%lu,\"residentKb\":%ld}\n",
         set.label, kind, amount, set.receivers, set.senders, seconds, deliveries / seconds,
         (to.acknowledged - from.acknowledged) / seconds, deliveries > 0 ? server * 1e6 / deliveries : 0, server / seconds,
         1 - (double)(to.idle - from.idle) / (to.time - from.time), other, latency_ms(0.5), latency_ms(0.99), lost, stalls,
         refused, dead_count, resident_kb(set.pids, set.pid_count));
  fflush(stdout);
}

static void idle_phase(double seconds, long kb_before) {
  uint64_t end = now() + seconds * SECOND;
  double cpu = cpu_seconds(set.pids, set.pid_count);
  while (now() < end) poll_once(50);
  long kb = resident_kb(set.pids, set.pid_count);
  printf("{\"label\":\"%s\",\"phase\":\"idle\",\"connections\":%d,\"joined\":%lu,\"dead\":%lu,\"residentKb\":%ld,"
         "\"kbPerConnection\":%.2f,\"cpuSeconds\":%.2f}\n",
         set.label, count, joined_count, dead_count, kb, (double)(kb - kb_before) / count,
         cpu_seconds(set.pids, set.pid_count) - cpu);
  fflush(stdout);
}

static void load_phase(const char *kind, double amount, double seconds, double warm) {
  int closed = !strcmp(kind, "closed"), posting = !strcmp(kind, "posts");
  uint64_t outstanding = posting ? set.senders : amount, lost = 0, stalls = 0, idle = 0;
  uint64_t begun = now(), from_time = begun + warm * SECOND, to_time = from_time + seconds * SECOND;
  uint64_t next = begun, last = begun, seen = 0;
  enum { WARMING, MEASURING, DRAINING } part = WARMING;
  reading from = {0}, to = {0};
  delivered = acknowledged = sent = refused = 0;
  set.waits = posting;
  for (int i = 0; i < set.senders; i++) senders[i]->awaiting = 0;
  latency_of = NOTHING;
  latency_reset();
  for (;;) {
    uint64_t time = now();
    if (part == WARMING && time >= from_time) {
      part = MEASURING;
      latency_of = closed || posting ? SAMPLED : EVERY;
      from = take_reading(idle);
    }
    if (part == MEASURING && time >= to_time) {
      part = DRAINING;
      to = take_reading(idle);
    }
    uint64_t done = posting ? acknowledged + refused : delivered / receivers_of_each, arrived = delivered + acknowledged;
    if (arrived != seen) {
      seen = arrived;
      last = time;
    }
    // What counted as lost after a stall may still arrive.
    if (part == DRAINING && (delivered >= sent * receivers_of_each || time - last > DRAIN_STALL)) break;
    if (part != DRAINING && (closed || posting)) {
      while (sent < outstanding + done + lost / receivers_of_each && send_one()) continue;
      if (time - last > LOSS_STALL && sent * receivers_of_each > delivered + lost) {
        stalls++;
        lost = sent * receivers_of_each - delivered;
        last = time;
      }
    } else if (part != DRAINING && time >= next) {
      send_one();
      next += SECOND / amount;
      if (next < time) next = time;
    }
    uint64_t before = now();
    // Nothing is sent or measured any more while the rest arrives, so the core may sleep.
    if (poll_once(part == DRAINING ? 10 : 0) == 0) idle += now() - before;
    if (dead_count >= (uint64_t)count) {
      fprintf(stderr, "%s: every connection has ended\n", set.protocol);
      exit(4);
    }
  }
  print_phase(kind, amount, from, to, (long)(sent * receivers_of_each) - (long)delivered, stalls);
  latency_of = NOTHING;
  uint64_t pause = now() + SECOND / 3;
  while (now() < pause) poll_once(10);
}

static void run_phases(long kb_before) {
  char *phases = strdup(set.phases), *rest;
  for (char *phase = strtok_r(phases, ",", &rest); phase; phase = strtok_r(NULL, ",", &rest)) {
    char kind[16] = "";
    double a = 0, b = 0, c = 0;
    sscanf(phase, "%15[a-z]:%lf:%lf:%lf", kind, &a, &b, &c);
    if (!strcmp(kind, "idle")) idle_phase(a, kb_before);
    else if (!strcmp(kind, "posts")) load_phase(kind, set.senders, a, b);
    else load_phase(kind, a, b, c);
  }
  free(phases);
}

// Returns whether it was such a setting.
static int read_nodes(const char *flag, char *text) {
  int of_senders = !strcmp(flag, "--sender-nodes");
  if (!of_senders && strcmp(flag, "--nodes")) return 0;
  int *ports = of_senders ? set.sender_nodes : set.nodes, *ports_count = of_senders ? &set.sender_node_count : &set.node_count;
  for (char *port = strtok(text, ","); port && *ports_count < 16; port = strtok(NULL, ",")) ports[(*ports_count)++] = atoi(port);
  return 1;
}

static void read_settings(int argc, char **argv) {
  const struct { const char *flag; int *number; const char **text; } flags[] = {
      {"--protocol", NULL, &set.protocol}, {"--label", NULL, &set.label},   {"--phases", NULL, &set.phases},
      {"--room", NULL, &set.room},         {"--base", NULL, &set.base},     {"--domain", NULL, &set.domain},
      {"--port", &set.port, NULL},         {"--bytes", &set.bytes, NULL},   {"--receivers", &set.receivers, NULL},
      {"--senders", &set.senders, NULL},   {"--rooms", &set.rooms, NULL},   {"--concurrent", &set.concurrent, NULL},
      {"--core", &set.core, NULL},
  };
  for (int i = 1; i + 1 < argc; i += 2) {
    size_t f = 0, n = sizeof flags / sizeof *flags;
    if (!strcmp(argv[i], "--pids")) {
      for (char *pid = strtok(argv[i + 1], ","); pid && set.pid_count < 64; pid = strtok(NULL, ","))
        set.pids[set.pid_count++] = atoi(pid);
      continue;
    }
    if (read_nodes(argv[i], argv[i + 1])) continue;
    while (f < n && strcmp(flags[f].flag, argv[i])) f++;
    if (f == n) {
      fprintf(stderr, "unknown %s\n", argv[i]);
      exit(2);
    }
    if (flags[f].number) *flags[f].number = atoi(argv[i + 1]);
    else *flags[f].text = argv[i + 1];
  }
  speaking = find_protocol(set.protocol);
  if (!speaking || set.bytes >= MAX_FRAME / 2) {
    fprintf(stderr, "unknown protocol, or too many bytes\n");
    exit(2);
  }
}

int main(int argc, char **argv) {
  read_settings(argc, argv);
  signal(SIGPIPE, SIG_IGN);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  if (set.core >= 0) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(set.core, &cores);
    sched_setaffinity(0, sizeof cores, &cores);
  }
  count = set.receivers + set.senders;
  int follows = speaking->echo == 1 ? set.senders - 1 : speaking->echo == 2 ? set.senders : 0;
  receivers_of_each = set.rooms ? 1 : set.receivers + follows;
  connections = calloc(count, sizeof *connections);
  senders = calloc(set.senders + 1, sizeof *senders);
  poller = epoll_create1(0);
  commands_fd = STDIN_FILENO;
  fcntl(commands_fd, F_SETFL, fcntl(commands_fd, F_GETFL) | O_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, commands_fd, &event) < 0) commands_fd = -1;
  make_payload();
  long kb_before = resident_kb(set.pids, set.pid_count);
  open_all();
  run_phases(kb_before);
  return joined_count < (uint64_t)count;
}
