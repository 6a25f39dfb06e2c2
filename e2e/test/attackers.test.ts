import { expect, test } from 'vitest';
import { ATTACK_NAMES } from '../src/attackers/attacks.ts';
import { isHeld, runAttackers } from '../src/attackers/run.ts';

test('whatever is tried on a server, nobody gets in, nothing is lost, and its memory is bounded', async () => {
  const told: string[] = [];
  const tell = (line: string) => void told.push(line);
  const report = await runAttackers({ seconds: 1, calmMs: 200, crowd: 1_000, tries: 1, tell });
  expect(isHeld(report), `${told.join('\n')}\n${JSON.stringify(report)}`).toBe(true);
  expect(Object.keys(report.attackers)).toEqual(ATTACK_NAMES);
  expect(report.said).toBeGreaterThan(100);
}, 240_000);
