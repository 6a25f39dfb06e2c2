import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The system calls that a unit's `SystemCallFilter=` lines allow, as systemd reads them. */
function allowedCalls(unit: string): string[] {
  const sets = readSets(
    execFileSync('systemd-analyze', ['syscall-filter', '--no-pager'], { encoding: 'utf8' }),
  );
  const allowed = new Set<string>(sets.get('@default'));
  for (const [, not, names = ''] of unit.matchAll(/^SystemCallFilter=(~?)(.*)$/gm))
    for (const name of names.split(/\s+/).flatMap((one) => expand(one, sets)))
      if (not === '~') allowed.delete(name);
      else allowed.add(name);
  return [...allowed];
}

function readSets(text: string): Map<string, string[]> {
  const sets = new Map<string, string[]>();
  let members: string[] = [];
  for (const line of text.split('\n')) {
    const entry = line.trim();
    if (line.startsWith('@')) {
      members = [];
      sets.set(entry, members);
    } else if (entry !== '' && !entry.startsWith('#')) members.push(entry);
  }
  return new Map([...sets].map(([name, list]) => [name, list.flatMap((one) => expand(one, sets))]));
}

function expand(name: string, sets: ReadonlyMap<string, readonly string[]>): string[] {
  if (!name.startsWith('@')) return [name];
  return (sets.get(name) ?? []).flatMap((one) => expand(one, sets));
}

/** A program that runs another one under a filter: a call that isn't allowed kills it by SIGSYS, as systemd does. */
const SOURCE = `
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const int allowed[] = {
ALLOWED
  __NR_execve,
};

int main(int argc, char **argv) {
  size_t count = sizeof allowed / sizeof *allowed;
  struct sock_filter *code = calloc(2 * count + 2, sizeof *code);
  size_t at = 0;
  code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  for (size_t i = 0; i < count; i++) {
    code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i], 0, 1);
    code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  }
  code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  struct sock_fprog program = { (unsigned short)at, code };
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
    perror("seccomp");
    return 99;
  }
  if (argc > 2 && strcmp(argv[1], "--call") == 0) {
    /* The call itself, whether the processor has what it is for or not. */
    syscall(atoi(argv[2]), 0, 0, 0, 0);
    return 0;
  }
  execvp(argv[1], argv + 1);
  perror(argv[1]);
  return 99;
}
`;

/** Compiles the program that runs others under the filter of a unit. @returns its path */
export function buildFilter(unit: string, compiler: string, folder: string): string {
  const calls = allowedCalls(unit).map((name) => `#ifdef __NR_${name}\n  __NR_${name},\n#endif`);
  const [source, program] = [join(folder, 'filter.c'), join(folder, 'filter')];
  writeFileSync(source, SOURCE.replace('ALLOWED', calls.join('\n')));
  execFileSync(compiler, ['-O1', '-Wall', '-o', program, source]);
  return program;
}
