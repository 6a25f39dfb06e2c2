import { ChatError } from '@gochat/client/chat-error';
import type { KnockInfo, OwnKnock } from '@gochat/client/methods';
import type { Chat } from '../chat/chat.ts';
import type { RoomViewModel } from '../room/room-view-model.ts';
import { sanitizeLine, sanitizeText } from '../text/sanitize.ts';
import type { MenuDialog } from './dialog.ts';
import { menuItem } from './forms.ts';

type KnockParts = Pick<Chat, 'profile' | 'words' | 'dialogs' | 'flashes' | 'navigation'>;

const WAIT_MS = 30_000;
const ID_CHARS = 8;

/** @throws ChatError `internal` */
function wordsOf({ words }: Pick<KnockParts, 'words'>) {
  return words.text.knocks().catch((cause: unknown) => {
    throw new ChatError({ reason: 'code-not-loaded' }, { cause });
  });
}

/** Lists who asks to be let into the room, to decide. */
export async function showKnocks(chat: KnockParts, room: RoomViewModel): Promise<undefined> {
  const { list } = await wordsOf(chat);
  const knocks = await chat.profile.call('knocks', { room: room.info.id });
  chat.dialogs.show<MenuDialog>({
    dialog: {
      kind: 'menu',
      title: list.title,
      text: knocks.length === 0 ? [list.none] : [],
      code: [],
      items: knocks.map(({ id, name, identity, banned }) =>
        menuItem(id, sanitizeLine(name), banned ? list.banned : list.id(identity.slice(0, ID_CHARS))),
      ),
    },
    pick: (id) => {
      const knock = knocks.find((one) => one.id === id);
      if (knock !== undefined) showKnock(chat, room, knock);
    },
  });
}

/** One who asks, with what is said. */
function showKnock(chat: KnockParts, room: RoomViewModel, knock: KnockInfo): void {
  const { profile, dialogs, flashes, words } = chat;
  flashes.attempt(async () => {
    const all = await wordsOf(chat);
    const { knock: text } = all;
    const said = sanitizeText(knock.words).split('\n');
    const at = words.clock.moment(knock.at);
    const name = sanitizeLine(knock.name);
    dialogs.show<MenuDialog>({
      dialog: {
        kind: 'menu',
        title: text.title(name),
        text: [
          ...said.filter((line) => line !== ''),
          text.text(knock.identity.slice(0, ID_CHARS), at),
          knock.banned ? text.isBanned : text.claim,
          text.final,
        ],
        code: [],
        items: [
          ...(knock.banned ? [] : [menuItem('approve', text.approve)]),
          menuItem('decline', text.decline, '', true),
        ],
      },
      pick: async (picked, handle) => {
        const params = { room: room.info.id, knock: knock.id, waitMs: WAIT_MS };
        await profile.call(picked === 'approve' ? 'approveKnock' : 'declineKnock', params);
        handle.close();
        flashes.good(picked === 'approve' ? all.approved(name) : all.declined(name));
      },
    });
  });
}

/** Lists the rooms into which this person waits to be let. */
export async function showOwnKnocks(chat: KnockParts): Promise<undefined> {
  const { own } = await wordsOf(chat);
  const knocks = await chat.profile.call('knocking', {});
  chat.dialogs.show<MenuDialog>({
    dialog: {
      kind: 'menu',
      title: own.title,
      text: knocks.length === 0 ? [own.none] : [],
      code: [],
      items: knocks.map(({ room, name, state }) => menuItem(room, sanitizeLine(name), own.states[state])),
    },
    pick: (id) => {
      const knock = knocks.find(({ room }) => room === id);
      if (knock !== undefined) showOwnKnock(chat, knock);
    },
  });
}

function showOwnKnock(chat: KnockParts, { room, name, as, at, state }: OwnKnock): void {
  const { profile, dialogs, flashes, words } = chat;
  flashes.attempt(async () => {
    const { own, cancelled } = await wordsOf(chat);
    const isOver = state === 'declined' || state === 'ended';
    const shown = sanitizeLine(name);
    dialogs.show<MenuDialog>({
      dialog: {
        kind: 'menu',
        title: shown,
        text: [
          own.text(shown, sanitizeLine(as), words.clock.moment(at)),
          `${own.states[state].charAt(0).toUpperCase()}${own.states[state].slice(1)}.`,
          ...(isOver ? [] : [own.stays]),
        ],
        code: [],
        items: [menuItem('cancel', isOver ? own.dismiss : own.cancel, '', !isOver)],
      },
      pick: async (_, handle) => {
        await profile.call('cancelKnock', { room });
        handle.close();
        if (!isOver) flashes.good(cancelled);
      },
    });
  });
}
