// What each server speaks: how a session is opened, how frames are cut, how a message is written.
#define _GNU_SOURCE
#include "load.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int starts(const char *line, size_t length, const char *with) {
  size_t n = strlen(with);
  return length >= n && !memcmp(line, with, n);
}

// ---- lines of JSON, said to everybody else: the reference

static void greet_nobody(connection *c) { joined(c); }

static size_t take_lines(connection *c, char *bytes, size_t length) {
  size_t at = 0;
  char *end;
  while (at < length && (end = memchr(bytes + at, '\n', length - at))) {
    size_t line = end - (bytes + at) + 1;
    if (line > 1) on_message(c, bytes + at, line);
    at += line;
  }
  return at;
}

static int line_message(char *to, connection *c, const char *payload, int length) {
  (void)c;
  return sprintf(to, "{\"Text\":\"%.*s\"}\n", length, payload);
}

// ---- GoChat. Proofs are signed by the driver, which is told the connection's nonce and answers with its `enter` frames.

static uint64_t posts;

static void gochat_hello(char *to) {
  sprintf(to, "{\"type\":\"hello\",\"id\":\"hello\",\"version\":2,\"origin\":\"127.0.0.1:%d\"}", set.port);
}

static void greet_gochat(connection *c) {
  char hello[256];
  gochat_hello(hello);
  sayf(c, "%s\n", hello);
}

static void gochat_frame(connection *c, const char *frame, size_t length) {
  if (starts(frame, length, "{\"type\":\"entry\"")) on_message(c, frame, length);
  else if (starts(frame, length, "{\"type\":\"ack\"")) on_acknowledged(c);
  else if (starts(frame, length, "{\"type\":\"live\"")) {
    if (++c->lives == (c->sender && set.rooms ? set.rooms : 1)) joined(c);
  } else if (starts(frame, length, "{\"type\":\"welcome\"")) {
    char *nonce = memmem(frame, length, "\"nonce\":\"", 9);
    if (nonce) {
      printf("prove %u %d %.22s\n", c->index, c->sender, nonce + 9);
      fflush(stdout);
    }
  } else if (starts(frame, length, "{\"type\":\"error\"")) {
    on_refused(c);
    complain(frame, length);
  }
}

static size_t take_gochat(connection *c, char *bytes, size_t length) {
  size_t at = 0;
  char *end;
  while (at < length && (end = memchr(bytes + at, '\n', length - at))) {
    size_t line = end - (bytes + at) + 1;
    gochat_frame(c, bytes + at, line);
    at += line;
  }
  return at;
}

static int gochat_post(char *to, connection *c, const char *payload, int length) {
  char room[32];
  if (set.rooms == 0) snprintf(room, sizeof room, "%s", set.room);
  else {
    uint32_t first = (c->index - set.receivers) * set.rooms;
    snprintf(room, sizeof room, "room%017uA", first + c->room);
    c->room = (c->room + 1) % set.rooms;
  }
  return sprintf(to, "{\"type\":\"post\",\"id\":\"%016lx%05xA\",\"room\":\"%s\",\"base\":\"%s\",\"body\":\"%.*s\"}", now(),
                 (unsigned)(posts++ & 0xfffff), room, set.base, length, payload);
}

static int gochat_message(char *to, connection *c, const char *payload, int length) {
  int n = gochat_post(to, c, payload, length);
  to[n++] = '\n';
  return n;
}

// ---- WebSocket (RFC 6455), masked with zeros

static int web_head(char *to, int opcode, size_t length) {
  int n = 0;
  to[n++] = (char)(0x80 | opcode);
  if (length < 126) to[n++] = (char)(0x80 | length);
  else {
    to[n++] = (char)(0x80 | 126);
    to[n++] = (char)(length >> 8);
    to[n++] = (char)length;
  }
  memset(to + n, 0, 4);
  return n + 4;
}

static void say_web(connection *c, int opcode, const char *bytes, size_t length) {
  char frame[MAX_FRAME];
  int head = web_head(frame, opcode, length);
  memcpy(frame + head, bytes, length);
  say(c, frame, head + length);
}

static int framed(char *to, int length) {
  char head[16];
  int n = web_head(head, 1, length);
  memmove(to + n, to, length);
  memcpy(to, head, n);
  return n + length;
}

static void upgrade(connection *c, const char *path) {
  sayf(c,
       "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
       path, set.port);
}

// Returns how long the answer to the upgrade is, 0 while it isn't whole.
static size_t upgraded(connection *c, const char *bytes, size_t length) {
  char *end = memmem(bytes, length, "\r\n\r\n", 4);
  if (!end) return 0;
  if (!starts(bytes, length, "HTTP/1.1 101")) {
    complain(bytes, length);
    lose(c);
    return length;
  }
  c->state = 2;
  return end + 4 - bytes;
}

static size_t take_web(connection *c, char *bytes, size_t length, void (*text)(connection *, char *, size_t),
                       void (*opened)(connection *)) {
  size_t at = 0;
  if (c->state == 1) {
    at = upgraded(c, bytes, length);
    if (at == 0 || c->dead) return at;
    opened(c);
  }
  while (length - at >= 2) {
    unsigned char *head = (unsigned char *)bytes + at;
    size_t head_length = 2, body = head[1] & 127;
    if (body == 126) {
      if (length - at < 4) break;
      body = head[2] << 8 | head[3];
      head_length = 4;
    } else if (body == 127) {
      if (length - at < 10) break;
      body = 0;
      for (int i = 2; i < 10; i++) body = body << 8 | head[i];
      head_length = 10;
    }
    if (at + head_length + body > length) break;
    char *data = bytes + at + head_length;
    int opcode = head[0] & 15;
    at += head_length + body;
    if (opcode == 1 || opcode == 2) text(c, data, body);
    else if (opcode == 9) say_web(c, 10, data, body);
    else if (opcode == 8) {
      lose(c);
      return length;
    }
  }
  return at;
}

static void greet_gochat_web(connection *c) { upgrade(c, "/ws"); }
static void open_gochat_web(connection *c) {
  char hello[256];
  gochat_hello(hello);
  say_web(c, 1, hello, strlen(hello));
}
static void text_gochat_web(connection *c, char *text, size_t length) { gochat_frame(c, text, length); }
static size_t take_gochat_web(connection *c, char *bytes, size_t length) {
  return take_web(c, bytes, length, text_gochat_web, open_gochat_web);
}
static int gochat_web_message(char *to, connection *c, const char *payload, int length) {
  return framed(to, gochat_post(to, c, payload, length));
}

static void greet_ws(connection *c) { upgrade(c, "/"); }
static void text_ws(connection *c, char *text, size_t length) { on_message(c, text, length); }
static size_t take_ws(connection *c, char *bytes, size_t length) { return take_web(c, bytes, length, text_ws, joined); }
static int ws_message(char *to, connection *c, const char *payload, int length) {
  return framed(to, line_message(to, c, payload, length));
}

// ---- socket.io over a WebSocket

static void greet_socket_io(connection *c) { upgrade(c, "/socket.io/?EIO=4&transport=websocket"); }
static void wait_for_open(connection *c) { (void)c; }
static void text_socket_io(connection *c, char *text, size_t length) {
  if (length == 0) return;
  if (text[0] == '0') say_web(c, 1, "40", 2);
  else if (text[0] == '2') say_web(c, 1, "3", 1);
  else if (starts(text, length, "40")) joined(c);
  else if (starts(text, length, "42")) on_message(c, text, length);
}
static size_t take_socket_io(connection *c, char *bytes, size_t length) {
  return take_web(c, bytes, length, text_socket_io, wait_for_open);
}
static int socket_io_message(char *to, connection *c, const char *payload, int length) {
  (void)c;
  return framed(to, sprintf(to, "42[\"m\",{\"Text\":\"%.*s\"}]", length, payload));
}

// ---- IRC (RFC 2812)

static void greet_irc(connection *c) {
  sayf(c, "NICK %c%05u\r\nUSER u 0 * :u\r\n", c->sender ? 's' : 'r', c->index);
}

static void irc_line(connection *c, char *line, size_t length) {
  if (starts(line, length, "PING")) {
    sayf(c, "PONG%.*s", (int)length - 4, line + 4);
    return;
  }
  if (line[0] != ':') {
    if (starts(line, length, "ERROR")) complain(line, length);
    return;
  }
  char *space = memchr(line, ' ', length);
  size_t rest = space ? line + length - space : 0;
  if (starts(space, rest, " PRIVMSG ")) on_message(c, line, length);
  else if (c->joined) return;
  else if (starts(space, rest, " 001 ")) sayf(c, "JOIN #%s\r\n", set.room);
  else if (starts(space, rest, " 366 ")) joined(c);
  else if (starts(space, rest, " 403 ") || starts(space, rest, " 433 ") || starts(space, rest, " 471 ")) complain(line, length);
}

static size_t take_irc(connection *c, char *bytes, size_t length) {
  size_t at = 0;
  char *end;
  while (at < length && (end = memchr(bytes + at, '\n', length - at))) {
    size_t line = end - (bytes + at) + 1;
    irc_line(c, bytes + at, line);
    at += line;
  }
  return at;
}

static int irc_message(char *to, connection *c, const char *payload, int length) {
  (void)c;
  return sprintf(to, "PRIVMSG #%s :%.*s\r\n", set.room, length, payload);
}

// ---- MQTT 3.1.1, QoS 0

static void greet_mqtt(connection *c) {
  char id[32];
  int n = sprintf(id, "c%05u", c->index);
  char connect[64] = {0x10, (char)(12 + n), 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, (char)n};
  memcpy(connect + 14, id, n);
  say(c, connect, 14 + n);
}

static void subscribe_mqtt(connection *c) {
  int n = strlen(set.room);
  char subscribe[128] = {(char)0x82, (char)(5 + n), 0, 1, 0, (char)n};
  memcpy(subscribe + 6, set.room, n);
  say(c, subscribe, 7 + n);
}

static size_t take_mqtt(connection *c, char *bytes, size_t length) {
  size_t at = 0;
  while (length - at >= 2) {
    size_t body = 0, head = 1;
    int shift = 0, whole = 0;
    while (at + head < length && head < 5) {
      unsigned char digit = bytes[at + head++];
      body |= (size_t)(digit & 127) << shift;
      shift += 7;
      if (digit & 128) continue;
      whole = 1;
      break;
    }
    if (!whole || at + head + body > length) break;
    int type = (unsigned char)bytes[at] >> 4;
    if (type == 3) on_message(c, bytes + at, head + body);
    else if (type == 2 && !c->sender) subscribe_mqtt(c);
    else if (type == 2 || type == 9) joined(c);
    at += head + body;
  }
  return at;
}

static int mqtt_message(char *to, connection *c, const char *payload, int length) {
  (void)c;
  int room = strlen(set.room), rest = 2 + room + length, n = 0;
  to[n++] = 0x30;
  do {
    int digit = rest & 127;
    rest >>= 7;
    to[n++] = (char)(digit | (rest ? 128 : 0));
  } while (rest);
  to[n++] = 0;
  to[n++] = (char)room;
  memcpy(to + n, set.room, room);
  memcpy(to + n + room, payload, length);
  return n + room + length;
}

// ---- NATS core

static void greet_nats(connection *c) {
  sayf(c, "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":false,\"lang\":\"c\",\"version\":\"1\",\"protocol\":1}\r\n");
  if (!c->sender) sayf(c, "SUB %s 1\r\n", set.room);
  sayf(c, "PING\r\n");
}

static size_t take_nats(connection *c, char *bytes, size_t length) {
  size_t at = 0;
  char *end;
  while (at < length && (end = memchr(bytes + at, '\n', length - at > 4096 ? 4096 : length - at))) {
    char *line = bytes + at;
    size_t n = end - line + 1;
    if (starts(line, n, "MSG")) {
      char *digits = end - 2;
      while (digits > line && *digits != ' ') digits--;
      size_t body = strtoul(digits + 1, NULL, 10) + 2;
      if (at + n + body > length) break;
      on_message(c, line, n + body);
      at += n + body;
      continue;
    }
    if (starts(line, n, "PING")) say(c, "PONG\r\n", 6);
    else if (starts(line, n, "PONG")) joined(c);
    else if (line[0] == '-') complain(line, n);
    at += n;
  }
  return at;
}

static int nats_message(char *to, connection *c, const char *payload, int length) {
  (void)c;
  return sprintf(to, "PUB %s %d\r\n%.*s\r\n", set.room, length, length, payload);
}

// ---- redis, RESP 2

static void greet_redis(connection *c) {
  if (c->sender) sayf(c, "PING\r\n");
  else sayf(c, "*2\r\n$9\r\nSUBSCRIBE\r\n$%zu\r\n%s\r\n", strlen(set.room), set.room);
}

// The length of one value, -1 while it isn't whole.
static long resp_length(const char *bytes, size_t length) {
  const char *end = memchr(bytes, '\n', length);
  if (!end) return -1;
  long head = end - bytes + 1, number = atol(bytes + 1);
  if (bytes[0] == '$') {
    if (number < 0) return head;
    return (size_t)(head + number + 2) <= length ? head + number + 2 : -1;
  }
  if (bytes[0] != '*') return head;
  long at = head;
  for (long i = 0; i < number; i++) {
    long part = (size_t)at < length ? resp_length(bytes + at, length - at) : -1;
    if (part < 0) return -1;
    at += part;
  }
  return at;
}

static size_t take_redis(connection *c, char *bytes, size_t length) {
  size_t at = 0;
  while (at < length) {
    long n = resp_length(bytes + at, length - at);
    if (n < 0) break;
    char *value = bytes + at;
    at += n;
    if (starts(value, n, "*3\r\n$7\r\nmessage")) on_message(c, value, n);
    else if (starts(value, n, "*3\r\n$9\r\nsubscribe") || value[0] == '+') joined(c);
    else if (value[0] == '-') complain(value, n);
  }
  return at;
}

static int redis_message(char *to, connection *c, const char *payload, int length) {
  (void)c;
  return sprintf(to, "*3\r\n$7\r\nPUBLISH\r\n$%zu\r\n%s\r\n$%d\r\n%.*s\r\n", strlen(set.room), set.room, length, length, payload);
}

// ---- XMPP with a multi-user chat (XEP-0045), signed in anonymously

static void open_stream(connection *c) {
  sayf(c,
       "<?xml version='1.0'?><stream:stream to='%s' xmlns='jabber:client' "
       "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>",
       set.domain);
}

// What is waited for in each state, and what is said once it came.
static size_t xmpp_sign_in(connection *c, char *bytes, size_t length) {
  if (holds(bytes, length, "<failure") || holds(bytes, length, "type='error'") || holds(bytes, length, "type=\"error\"")) {
    complain(bytes, length);
    lose(c);
    return length;
  }
  if (c->state == 5) {
    if (!holds(bytes, length, "code='110'") && !holds(bytes, length, "code=\"110\"")) return length > 64 ? length - 64 : 0;
    joined(c);
    return length;
  }
  static const char *const awaited[] = {"", "</stream:features>", "<success", "</stream:features>", "</iq>"};
  if (!holds(bytes, length, awaited[c->state])) return 0;
  if (c->state == 1) sayf(c, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>");
  else if (c->state == 2) open_stream(c);
  else if (c->state == 3) sayf(c, "<iq type='set' id='b1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
  else
    sayf(c,
         "<presence to='%s@conference.%s/n%u'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>",
         set.room, set.domain, c->index);
  c->state++;
  return length;
}

static size_t take_xmpp(connection *c, char *bytes, size_t length) {
  if (!c->joined) return xmpp_sign_in(c, bytes, length);
  size_t at = 0;
  char *end;
  while (at < length && (end = memmem(bytes + at, length - at, "</message>", 10))) {
    size_t n = end + 10 - (bytes + at);
    if (holds(bytes + at, n, "<body")) on_message(c, bytes + at, n);
    at += n;
  }
  // Presences of others are not waited for to be whole.
  if (length - at > 16384 && !holds(bytes + at, length - at, "<message")) return length - 16;
  return at;
}

static int xmpp_message(char *to, connection *c, const char *payload, int length) {
  (void)c;
  return sprintf(to, "<message to='%s@conference.%s' type='groupchat' id='m'><body>%.*s</body></message>", set.room, set.domain,
                 length, payload);
}

static const protocol protocols[] = {
    {"gochat", 2, 0, greet_gochat, take_gochat, gochat_message},
    {"gochat-ws", 2, 0, greet_gochat_web, take_gochat_web, gochat_web_message},
    {"lines", 1, 1, greet_nobody, take_lines, line_message},
    {"ws", 1, 0, greet_ws, take_ws, ws_message},
    {"socket.io", 1, 0, greet_socket_io, take_socket_io, socket_io_message},
    {"irc", 1, 0, greet_irc, take_irc, irc_message},
    {"mqtt", 0, 0, greet_mqtt, take_mqtt, mqtt_message},
    {"nats", 0, 0, greet_nats, take_nats, nats_message},
    {"redis", 0, 0, greet_redis, take_redis, redis_message},
    {"xmpp", 2, 0, open_stream, take_xmpp, xmpp_message},
};

const protocol *find_protocol(const char *name) {
  for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
    if (!strcmp(protocols[i].name, name)) return &protocols[i];
  return NULL;
}

void driven(connection *c, const char *frame, size_t length) {
  if (!strcmp(speaking->name, "gochat-ws")) say_web(c, 1, frame, length);
  else sayf(c, "%.*s\n", (int)length, frame);
}
