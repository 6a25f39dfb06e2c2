import type { Linking } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/open';
import { sanitizeLine } from '@gochat/view/sanitize';
import type { TerminalText } from '@gochat/view/terminal-words';
import { labelThisDevice } from '../device-label.ts';
import { qrLines } from '../qr.ts';
import { problemText } from './error-text.ts';

const WAIT_MS = 30_000;
/** What the digits are typed after, in the example. */
export const DIGITS_EXAMPLE = '/link 123456';

interface LinkContext {
  readonly profile: Profile;
  /** The open room: both devices meet at its server. */
  readonly room: string;
  readonly print: (line: string) => void;
  /** Prints the lines of a QR code; absent where nobody can scan it. */
  readonly draw: ((line: string) => void) | undefined;
  readonly text: TerminalText;
}

/** Takes another device in. @param rest empty for a link, or the digits that the other device shows, or `stop` */
export async function linkInLines(
  rest: string,
  { profile, room, print, draw, text }: LinkContext,
): Promise<void> {
  if (rest === 'stop') {
    await profile.call('linkCancel', {});
    print(text.lines.linkStopped);
    return;
  }
  if (rest !== '') {
    await profile.call('linkConfirm', { digits: rest.replace(/\D/g, ''), waitMs: WAIT_MS });
    return;
  }
  await labelThisDevice(profile);
  const { offer } = await text.devices();
  const server = (await profile.call('rooms', {})).find(({ id }) => id === room)?.server;
  const offered = await profile.call('linkOffer', {
    ...(server !== undefined && { server }),
    waitMs: WAIT_MS,
  });
  for (const line of [offer.text, offer.once(offered.expires), offered.link]) print(line);
  if (draw !== undefined) for (const line of qrLines(offered.link)) draw(line);
  const stop = profile.on((event) => {
    if (event.kind !== 'linking') return;
    const line = lineOf(event.linking, text, offer);
    if (line !== undefined) print(line);
    if (ENDS.has(event.linking.stage)) stop();
  });
}

const ENDS: ReadonlySet<Linking['stage']> = new Set(['sent', 'failed', 'none']);

type OfferText = Awaited<ReturnType<TerminalText['devices']>>['offer'];

function lineOf(linking: Linking, text: TerminalText, offer: OfferText): string | undefined {
  switch (linking.stage) {
    case 'opened':
      return text.lines.linkOpened(DIGITS_EXAMPLE);
    case 'sending':
      return offer.sending;
    case 'sent':
      return offer.sent(sanitizeLine(linking.label));
    case 'failed':
      return problemText(text, linking.problem);
    default:
      return undefined;
  }
}
