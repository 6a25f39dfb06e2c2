import { invite } from '@gochat/crypto/handshake';
import { createIdentity } from '@gochat/crypto/identity';
import { decodeProof, verifyProof } from '@gochat/crypto/proof';
import { membersOf } from '@gochat/crypto/room';
import { expect, test } from 'vitest';
import { platform } from '../src/profile/platform.ts';
import { epochsAt } from '../src/room/epoch-store.ts';
import { ANSWER_EMOJI, pollText } from '../src/room/polls.ts';
import { decodeLine, encodeLine } from '../src/room/stored-history.ts';
import { Device, TestLog } from './device.ts';

async function anaAndBen() {
  const ana = await Device.founds(new TestLog(), createIdentity(platform), 'ana');
  const secret = platform.random(16);
  await ana.commits((room) => invite(room, secret, {}, platform));
  const ben = await Device.joins(ana, createIdentity(platform), 'ben', secret);
  await ana.reads();
  return { ana, ben };
}

/** What a device has stored at a position: each line with what its proofs prove, by their keys. */
async function provedAt({ records, room }: Device, seq: string) {
  const rows = await records.at('history', room.id, Number(seq));
  return Promise.all(
    rows.map(async (row) => {
      const { proofs } = decodeLine(row, String);
      const proved = new Map<string, { readonly by: string; readonly content: unknown }>();
      for (const [key, bytes] of proofs) {
        const proof = decodeProof(bytes);
        for (const epoch of await epochsAt(records, room.id, proof.epoch)) {
          const message = await verifyProof(room.id, proof, epoch);
          if (message !== undefined)
            proved.set(key, { by: message.identity, content: message.payload.content });
        }
      }
      return { proofs: proofs.size, proved };
    }),
  );
}

test('own messages and those of others are stored with proofs that verify after heals and a restart', async () => {
  const { ana, ben } = await anaAndBen();
  const said: { readonly seq: string; readonly by: string; readonly text: string }[] = [];
  for (const [i, device] of [ana, ben, ben, ana].entries()) {
    const text = `line ${i}`;
    const { seq } = await device.says({ kind: 'text', text });
    said.push({ seq, text, by: membersOf(device.room).find(({ self }) => self)?.identity ?? '' });
    await device.heals();
    await (device === ana ? ben : ana).reads();
    await ana.restarts();
  }
  for (const device of [ana, ben]) {
    for (const { seq, by, text } of said) {
      const [line] = await provedAt(device, seq);
      expect([...(line?.proved ?? [])]).toEqual([['original', { by, content: { kind: 'text', text } }]]);
    }
  }
});

test('a message keeps the proofs of its last edit and of the reactions that it has', async () => {
  const { ana, ben } = await anaAndBen();
  const first = { kind: 'text', text: 'helo' } as const;
  const of = await ben.says(first);
  await ben.says({ kind: 'edit', of, text: 'hell' });
  const edit = { kind: 'edit', of, text: 'hello' } as const;
  await ben.says(edit);
  const up = { kind: 'react', to: of, emoji: '👍', on: true } as const;
  await ana.says(up);
  await ana.says({ ...up, emoji: '🎉' });
  await ana.says({ ...up, emoji: '🎉', on: false });
  await ben.reads();
  for (const device of [ana, ben]) {
    const [line] = await provedAt(device, of.seq);
    expect(line?.proofs).toBe(3);
    expect([...(line?.proved.values() ?? [])].map(({ content }) => content)).toEqual([first, edit, up]);
  }
});

test('in a poll with one answer only the last vote of a person has a proof', async () => {
  const { ana, ben } = await anaAndBen();
  const poll = {
    kind: 'text',
    text: pollText({ question: 'Tea?', answers: ['yes', 'no'] }),
    poll: 'one',
  } as const;
  const of = await ben.says(poll);
  const [first = '', second = ''] = ANSWER_EMOJI;
  const votes = [first, second, '👍'].map((emoji) => ({ kind: 'react', to: of, emoji, on: true }) as const);
  for (const vote of votes) await ana.says(vote);
  await ben.reads();
  for (const device of [ana, ben]) {
    const [line] = await provedAt(device, of.seq);
    expect([...(line?.proved.values() ?? [])].map(({ content }) => content)).toEqual([
      poll,
      votes[1],
      votes[2],
    ]);
  }
});

test('a deleted message has no proof on any device', async () => {
  const { ana, ben } = await anaAndBen();
  const of = await ben.says({ kind: 'text', text: 'secret' });
  await ana.says({ kind: 'react', to: of, emoji: '👍', on: true });
  await ben.says({ kind: 'delete', of });
  await ana.reads();
  for (const device of [ana, ben]) {
    expect(await provedAt(device, of.seq)).toMatchObject([{ proofs: 0 }]);
    const rows = await device.records.at('history', device.room.id, Number(of.seq));
    expect(rows.map((row) => Buffer.from(row).includes('secret'))).toEqual([false]);
  }
});

test('a message that an older version stored without a proof is shown, edited and deleted', async () => {
  const { ana, ben } = await anaAndBen();
  const of = await ben.says({ kind: 'text', text: 'helo' });
  await ana.reads();
  const { id } = ana.room;
  const [row = new Uint8Array()] = await ana.records.at('history', id, Number(of.seq));
  const { item } = decodeLine(row, String);
  const place = { of: 'history', room: id, at: Number(of.seq), sub: 0 } as const;
  await ana.records.write([{ place, value: encodeLine({ item, proofs: new Map() }) }]);
  expect(await ana.message(of.id)).toMatchObject({ text: 'helo' });
  await ben.says({ kind: 'edit', of, text: 'hello' });
  await ana.reads();
  expect(await ana.message(of.id)).toMatchObject({ text: 'hello' });
  const [line] = await provedAt(ana, of.seq);
  expect([...(line?.proved.keys() ?? [])]).toEqual(['edit']);
  await ben.says({ kind: 'delete', of });
  await ana.reads();
  expect(await ana.message(of.id)).toMatchObject({ text: '', deleted: { by: 'ben' } });
});

test('an epoch is stored once, with each of its speakers once', async () => {
  const { ana, ben } = await anaAndBen();
  for (const device of [ben, ben, ana, ben]) await device.says({ kind: 'text', text: 'hello' });
  await ana.reads();
  const epochs = await epochsAt(ana.records, ana.room.id, ana.room.mls.groupContext.epoch);
  expect(epochs.map(({ speakers }) => speakers.map(({ leaf }) => leaf))).toEqual([[1, 0]]);
});
