import type { Row } from '@gochat/view/row';
import { expect, test } from 'vitest';
import { gather, type Viewer } from '../src/people/viewer.ts';

const HOSTILE = [
  '\u001b]52;c;ZXZpbA==\u0007',
  '\u001b[2J\u001b[H',
  '\u202egnp.exe',
  '<img src=x onerror=alert(1)>',
  '[click](javascript:alert(1))',
  `Z${'\u0335'.repeat(500)}`,
  'a'.repeat(60_000),
  `${'\ud800'}lone`,
  '\u0000\u0007\b\b\b',
  '\n'.repeat(5000),
  '>'.repeat(10_000),
];

test('rows contain nothing that could corrupt a screen, whatever a member sends', async () => {
  const { people, end } = await gather(['ana', 'ben'], '<b>room</b>');
  const [ana, ben] = people as [Viewer, Viewer];
  const id = ana.room.id;
  for (const text of HOSTILE)
    await ana.profile.call('queue', { room: id, id: fresh(), content: { kind: 'text', text: `${text}.` } });
  const last = ana.message('the end');
  expect(last).toBeUndefined();
  ana.says('the end');
  await ben.reads('the end');
  const rows = ben.rows.filter((row) => row.kind === 'message');
  expect(rows).toHaveLength(HOSTILE.length + 1);
  const disturbing =
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may come through
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])/;
  for (const text of stringsOf(ben.screen)) expect(text).not.toMatch(disturbing);
  for (const row of rows)
    expect(JSON.stringify(row.kind === 'message' ? row.body : [])).not.toContain('"href":"javascript');
  await end();
});

test('a forbidden reaction, edit or deletion changes nothing and is refused with a reason', async () => {
  const { people, end } = await gather(['ana', 'ben']);
  const [ana, ben] = people as [Viewer, Viewer];
  const room = ana.room.id;
  ana.says('mine');
  const row = await ben.reads('mine');
  await ana.sees('it sent', () => ana.message('mine')?.delivery === 'sent');
  const of = { seq: row.seq as never, id: await idOf(ana, 'mine') };
  const say = (content: Parameters<typeof ben.profile.call<'queue'>>[1]['content']) =>
    ben.profile.call('queue', { room, id: fresh(), content });
  await say({ kind: 'edit', of, text: 'forged' });
  await say({ kind: 'delete', of });
  await say({ kind: 'edit', of: { ...of, id: fresh() }, text: 'forged' });
  const warnings = (rows: readonly Row[]) =>
    rows.filter(({ kind }) => kind === 'warning').map(({ spoken }) => spoken);
  await ana.sees('two refused', () => warnings(ana.rows).length === 2);
  await ben.sees('two refused', () => warnings(ben.rows).length === 2);
  expect(warnings(ana.rows)[0]).toContain('ben tried to edit a message of ana');
  expect(ana.message('mine')).toBeDefined();
  expect(JSON.stringify([ana.rows, ben.rows])).not.toContain('forged');
  await end();
});

/** The id of a message that is in the history. */
async function idOf(person: Viewer, text: string): Promise<string> {
  const items = await person.profile.call('history', { room: person.room.id, limit: 100 });
  const item = items.find((one) => one.kind === 'text' && one.text === text);
  if (item?.kind !== 'text') throw new Error(`${person.name} has no message "${text}"`);
  return item.id;
}

function fresh(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url');
}

function* stringsOf(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null)
    for (const part of Object.values(value)) yield* stringsOf(part);
}
