import { type ChatScreen, notice, shows } from './chat-screen.ts';

/** Makes a link that needs approval for the open room, of which only founders can open from the start what is asked by it. */
export async function linkForAsking(by: ChatScreen, room: string): Promise<string> {
  await by.says('/invite approve');
  await shows(by, [notice(`can ask to join ${room}`), /#\/join\//]);
  const link = linkIn(await by.text());
  await by.closes('can ask to join');
  return link;
}

/** The invite link that a screen shows, perhaps on several lines of a box. */
function linkIn(text: string): string {
  const plain = text.replace(/[\s│|]/g, '');
  const [link] = /https?:\/\/[\w.:[\]]+\/#\/join(?:[/.][\w-]{22}){3}(?:\.[\w-]{22})?/.exec(plain) ?? [];
  if (link === undefined) throw new Error(`no invite link in:\n${text}`);
  return link;
}

/**
 * Asks to be let in, once a link that needs approval was opened.
 * @param name what newcomers write; others ask by the name that they have in their rooms, which the form begins with
 */
export async function asksToJoin(
  screen: ChatScreen,
  room: string,
  words: string,
  name?: string,
): Promise<void> {
  await shows(screen, [`${room} decides who comes in`]);
  if (name === undefined) await screen.completes(words);
  else await screen.fills([name, words]);
  // A terminal's list of rooms is too narrow for the room's name.
  await shows(screen, ['Waiting to be let in:'], ['decides who comes in']);
}

/** Decides about the only one who asks to join the open room. */
export async function decides(
  by: ChatScreen,
  name: string,
  words: string,
  answer: 'Let in' | 'Decline',
): Promise<void> {
  await shows(by, ['1 asks to join', notice(words)]);
  await by.says('/knocks');
  await shows(by, ['Asking to join', 'member id']);
  await by.chooses('member id');
  await shows(by, [`${name} asks to join`, 'A decision is final']);
  await by.chooses(answer);
  await shows(
    by,
    [answer === 'Decline' ? `${name} is declined` : `${name} is let in`],
    ['1 asks to join', 'A decision is final'],
  );
}
