import type { Linking } from '@gochat/client/methods';
import { sanitizeLine } from '../text/sanitize.ts';
import { type DeviceGiven, WAIT_MS } from './device-given.ts';
import type { DeviceDialog, FormDialog } from './dialog.ts';
import type { DialogHandle } from './dialog-host.ts';
import { form, menuItem, textField } from './forms.ts';
import { warnOfLoss } from './profile-loss.ts';

/** What makes a new profile one of a person's devices, in a terminal. */
const IN_TERMINAL = 'gochat link LINK --profile FOLDER';

/** Asks for what is missing, and makes this device another one of the person whose link it is. */
export function acceptLink(given: DeviceGiven, link: string): void {
  const { chat, text } = given;
  const { accept } = text;
  if (chat.rooms.all.length > 0) {
    showUsed(given);
    return;
  }
  const fields = [
    ...(link === '' ? [textField('link', accept.link, '', accept.linkHint)] : []),
    textField('label', accept.label, chat.platform.deviceName, accept.labelHint),
  ];
  const handle: DialogHandle<FormDialog> = chat.dialogs.show<FormDialog>({
    dialog: form(accept.title, [accept.text], fields, accept.submit),
    submit: async (values, asked) => {
      const params = { link: link || (values.link ?? '').trim(), label: (values.label ?? '').trim() };
      const linking = await chat.profile.call('linkAccept', { ...params, waitMs: WAIT_MS });
      void chat.platform.keepsProfile(true);
      if (asked.isOpen) new LinkAcceptance(given).resume(linking);
      else await chat.profile.call('linkCancel', {});
    },
  });
  void warnOfLoss(chat, (warning) => handle.update({ text: [accept.text, warning] }));
}

function showUsed({ chat, text: { accept } }: DeviceGiven): void {
  chat.dialogs.show<DeviceDialog>({
    dialog: {
      kind: 'device',
      title: accept.usedTitle,
      text: [accept.used(chat.rooms.all.length), accept.elsewhere],
      digits: [],
      lines: [IN_TERMINAL],
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
    if (linking.stage !== 'digits' && linking.stage !== 'joining') return;
    this.#stop = this.#given.chat.profile.on((event) => {
      if (event.kind === 'linking') this.#take(event.linking);
    });
    this.#show(linking);
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
        return;
      default:
    }
  }

  /** Whether the question is in front that asks whether to stop. */
  #asks = false;

  #show(linking: Linking): void {
    const { chat, text } = this.#given;
    this.#last = linking;
    this.#asks = false;
    this.#shown = chat.dialogs.show<DeviceDialog>({
      dialog: { ...EMPTY, kind: 'device', title: text.accept.title, ...this.#parts(linking) },
      pick: () => chat.dialogs.leave(),
      leave: (handle) => {
        // What has been transferred goes on.
        if (this.#last.stage === 'digits') this.#askStop();
        else handle.close();
      },
    });
  }

  #parts(linking: Linking): Partial<DeviceDialog> {
    const { accept } = this.#given.text;
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
      text: [accept.joining],
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

  async #finish({ joined, missing }: Extract<Linking, { stage: 'joined' }>): Promise<void> {
    const { chat, text } = this.#given;
    const { accept } = text;
    const [first] = await chat.profile.call('rooms', {});
    const isInFront = this.#asks || this.#shown?.isOpen === true;
    if (chat.navigation.room === undefined && first !== undefined) await chat.navigation.enter(first.id);
    if (isInFront) chat.dialogs.close();
    if (missing.length === 0) {
      chat.flashes.good(accept.joined(joined));
      return;
    }
    const lines = missing.map(({ room, problem }) =>
      text.remove.leftIn(sanitizeLine(room), chat.words.text.error(problem.data)),
    );
    const said = [accept.joined(joined), accept.missing(missing.length)];
    const items = [menuItem('open', accept.open)];
    chat.dialogs.show<DeviceDialog>({
      dialog: { ...EMPTY, kind: 'device', title: accept.title, text: said, lines, items },
      pick: (_name, handle) => handle.close(),
    });
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

const GROUP = 3;
const EMPTY = { text: [], digits: [], lines: [], progress: '', error: '', items: [] };
