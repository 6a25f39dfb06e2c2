import { expect, test } from 'vitest';
import { ATTACK_NAMES } from '../src/attackers/attacks.ts';
import { isHeld, runAttackers } from '../src/attackers/run.ts';

test('no attack on a server gets in, loses a message, or takes more memory than the limit', async () => {
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  const report = await runAttackers({
    seconds: 0.5,
    calmMs: 200,
    postEveryMs: 250,
    crowd: 500,
    tries: 1,
    atOnce: true,
    yielding: false,
    print,
  });
  expect(isHeld(report), `${lines.join('\n')}\n${JSON.stringify(report)}`).toBe(true);
  expect(Object.keys(report.attackers)).toEqual(ATTACK_NAMES);
  // The bystanders talked during each attack.
  for (const { meanwhile } of Object.values(report.attackers)) expect(meanwhile.samples).toBeGreaterThan(0);
});
