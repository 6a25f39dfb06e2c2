import { randomBytes } from 'node:crypto';
import type { TextItem } from '@gochat/client/history';
import { ChatRoom } from '@gochat/client/internal/api/sdk';
import type { Content } from '@gochat/crypto/content';
import { expect, test } from 'vitest';
import { onServer } from '../src/people/on-server.ts';
import type { Someone } from '../src/people/people.ts';
import { WAIT_MS } from '../src/waits.ts';

const people = onServer();
const { person } = people;

async function anaAndBen() {
  const [ana, ben] = [await person('ana'), await person('ben')];
  const { room, link } = await ana.hosts(people.url);
  await ben.joins(link);
  return { ana, ben, room, link };
}

/** Says something and waits until the server has it. */
async function says(who: Someone, room: string, content: Content): Promise<void> {
  const id = randomBytes(16).toString('base64url');
  await who.profile.call('queue', { room, id, content });
  await who.delivered(room, [id]);
}

async function found(who: Someone, room: string, text: string): Promise<TextItem> {
  await who.hears(room, text);
  const item = (await who.messages(room)).find((i) => i.text === text);
  if (item === undefined) throw new Error(`${who.name} has no "${text}"`);
  return item;
}

const refOf = ({ seq, id }: TextItem) => ({ seq, id });
const texts = async (who: Someone, room: string) => (await who.messages(room)).map((i) => i.text);

const refused = (change: 'edit' | 'delete', by: string) =>
  ({ warning: 'refused-change', change, by, member: 'ana' }) as const;

/** Both have read all that was said. */
async function together(room: string, ...all: Someone[]): Promise<void> {
  for (const who of all) await who.syncs(room);
}

test('only its author can edit a message, any number of times', async () => {
  const { ana, ben, room } = await anaAndBen();
  const talk = new ChatRoom(ana.profile, { id: room, name: 'kitchen' });
  await talk.send('helo');
  await talk.edit(await found(ana, room, 'helo'), 'hello');
  const once = await found(ben, room, 'hello');
  expect(once).toMatchObject({ kind: 'text', edited: expect.any(Number), sub: 0 });
  await talk.edit(await found(ana, room, 'hello'), 'hello all');
  const twice = await found(ben, room, 'hello all');
  expect(twice).toMatchObject({ seq: once.seq, id: once.id });
  await says(ben, room, { kind: 'edit', of: refOf(twice), text: 'I am a fool' });
  await together(room, ana, ben);
  for (const who of [ana, ben]) {
    expect(await texts(who, room)).toEqual(['hello all']);
    expect(await who.warnings(room)).toEqual([refused('edit', 'ben')]);
  }
});

test('a change is of the message with its id; a wrong position is a warning, an unknown id has no effect', async () => {
  const { ana, ben, room } = await anaAndBen();
  await ana.delivered(room, [await ana.says(room, 'one'), await ana.says(room, 'two')]);
  const [one, two] = [await found(ben, room, 'one'), await found(ben, room, 'two')];
  const joined = (await ana.history(room)).find((i) => i.kind === 'joined');
  if (joined === undefined) throw new Error('nobody joined');
  const before = await ana.history(room);
  const of = { seq: one.seq, id: refOf(two).id.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')) };
  await says(ana, room, { kind: 'edit', of, text: 'x' });
  await says(ben, room, { kind: 'delete', of });
  await says(ben, room, { kind: 'react', to: of, emoji: '👍', on: true });
  await together(room, ana, ben);
  expect(await ana.history(room)).toEqual(before);
  for (const [seq, text] of [
    [two.seq, 'uno'],
    [joined.seq, 'eins'],
    ['900000' as typeof one.seq, 'un'],
  ] as const) {
    await says(ana, room, { kind: 'edit', of: { seq, id: one.id }, text });
    await together(room, ana, ben);
    for (const who of [ana, ben]) expect(await texts(who, room)).toEqual([text, 'two']);
  }
  for (const who of [ana, ben])
    expect(await who.warnings(room)).toEqual(Array(3).fill({ warning: 'misplaced', member: 'ana' }));
});

test('an admin deletes any message, a member their own; the text is gone from the profile', async () => {
  const { ana, ben, room } = await anaAndBen();
  await ana.delivered(room, [await ana.says(room, 'of ana')]);
  await ben.delivered(room, [await ben.says(room, 'of ben'), await ben.says(room, 'also of ben')]);
  await says(ben, room, { kind: 'delete', of: refOf(await found(ben, room, 'of ana')) });
  await says(ben, room, { kind: 'delete', of: refOf(await found(ben, room, 'of ben')) });
  await says(ana, room, { kind: 'delete', of: refOf(await found(ana, room, 'also of ben')) });
  await together(room, ana, ben);
  for (const who of [ana, ben]) {
    expect(await texts(who, room)).toEqual(['of ana', '', '']);
    expect(await who.warnings(room)).toEqual([refused('delete', 'ben')]);
    const gone = (await who.messages(room)).filter((i) => i.deleted !== undefined);
    expect(gone.map((i) => i.deleted)).toEqual([
      { by: 'ben', own: who === ben },
      { by: 'ana', own: who === ana },
    ]);
  }
  // What a profile shows is what its records hold: there is no other copy of a line.
  await people.closes(ben);
  expect(JSON.stringify(await (await person('ben')).history(room))).not.toContain('of ben');
});

test('a former admin can’t delete messages of others', async () => {
  const { ana, ben, room } = await anaAndBen();
  await ana.delivered(room, [await ana.says(room, 'one'), await ana.says(room, 'two')]);
  const admin = (yes: boolean) =>
    ana.profile.call('setRole', { room, member: 'ben', role: yes ? 'admin' : 'member', waitMs: WAIT_MS });
  await admin(true);
  await says(ben, room, { kind: 'delete', of: refOf(await found(ben, room, 'one')) });
  await admin(false);
  await says(ben, room, { kind: 'delete', of: refOf(await found(ben, room, 'two')) });
  await together(room, ana, ben);
  for (const who of [ana, ben]) {
    expect(await texts(who, room)).toEqual(['', 'two']);
    expect(await who.warnings(room)).toEqual([refused('delete', 'ben')]);
    const changed = (await who.history(room)).filter((i) => i.kind === 'changed');
    expect(changed).toMatchObject([{ admins: ['ben'] }, { dropped: ['ben'] }]);
  }
});

test('reactions are added and removed, up to a limit', async () => {
  const { ana, ben, room } = await anaAndBen();
  const talk = new ChatRoom(ben.profile, { id: room, name: 'kitchen' });
  await ana.delivered(room, [await ana.says(room, 'cake?')]);
  const cake = await found(ben, room, 'cake?');
  await expect(talk.react(cake, 'yes')).rejects.toMatchObject({ data: { reason: 'reaction-emoji' } });
  for (let i = 0; i < 22; i++) await talk.react(cake, String.fromCodePoint(0x1f600 + i));
  await talk.react(cake, '😀');
  await says(ana, room, { kind: 'react', to: refOf(cake), emoji: '😀', on: true });
  await together(room, ana, ben);
  const reactions = (await found(ana, room, 'cake?')).reactions ?? [];
  expect(reactions).toHaveLength(20);
  expect(reactions[0]?.by.map((b) => b.name)).toEqual(['ben', 'ana']);
  await talk.react(cake, '😀', false);
  await together(room, ana, ben);
  const [first] = (await found(ana, room, 'cake?')).reactions ?? [];
  expect(first).toMatchObject({ emoji: '😀', by: [{ name: 'ana' }] });
});

test('a message that arrives together with its changes is one line', async () => {
  const { ana, ben, room } = await anaAndBen();
  await people.closes(ben);
  await ana.delivered(room, [await ana.says(room, 'draft')]);
  const of = refOf(await found(ana, room, 'draft'));
  await says(ana, room, { kind: 'edit', of, text: 'better' });
  await says(ana, room, { kind: 'react', to: of, emoji: '👍', on: true });
  await says(ana, room, { kind: 'edit', of, text: 'best' });
  const again = await person('ben');
  await again.syncs(room);
  await again.hears(room, 'best');
  expect(await texts(again, room)).toEqual(['best']);
  expect((await again.history(room)).at(-1)).toMatchObject({ text: 'best', reactions: [{ emoji: '👍' }] });
});

test('new members read nothing from before they joined', async () => {
  const { ana, room, link } = await anaAndBen();
  await ana.delivered(room, [await ana.says(room, 'early')]);
  const cai = await person('cai');
  await cai.joins(link);
  const of = refOf(await found(ana, room, 'early'));
  await says(ana, room, { kind: 'edit', of, text: 'earlier' });
  await says(cai, room, { kind: 'delete', of });
  await ana.delivered(room, [await ana.says(room, 'after')]);
  await cai.hears(room, 'after');
  expect(await texts(cai, room)).toEqual(['after']);
  expect(await cai.warnings(room)).toEqual([]);
  await ana.syncs(room);
  expect(await ana.warnings(room)).toEqual([refused('delete', 'cai')]);
});

test('a follower gets each line once, in its current form', async () => {
  const { ana, ben, room } = await anaAndBen();
  const seen: string[] = [];
  const done = (async () => {
    for await (const item of new ChatRoom(ben.profile, { id: room, name: 'kitchen' }).items('0')) {
      if (item.kind !== 'text') continue;
      seen.push(item.text);
      if (item.text === 'end') return;
    }
  })();
  const talk = new ChatRoom(ana.profile, { id: room, name: 'kitchen' });
  await talk.send('one');
  await ben.hears(room, 'one');
  await talk.edit(await found(ana, room, 'one'), 'uno');
  await ben.hears(room, 'uno');
  await talk.reply(await found(ana, room, 'uno'), 'two');
  await talk.send('end');
  await done;
  expect(seen).toEqual(['one', 'two', 'end']);
  expect(await found(ben, room, 'two')).toMatchObject({ reply: refOf(await found(ben, room, 'uno')) });
});
