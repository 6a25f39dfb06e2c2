import type { Linking } from '@gochat/client/methods';
import { acceptLink, LinkAcceptance } from './accept-link.ts';
import type { DeviceGiven } from './device-given.ts';
import type { DeviceDialog } from './dialog.ts';
import { menuItem } from './forms.ts';
import { LinkOffer, offerLink } from './offer-link.ts';
import { withLinking } from './with-linking.ts';

/** Takes another device in; with a link, or in a profile without rooms, makes this device another one of its person. */
export function linkDevice(given: DeviceGiven, link: string): void {
  const { chat } = given;
  if (link !== '' || chat.rooms.all.length === 0) {
    acceptLink(given, link);
    return;
  }
  // An offer goes on while its dialog isn't shown.
  chat.flashes.attempt(() =>
    withLinking(chat.profile, (linking) => {
      if (!new LinkOffer(given).resume(linking)) offerLink(given);
    }),
  );
}

/** Shows what goes on, or has happened, without this screen having begun it. */
export function resumeLinking(given: DeviceGiven): void {
  const { chat } = given;
  chat.flashes.attempt(() => withLinking(chat.profile, (linking) => resumes(given, linking)));
}

function resumes(given: DeviceGiven, linking: Linking): void {
  // A dialog that is in front may show them already, or be the one that asked for them.
  if (linking.stage === 'digits' && given.chat.dialogs.dialog !== undefined) return;
  if (linking.stage === 'removed') showRemoved(given);
  else if (!new LinkOffer(given).resume(linking)) new LinkAcceptance(given).resume(linking);
}

/** Another device has removed this one. Nothing else can be done here any more. */
function showRemoved({ chat, text }: DeviceGiven): void {
  const { removed } = text;
  const { restart } = chat.platform;
  const go = () => (restart ?? chat.platform.quit)();
  chat.dialogs.show<DeviceDialog>({
    dialog: {
      kind: 'device',
      title: removed.title,
      text: removed.text,
      digits: [],
      lines: [],
      progress: '',
      error: '',
      items: [menuItem('go', restart === undefined ? removed.quit : removed.again)],
    },
    pick: go,
    leave: go,
  });
}
