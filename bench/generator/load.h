// The load generator's parts. One thread, epoll, no allocation while it measures.
#ifndef LOAD_H
#define LOAD_H

#include <stddef.h>
#include <stdint.h>

#define MAX_FRAME 65536
#define READ_BYTES (512 * 1024)

// What stands in every message, in front of 16 hexadecimal digits: when it was sent, in nanoseconds of the monotonic clock.
#define STAMP "-_T_-"
#define STAMP_DIGITS 16

typedef struct connection {
  int fd;
  uint32_t index;
  uint8_t sender;   // posts; the others only read
  uint8_t state;    // of its greeting, as its protocol counts; 0: not connected yet
  uint8_t joined;
  uint8_t dead;
  uint8_t waits;    // for the socket to take more
  uint8_t awaiting; // an acknowledgement of its last post
  uint16_t lives;   // rooms whose live stream has begun
  uint32_t room;    // the next of its rooms that it posts to
  char *held;       // the unfinished frame
  uint32_t held_length, held_capacity;
  char *out;        // what the socket did not take
  uint32_t out_length, out_begin, out_capacity;
} connection;

typedef struct settings {
  const char *protocol, *label, *phases, *room, *base, *domain;
  int port, receivers, senders, bytes, concurrent, core;
  int rooms;   // per connection that posts; 0: one room that all are in
  int waits;   // whether a sender posts only when its last post was acknowledged
  int pids[64], pid_count;
  int nodes[16], node_count;               // ports to dial in turn, where one name stands for several servers
  int sender_nodes[16], sender_node_count; // the same for those that post; 0: as the others
} settings;

typedef struct protocol {
  const char *name;
  int echo;   // whether a sender gets its own message back: 0 it follows nothing, 1 only those of others, 2 all
  int paced;  // connections are opened in small steps, since the server has no greeting that would pace them
  // The connection stands; says what opens a session.
  void (*greet)(connection *c);
  // Takes whole frames from the front of what was read. Returns how many bytes were taken.
  size_t (*take)(connection *c, char *bytes, size_t length);
  // Writes one message of the payload. Returns its length.
  int (*message)(char *to, connection *c, const char *payload, int length);
} protocol;

extern settings set;
extern const protocol *speaking;

const protocol *find_protocol(const char *name);
// Says a frame that the driver made.
void driven(connection *c, const char *frame, size_t length);

// load.c, for the protocols
void say(connection *c, const void *bytes, size_t length);
void sayf(connection *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void joined(connection *c);
void lose(connection *c);
void on_message(connection *c, const char *bytes, size_t length);
void on_acknowledged(connection *c);
void on_refused(connection *c);
// Prints some of the server's complaints, not all.
void complain(const char *bytes, size_t length);
int holds(const char *bytes, size_t length, const char *text);

// usage.c
uint64_t now(void);
double cpu_seconds(const int *pids, int count);
double cpu_seconds_of_machine(void);
long resident_kb(const int *pids, int count);
void latency_reset(void);
void latency_add(uint64_t nanoseconds);
double latency_ms(double quantile);
#endif
