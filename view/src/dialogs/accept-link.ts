import type { Linking } from '@gochat/client/methods';
import { isDeviceLink, isRecoveryLink } from '@gochat/client/validate-input';
import { sanitizeLine } from '../text/sanitize.ts';
import { type DeviceGiven, WAIT_MS } from './device-given.ts';
import type { DeviceDialog, FormDialog } from './dialog.ts';
import type { DialogHandle } from './dialog-host.ts';
import { form, menuItem, textField } from './forms.ts';
import { warnOfLoss } from './profile-loss.ts';
import { withLinking } from './with-linking.ts';

type Joined = Extract<Linking, { stage: 'joined' }>;

/** What a new profile is to become one of its person's devices by. */
type Purpose = 'link' | 'recovery';

/** What makes a new profile one of a person's devices, in a terminal. */
const IN_TERMINAL: Readonly<Record<Purpose, string>> = {
  link: 'gochat link LINK --profile FOLDER',
  recovery: 'gochat recover LINK --profile FOLDER',
};

/** Asks for what is missing, and makes this device another one of the person whose link it is. @param purpose without a link: which one is asked for */
export function acceptLink(given: DeviceGiven, link: string, purpose: Purpose = 'link'): void {
  const { chat, text } = given;
  const { accept } = text;
  if (purpose === 'link' && isRecoveryLink(link)) {
    acceptLink(given, link, 'recovery');
    return;
  }
  if (chat.rooms.all.length > 0) {
    showUsed(given, purpose);
    return;
  }
  const words = purpose === 'link' ? accept : text.recovery.accept;
  const fields = [
    ...(link === '' ? [textField('link', words.link, '', words.linkHint)] : []),
    textField('label', accept.label, chat.platform.deviceName, accept.labelHint),
  ];
  const handle: DialogHandle<FormDialog> = chat.dialogs.show<FormDialog>({
    dialog: form(words.title, [words.text], fields, words.submit),
    submit: (values, asked) => {
      const params = { link: link || (values.link ?? '').trim(), label: (values.label ?? '').trim() };
      // Either link can be pasted into either form. What is no link at all is an error of the one that was asked for.
      const isOther = purpose === 'link' ? isRecoveryLink(params.link) : isDeviceLink(params.link);
      return begin(given, params, isOther !== (purpose === 'recovery'), asked);
    },
  });
  // Who comes back has a recovery link.
  if (purpose === 'link') void warnOfLoss(chat, (warning) => handle.update({ text: [words.text, warning] }));
}

async function begin(
  given: DeviceGiven,
  params: { readonly link: string; readonly label: string },
  recovers: boolean,
  asked: DialogHandle<FormDialog>,
): Promise<void> {
  const { profile, platform } = given.chat;
  if (recovers) {
    await profile.call('recover', { ...params, waitMs: WAIT_MS });
    void platform.keepsProfile(true);
    // What was recovered can't be undone.
    await withLinking(profile, (linking) => new LinkAcceptance(given).follow(linking));
    return;
  }
  const linking = await profile.call('linkAccept', { ...params, waitMs: WAIT_MS });
  void platform.keepsProfile(true);
  if (asked.isOpen) new LinkAcceptance(given).follow(linking);
  else await profile.call('linkCancel', {});
}

function showUsed({ chat, text: { accept } }: DeviceGiven, purpose: Purpose): void {
  chat.dialogs.show<DeviceDialog>({
    dialog: {
      kind: 'device',
      title: accept.usedTitle,
      text: [accept.used(chat.rooms.all.length), accept.elsewhere],
      digits: [],
      lines: [IN_TERMINAL[purpose]],
      progress: '',
      error: '',
      items: [menuItem('close', accept.close)],
    },
    pick: (_name, handle) => handle.close(),
  });
}

/** How this device becomes one of its person's: the digits, then the rooms. */
export class LinkAcceptance {
  readonly #given: DeviceGiven;
  #shown: DialogHandle<DeviceDialog> | undefined;
  #last: Linking = { stage: 'none' };
  #stop: () => void = () => undefined;

  constructor(given: DeviceGiven) {
    this.#given = given;
  }

  /** Shows how far it is, and what comes of it. */
  resume(linking: Linking): void {
    if (linking.stage === 'digits' || linking.stage === 'joining') this.follow(linking);
  }

  /** The same of what this screen has just begun, which may be done already. */
  follow(linking: Linking): void {
    this.#stop = this.#given.chat.profile.on((event) => {
      if (event.kind === 'linking') this.#take(event.linking);
    });
    this.#show(linking);
    if (linking.stage === 'joined') this.#take(linking);
  }

  #take(linking: Linking): void {
    switch (linking.stage) {
      case 'digits':
      case 'joining':
        this.#last = linking;
        if (this.#shown?.isOpen === true) this.#shown.update(this.#parts(linking));
        else if (this.#asks) this.#show(linking);
        return;
      case 'joined':
        this.#stop();
        this.#given.chat.flashes.attempt(() => this.#finish(linking));
        return;
      case 'failed':
        this.#stop();
        this.#fail(this.#given.chat.words.text.error(linking.problem.data));
        return;
      case 'none':
        this.#stop();
        // It was cancelled by another screen, or by the form that began it.
        if (this.#shown?.isOpen === true) this.#shown.close();
        return;
      default:
    }
  }

  /** Whether the question is in front that asks whether to stop. */
  #asks = false;

  #show(linking: Linking): void {
    const { chat } = this.#given;
    this.#last = linking;
    this.#asks = false;
    this.#shown = chat.dialogs.show<DeviceDialog>({
      dialog: { ...EMPTY, kind: 'device', title: this.#title(linking), ...this.#parts(linking) },
      pick: () => chat.dialogs.leave(),
      leave: (handle) => {
        // What has been transferred goes on.
        if (this.#last.stage === 'digits') this.#askStop();
        else handle.close();
      },
    });
  }

  #parts(linking: Linking): Partial<DeviceDialog> {
    const { accept, recovery } = this.#given.text;
    if (linking.stage === 'digits') {
      const { digits } = linking;
      return {
        text: [accept.digits],
        digits: [digits.slice(0, GROUP), digits.slice(GROUP)],
        progress: accept.waiting,
        items: [menuItem('cancel', accept.cancel)],
      };
    }
    const { joined, of } = linking.stage === 'joining' ? linking : { joined: 0, of: 0 };
    return {
      text: [(isRecovered(linking) ? recovery.accept : accept).joining],
      digits: [],
      progress: accept.progress(joined, of),
      items: [menuItem('close', accept.close)],
    };
  }

  #askStop(): void {
    const { chat, text } = this.#given;
    const { offer } = text;
    this.#asks = true;
    chat.dialogs.show<FormDialog>({
      dialog: form(offer.stopTitle, [text.accept.stop], [], offer.stopSubmit, true),
      submit: async (_values, handle) => {
        this.#stop();
        await chat.profile.call('linkCancel', {});
        handle.close();
      },
      leave: () => this.#show(this.#last),
    });
  }

  async #finish(linking: Joined): Promise<void> {
    const { chat, text } = this.#given;
    const [first] = await chat.profile.call('rooms', {});
    const isInFront = this.#asks || this.#shown?.isOpen === true;
    if (chat.navigation.room === undefined && first !== undefined) await chat.navigation.enter(first.id);
    if (isInFront) chat.dialogs.close();
    const isBack = isRecovered(linking);
    const joined = (isBack ? text.recovery.accept : text.accept).joined(linking.joined);
    if (linking.missing.length > 0) this.#showMissing(linking, joined);
    else if (!isBack) chat.flashes.good(joined);
    else if (isInFront) this.#askLost(joined);
    else
      chat.flashes.good(`${joined}. ${text.recovery.accept.lostLater}`, {
        name: 'devices',
        label: text.list.title,
      });
  }

  /** The rooms that this device is not in, why, and what to do. */
  #showMissing(linking: Joined, joined: string): void {
    const { chat, text } = this.#given;
    const isBack = isRecovered(linking);
    const { accept } = isBack ? text.recovery : text;
    const lines = linking.missing.map(({ room, problem }) =>
      text.remove.leftIn(sanitizeLine(room), chat.words.text.error(problem.data)),
    );
    const help = isBack ? [text.recovery.accept.help] : [];
    const said = [joined, accept.missing(linking.missing.length), ...help];
    const open = menuItem('open', text.accept.open);
    chat.dialogs.show<DeviceDialog>({
      dialog: {
        ...EMPTY,
        kind: 'device',
        title: this.#title(linking),
        text: said,
        lines,
        items: isBack ? [menuItem('devices', text.recovery.accept.devices), open] : [open],
      },
      pick: (name, handle) => {
        if (name === 'devices') this.#askLost();
        else handle.close();
      },
    });
  }

  /** Which former devices are lost. @param joined what has been done */
  #askLost(joined = ''): void {
    const { chat, text, to } = this.#given;
    to.devices(text.recovery.accept.lost);
    if (joined !== '') chat.flashes.good(joined);
  }

  #title(linking: Linking): string {
    const { accept, recovery } = this.#given.text;
    return (isRecovered(linking) ? recovery.accept : accept).title;
  }

  #fail(error: string): void {
    const { chat, text } = this.#given;
    const { accept } = text;
    if (!this.#asks && this.#shown?.isOpen !== true) {
      chat.flashes.bad(error);
      return;
    }
    const items = [menuItem('again', accept.again)];
    chat.dialogs.show<DeviceDialog>({
      dialog: { ...EMPTY, kind: 'device', title: accept.failed, error, items },
      pick: () => acceptLink(this.#given, ''),
    });
  }
}

function isRecovered(linking: Linking): boolean {
  return (linking.stage === 'joining' || linking.stage === 'joined') && linking.recovered === true;
}

const GROUP = 3;
const EMPTY = { text: [], digits: [], lines: [], progress: '', error: '', items: [] };
