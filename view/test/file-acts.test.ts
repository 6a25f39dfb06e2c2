import { expect, test } from 'vitest';
import { FileActs } from '../src/files/file-acts.ts';

type Parts = ConstructorParameters<typeof FileActs>[0];

/** The acts on one file of the open room, whose bytes never come, and what was said. */
function actsOn(file: { readonly name: string; readonly type: string; readonly bytes: number }) {
  const said: string[] = [];
  const fetched: string[] = [];
  const parts = {
    words: { text: { files: { notPlayed: (name: string) => `not played: ${name}` } } },
    flashes: { bad: (text: string) => said.push(text) },
    navigation: {
      room: {
        info: { id: 'room' },
        message: () => ({ id: 'm', seq: '1', files: [{ id: 'file', ...file }] }),
        files: { begin: () => new AbortController(), isOther: () => undefined },
      },
    },
    profile: {
      files: {
        open: async function* () {
          fetched.push(file.name);
          yield new TextEncoder().encode('OggS');
        },
      },
    },
  };
  return { acts: new FileActs(parts as unknown as Parts), said, fetched };
}

test('a recording of a made-up size takes no memory and isn’t fetched', async () => {
  const { acts, said, fetched } = actsOn({ name: 'long.ogg', type: 'audio/ogg', bytes: 2 ** 40 });
  expect(await acts.recording('m', 0)).toBeUndefined();
  expect(said).toEqual(['not played: long.ogg']);
  expect(fetched).toEqual([]);
});

test('a recording of 64 MiB is played', async () => {
  const { acts, said } = actsOn({ name: 'a.ogg', type: 'audio/ogg', bytes: 64 * 1024 * 1024 });
  expect(await acts.recording('m', 0)).toEqual(new TextEncoder().encode('OggS'));
  expect(said).toEqual([]);
});
