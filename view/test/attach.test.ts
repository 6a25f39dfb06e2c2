import { expect, test } from 'vitest';
import type { AttachedFile } from '../src/chat/actions.ts';
import { attach } from '../src/dialogs/attach.ts';
import { decodeText } from '../src/text/decode.ts';
import { words } from './timeline-input.ts';

/** What is in the field after files were pasted or dropped, where the server stores none, and what was said. */
async function attached(files: readonly AttachedFile[], closed = '') {
  const composer = {
    tray: { limits: async () => null },
    text: 'draft ',
    insert(text: string, cursor: number) {
      this.text = this.text.slice(0, cursor) + text + this.text.slice(cursor);
    },
  };
  const said: string[] = [];
  let done: Promise<void> | undefined;
  const flashes = {
    bad: (text: string) => void said.push(text),
    attempt: (act: () => Promise<void>) => {
      done = act();
    },
  };
  attach(
    { words, flashes, messages: { composer }, navigation: { room: { closed } } } as unknown as Parameters<
      typeof attach
    >[0],
    files,
  );
  await done;
  return { text: composer.text, said };
}

const file = (name: string, text: string | undefined, bytes = 10): AttachedFile => ({
  name,
  type: '',
  bytes,
  stream: async function* () {
    yield new TextEncoder().encode(text ?? '\u0000');
  },
  text: async () => text,
});

test('a text is inserted as code on a line of its own, with a fence longer than any in it', async () => {
  expect(await attached([file('a.ts', 'const a = 1;\n')])).toEqual({
    text: 'draft \n```ts\nconst a = 1;\n```\n',
    said: [],
  });
  expect((await attached([file('b.md', '````\nx\n````')])).text).toBe(
    'draft \n`````md\n````\nx\n````\n`````\n',
  );
});

test('a picture is refused by name, and neither the draft nor a text beside it is lost', async () => {
  const { text, said } = await attached([
    file('cat.png', undefined),
    file('a', 'one'),
    file('huge.txt', 'x', 2_000_000),
  ]);
  expect(text).toBe('draft \n```\none\n```\n');
  expect(said).toEqual([expect.stringMatching(/cat\.png and huge\.txt/)]);
});

test('a file without text inserts nothing, and that is said', async () => {
  expect(await attached([file('a.txt', ''), file('b.txt', ' \n')])).toEqual({
    text: 'draft ',
    said: ['There is no text in a.txt and b.txt. Your message is unchanged.'],
  });
});

test.each([
  ['UTF-8', [0x68, 0xc3, 0xa9], 'hé'],
  ['UTF-8 with a byte order mark', [0xef, 0xbb, 0xbf, 0x68], 'h'],
  ['UTF-16, low byte first', [0xff, 0xfe, 0x68, 0, 0xe9, 0], 'hé'],
  ['UTF-16, high byte first', [0xfe, 0xff, 0, 0x68, 0, 0xe9], 'hé'],
  ['Latin-1', [0x68, 0xe9], undefined],
  ['UTF-32', [0xff, 0xfe, 0, 0, 0x68, 0, 0, 0], undefined],
  ['half a character of UTF-16', [0xff, 0xfe, 0x68], undefined],
  ['nothing', [], ''],
])('the bytes of a file in %s are a text or none', (_encoding, bytes, text) => {
  expect(decodeText(Uint8Array.from(bytes))).toBe(text);
});

test('in a closed room nothing is inserted, and the reason is said', async () => {
  expect(await attached([file('a', 'one')], 'You were removed')).toEqual({
    text: 'draft ',
    said: ['You were removed'],
  });
});
