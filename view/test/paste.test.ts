import { expect, test } from 'vitest';
import type { AttachedFile } from '../src/chat/actions.ts';
import { textFile } from '../src/dialogs/attach.ts';
import type { MenuDialog } from '../src/dialogs/dialog.ts';
import type { DialogRequest } from '../src/dialogs/dialog-host.ts';
import { paste } from '../src/dialogs/message.ts';
import { words } from './timeline-input.ts';

const turn = () => new Promise((resolve) => setTimeout(resolve));

/** A message field on a machine that has some files. */
function pasting(...there: string[]) {
  const added: string[] = [];
  const composer = {
    text: 'draft ',
    insert(text: string, cursor: number) {
      this.text = this.text.slice(0, cursor) + text + this.text.slice(cursor);
    },
    revise(text: string) {
      this.text = text;
    },
    tray: {
      limits: async () => ({ bytes: 1_000_000 }),
      add: async (files: readonly AttachedFile[]) => {
        added.push(...files.map(({ name }) => name));
        return [];
      },
    },
  };
  const asked: DialogRequest<MenuDialog>[] = [];
  const room = { closed: '' };
  const at = async (paths: readonly string[]) =>
    paths.map((path) =>
      there.includes(path) ? { path, file: textFile('', path) } : { path, failure: 'missing' as const },
    );
  const chat = {
    words,
    flashes: { attempt: (act: () => Promise<void>) => void act() },
    dialogs: { show: (request: DialogRequest<MenuDialog>) => asked.push(request) },
    messages: { composer, send: () => undefined },
    navigation: { room },
    platform: { files: { at } },
  } as unknown as Parameters<typeof paste>[0];
  const pick = async (name: string) => {
    await asked
      .at(-1)
      ?.pick?.(name, { close: () => undefined } as Parameters<NonNullable<DialogRequest['pick']>>[1] & never);
    await turn();
  };
  const pastes = async (text: string) => {
    paste(chat, text, composer.text.length);
    const atOnce = composer.text;
    await turn();
    return atOnce;
  };
  return { composer, added, asked, pick, pastes };
}

test('paths of files that are there ask whether to attach them; until then they are text', async () => {
  const { composer, added, asked, pick, pastes } = pasting('/a.jpg', '/b c.jpg');
  expect(await pastes("/a.jpg '/b c.jpg'")).toBe("draft /a.jpg '/b c.jpg'");
  expect(asked[0]?.dialog).toMatchObject({
    title: 'Attach 2 files?',
    items: [{ name: 'attach' }, { name: 'text' }],
  });
  expect(added).toEqual([]);
  await pick('attach');
  expect(added).toEqual(['/a.jpg', '/b c.jpg']);
  expect(composer.text).toBe('draft ');
});

test('they stay text when the person says so, and when something was written since', async () => {
  const { composer, added, pick, pastes } = pasting('/a.jpg');
  await pastes('/a.jpg');
  await pick('text');
  expect([composer.text, added]).toEqual(['draft /a.jpg', []]);
  composer.text = 'draft ';
  await pastes('/a.jpg');
  composer.text += ' is it';
  await pick('attach');
  expect([composer.text, added]).toEqual(['draft /a.jpg is it', ['/a.jpg']]);
});

test('an unquoted path with blanks is found', async () => {
  const { added, pick, pastes } = pasting('/home/ana/my photo.jpg');
  await pastes('/home/ana/my photo.jpg\n');
  await pick('attach');
  expect(added).toEqual(['/home/ana/my photo.jpg']);
});

test.each(['/a.jpg /b.jpg', '/me waves', 'see /a.jpg'])(
  '%s asks nothing where not all of it is there',
  async (text) => {
    const { asked, pastes } = pasting('/a.jpg');
    expect(await pastes(text)).toBe(`draft ${text}`);
    expect(asked).toEqual([]);
  },
);

test('many paths are looked up before they are taken for lines of text', async () => {
  const paths = ['/a', '/b', '/c', '/d'];
  const { composer, added, asked, pick, pastes } = pasting(...paths);
  expect(await pastes(paths.join('\n'))).toBe('draft ');
  expect(asked[0]?.dialog.title).toBe('Attach 4 files?');
  await pick('attach');
  expect([composer.text, added]).toEqual(['draft ', paths]);
  const without = pasting();
  await without.pastes(paths.join('\n'));
  expect(without.asked[0]?.dialog.title).toBe('Paste 4 lines?');
  await without.pick('file');
  expect(without.added).toEqual(['message.txt']);
});
