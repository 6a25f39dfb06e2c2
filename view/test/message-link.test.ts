import { messageLink, readMessageLink } from '@gochat/client/message-link';
import { expect, test } from 'vitest';
import type { Chat } from '../src/chat/chat.ts';
import { openLink } from '../src/dialogs/join.ts';
import { makeRows } from '../src/timeline/rows.ts';
import { inputOf, item, noRows, words } from './timeline-input.ts';

const KITCHEN = 'a'.repeat(22);
const ID = 'AAAAAAAAAAAAAAAAAAAAAB';
const said = item(12, 'ana', 'where', { id: ID });
const link = messageLink({ server: 'https://chat.example.org:8443', id: KITCHEN as never }, said);

test('a link to a message is read as it was written, and nothing else is', () => {
  expect(link).toBe(`https://chat.example.org:8443/#/message/${KITCHEN}.12.${ID}`);
  const plain = messageLink({ server: 'tcp://127.0.0.1:4040', id: KITCHEN as never }, said);
  expect(plain).toBe(`http://127.0.0.1:4040/#/message/${KITCHEN}.12.${ID}`);
  expect(readMessageLink(` ${link} `)).toEqual({ room: KITCHEN, seq: '12', id: ID });
  for (const other of [`${link}x`, link.replace('/#', '/x#'), link.replace('https:', 'ftp:'), `see ${link}`])
    expect(readMessageLink(other)).toBeUndefined();
});

test('in a text it is shown as a message of its room, if this profile has the room; with a label, as that', () => {
  const shown = (text: string) =>
    makeRows(inputOf([item(13, 'ana', text)]), noRows()).rows.flatMap((row) =>
      row.kind === 'message' ? [row.body] : [],
    );
  const body = (text: string, href = link) => [
    [{ kind: 'paragraph', inside: [{ kind: 'link', href, inside: [{ kind: 'text', text }] }] }],
  ];
  expect(shown(link)).toEqual(body('message in kitchen'));
  expect(shown(`[over there](${link})`)).toEqual(body('over there'));
  const foreign = link.replace(KITCHEN, 'b'.repeat(22));
  expect(shown(foreign)).toEqual(body(foreign, foreign));
});

/** What a link to a message does, in a chat with one room. */
async function opened(to: string, room: { isHidden: boolean; has: boolean }): Promise<readonly string[]> {
  const done: string[] = [];
  const kitchen = { isHidden: room.isHidden, find: async () => (room.has ? said : undefined) };
  const chat = {
    words,
    rooms: { get: (id: string) => (id === KITCHEN ? kitchen : undefined) },
    flashes: { bad: (text: string) => done.push(text), attempt: (act: () => Promise<void>) => void act() },
    navigation: {
      room: kitchen,
      open: (id: string) => done.push(`open ${id}`),
      jump: (seq: string) => done.push(`jump ${seq}`),
    },
    platform: { after: (_ms: number, run: () => void) => run() },
  } as unknown as Chat;
  openLink(chat, to);
  await new Promise((resolve) => setTimeout(resolve));
  return done;
}

test('it opens its room at the message; without the room or the message it says so', async () => {
  const { noMessage, noRoomOfLink } = words.text.flashes;
  const here = { isHidden: false, has: true };
  expect(await opened(link, here)).toEqual([`open ${KITCHEN}`, 'jump 12']);
  expect(await opened(link, { ...here, has: false })).toEqual([`open ${KITCHEN}`, noMessage]);
  expect(await opened(link, { ...here, isHidden: true })).toEqual([noRoomOfLink]);
  expect(await opened(link.replace(KITCHEN, 'b'.repeat(22)), here)).toEqual([noRoomOfLink]);
});
