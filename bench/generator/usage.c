// What a run costs: processor time, memory, latencies.
#define _GNU_SOURCE
#include "load.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static long file_text(const char *path, char *to, size_t capacity) {
  FILE *file = fopen(path, "r");
  if (!file) return -1;
  size_t length = fread(to, 1, capacity - 1, file);
  fclose(file);
  to[length] = 0;
  return length;
}

// In ticks of 10 ms: over the seconds that a phase lasts, exact to 1%.
static double cpu_seconds_of(int pid) {
  char path[64], text[2048];
  unsigned long user, system;
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  if (file_text(path, text, sizeof text) < 0) return 0;
  char *behind_name = strrchr(text, ')');
  if (!behind_name) return 0;
  if (sscanf(behind_name + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) return 0;
  return (double)(user + system) / sysconf(_SC_CLK_TCK);
}

double cpu_seconds(const int *pids, int count) {
  double sum = 0;
  for (int i = 0; i < count; i++) sum += cpu_seconds_of(pids[i]);
  return sum;
}

double cpu_seconds_of_machine(void) {
  char text[512];
  unsigned long t[8] = {0};
  if (file_text("/proc/stat", text, sizeof text) < 0) return 0;
  sscanf(text + 4, "%lu %lu %lu %lu %lu %lu %lu %lu", t, t + 1, t + 2, t + 3, t + 4, t + 5, t + 6, t + 7);
  return (double)(t[0] + t[1] + t[2] + t[5] + t[6] + t[7]) / sysconf(_SC_CLK_TCK);
}

long resident_kb(const int *pids, int count) {
  long sum = 0;
  for (int i = 0; i < count; i++) {
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/status", pids[i]);
    if (file_text(path, text, sizeof text) < 0) continue;
    char *line = strstr(text, "VmRSS:");
    if (line) sum += atol(line + 6);
  }
  return sum;
}

// Latencies by powers of two, each in 64 steps: exact to 1.6%.
#define STEPS 64
static uint64_t counts[64 * STEPS], total;

void latency_reset(void) {
  memset(counts, 0, sizeof counts);
  total = 0;
}

void latency_add(uint64_t v) {
  if (v < STEPS) counts[v]++;
  else {
    int power = 63 - __builtin_clzll(v);
    counts[(power - 5) * STEPS + ((v >> (power - 6)) & (STEPS - 1))]++;
  }
  total++;
}

double latency_ms(double quantile) {
  uint64_t wanted = quantile * total, seen = 0;
  if (total == 0) return 0;
  for (int i = 0; i < 64 * STEPS; i++) {
    seen += counts[i];
    if (seen <= wanted) continue;
    if (i < STEPS) return i / 1e6;
    int power = i / STEPS + 5;
    return ((double)(1ull << power) + (double)(i % STEPS) * (double)(1ull << (power - 6))) / 1e6;
  }
  return 0;
}
