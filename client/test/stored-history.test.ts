import { expect, test } from 'vitest';
import { decodeItem, encodeLine } from '../src/room/stored-history.ts';

const LINE = { seq: '7', sub: 1, at: 1764000000000, from: 'ana', identity: 'I', own: false };

/** A record as the version before facts wrote it. */
function stored(json: string) {
  return decodeItem(new TextEncoder().encode(json), (device) => (device === 'a' ? 'I' : device));
}

test('a line reads back as it was written', () => {
  const item = { ...LINE, kind: 'removed', by: 'ben' } as never;
  expect(decodeItem(encodeLine({ item, proofs: new Map() }), String)).toEqual(item);
});

test('a message of an earlier version has the identities of the devices that are still in the room', () => {
  expect(
    stored(
      '{"seq":"7","at":1764000000000,"from":"ana","device":"a","own":false,"id":"x","kind":"text","text":"joined by invite","mentions":["a","b"],"reactions":[{"emoji":"+","by":[{"device":"a","name":"ana"},{"device":"b","name":"ben"}]}],"sub":1}',
    ),
  ).toEqual({
    ...LINE,
    kind: 'text',
    id: 'x',
    text: 'joined by invite',
    mentions: ['I', 'b'],
    reactions: [
      {
        emoji: '+',
        by: [
          { identity: 'I', name: 'ana' },
          { identity: 'b', name: 'ben' },
        ],
      },
    ],
  });
});

test.each([
  ['joined by invite', 'joined', { kind: 'joined' }],
  [
    'joined again with a fresh invite, replacing an older place of the same device',
    'joined',
    { kind: 'joined', again: true },
  ],
  ['was removed by ben by by', 'removed', { kind: 'removed', by: 'ben by by' }],
  ['was removed', 'removed', { kind: 'removed' }],
  ['is leaving the room', 'leaving', { kind: 'leaving' }],
  ['renamed the room to tea and made ben an admin', 'changed', { kind: 'changed' }],
  [
    'the server repeated an older entry: it was left out',
    'trouble',
    { kind: 'warning', warning: 'older-version' },
  ],
])('an earlier version’s "%s" is read as a fact', (text, kind, fact) => {
  const json = `{"seq":"7","at":1764000000000,"from":"ana","device":"a","own":false,"kind":"${kind}","text":"${text}","sub":1}`;
  expect(stored(json)).toEqual({ ...LINE, ...fact });
});
