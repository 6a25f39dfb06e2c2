import { parseArgs } from 'node:util';
import { ATTACK_NAMES } from './attacks.ts';
import { isCalm, isHeld, runAttackers } from './run.ts';

/** `npm run attackers -- [--seconds N] [--only NAME …]` */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    only: { type: 'string', multiple: true, default: [] },
  },
});
const unknown = values.only.find((name) => !ATTACK_NAMES.some((known) => known === name));
if (unknown !== undefined) throw new TypeError(`--only is one of ${ATTACK_NAMES.join(', ')}, not ${unknown}`);
const seconds = Number(values.seconds);
if (!(seconds >= 1 && seconds <= 3_600))
  throw new TypeError(`--seconds is from 1 to 3600, not ${values.seconds}`);
const print = (line: string) => void process.stdout.write(`${line}\n`);
const report = await runAttackers({
  seconds,
  only: values.only,
  calmMs: 2_000,
  postEveryMs: 20,
  crowd: 10_000,
  tries: 3,
  atOnce: false,
  yielding: true,
  print,
});
print(JSON.stringify(report));
process.exit(isHeld(report) && isCalm(report) ? 0 : 1);
