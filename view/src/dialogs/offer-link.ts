import { ChatError } from '@gochat/client/chat-error';
import type { Linking } from '@gochat/client/methods';
import { sanitizeLine } from '../text/sanitize.ts';
import { type DeviceGiven, WAIT_MS } from './device-given.ts';
import type { DeviceDialog, FormDialog, InviteDialog } from './dialog.ts';
import type { DialogHandle } from './dialog-host.ts';
import { FieldError } from './field-error.ts';
import { choiceField, form, menuItem, secretField, textField, toggleField } from './forms.ts';
import { qrSquares } from './qr-squares.ts';

interface Terms {
  /** Where the two devices meet; the server of the open room when absent. */
  readonly server?: string;
  readonly token?: string;
  readonly limited?: boolean;
}

type Offered = Extract<Linking, { stage: 'offered' }>;
type Opened = Extract<Linking, { stage: 'opened' }>;

/** Makes a link for another device, and shows it. Where there are rooms on several servers, asks for one first. */
export function offerLink(given: DeviceGiven): void {
  if (serversOf(given).length > 1) askTerms(given);
  else new LinkOffer(given).make({});
}

/** Asks what the other device may do, and where both meet. @param token whether the server requires one */
function askTerms(given: DeviceGiven, asked: Terms = {}, token = false): void {
  const { chat, text } = given;
  const { create } = chat.words.text.dialogs;
  const servers = serversOf(given);
  const choices = servers.map((value) => ({ value, label: sanitizeLine(value) }));
  const server = choiceField('server', text.offer.server, asked.server ?? servers[0] ?? '', choices);
  const fields = [
    ...(servers.length > 1 ? [{ ...server, hint: text.offer.serverHint }] : []),
    ...(token ? [secretField('token', create.token, create.tokenHint)] : []),
    toggleField('limited', text.offer.isLimited, asked.limited === true),
  ];
  chat.dialogs.show({
    dialog: form(text.offer.title, [text.offer.terms], fields, text.offer.submit),
    submit: (values) => {
      const wanted = values.token?.trim();
      new LinkOffer(given).make({
        ...(values.server && { server: values.server }),
        ...(wanted && { token: wanted }),
        limited: values.limited === 'on',
      });
    },
  });
}

/** The servers of the rooms, that of the open room first. */
export function serversOf({ chat }: DeviceGiven): readonly string[] {
  const open = chat.navigation.room;
  const rooms = chat.rooms.all.filter(({ closed }) => closed === '');
  const first = open !== undefined && open.closed === '' ? [open] : [];
  return [...new Set([...first, ...rooms].map(({ info }) => info.server))];
}

/** The other device lists this one by a name from the start. */
function nameThisDevice({ chat }: DeviceGiven): void {
  chat.flashes.attempt(async () => {
    const self = (await chat.profile.call('devices', {})).find((device) => device.self);
    if (self?.label === '') await chat.profile.call('labelDevice', { label: chat.platform.deviceName });
  });
}

/** One offer to take another device in: its link, the digits, and what has come of it. */
export class LinkOffer {
  readonly #given: DeviceGiven;
  /** The dialog of this offer that was shown last. */
  #shown: { readonly isOpen: boolean } | undefined;
  /** The question for the digits, while it is what was shown last. */
  #question: DialogHandle<FormDialog> | undefined;
  #link = '';
  #left = 0;
  #stop: () => void = () => undefined;

  constructor(given: DeviceGiven) {
    this.#given = given;
  }

  /** Makes the link. An earlier one ends. */
  make(terms: Terms): void {
    const { chat, text } = this.#given;
    const [server] = serversOf(this.#given);
    const wanted = { ...(server !== undefined && { server }), ...terms };
    const handle = this.#linkDialog(terms, [text.offer.creating]);
    chat.profile.call('linkOffer', { ...wanted, waitMs: WAIT_MS }).then(
      (offered) => {
        // It was closed meanwhile.
        if (!handle.isOpen) return this.#cancel();
        this.#follow();
        nameThisDevice(this.#given);
        return this.#showLink(handle, offered);
      },
      (error: unknown) => {
        const needsToken = error instanceof ChatError && error.data.reason === 'token-required';
        if (needsToken && handle.isOpen) askTerms(this.#given, wanted, true);
        else handle.update({ text: [], busy: false, error: chat.flashes.textOf(error) });
      },
    );
  }

  /** Shows an offer again that another screen has made, or this one before it was started again. @returns whether there is one */
  resume(linking: Linking): boolean {
    if (linking.stage === 'offered') {
      const handle = this.#linkDialog({ limited: linking.limited }, []);
      this.#follow();
      this.#given.chat.flashes.attempt(() => this.#showLink(handle, linking));
      return true;
    }
    if (linking.stage !== 'opened' && linking.stage !== 'sending') return false;
    this.#follow();
    this.#take(linking);
    return true;
  }

  #follow(): void {
    this.#stop();
    this.#stop = this.#given.chat.profile.on((event) => {
      if (event.kind === 'linking') this.#take(event.linking);
    });
  }

  #take(linking: Linking): void {
    const { chat, text } = this.#given;
    switch (linking.stage) {
      case 'opened':
        this.#askDigits(linking);
        return;
      case 'sending':
        this.#say([], text.offer.sending, []);
        return;
      case 'sent': {
        this.#stop();
        const sent = text.offer.sent(sanitizeLine(linking.label));
        if (!this.#say([sent, text.offer.joins], '', [menuItem('done', text.offer.done)]))
          chat.flashes.good(sent);
        return;
      }
      case 'failed': {
        this.#stop();
        const why = chat.words.text.error(linking.problem.data);
        if (!this.#say([], '', [menuItem('again', text.offer.again)], why)) chat.flashes.bad(why);
        return;
      }
      case 'none':
        this.#stop();
        return;
      default:
    }
  }

  #linkDialog(terms: Terms, text: readonly string[]): DialogHandle<InviteDialog> {
    const { chat, text: words } = this.#given;
    this.#link = '';
    const handle = chat.dialogs.show<InviteDialog>({
      dialog: {
        kind: 'invite',
        title: words.offer.title,
        text,
        link: '',
        qr: [],
        mayRevoke: false,
        busy: true,
        error: '',
      },
      pick: (name) => {
        if (name === 'terms') {
          this.#stop();
          askTerms(this.#given, terms);
        } else if (name === 'copy') chat.flashes.copy(this.#link, chat.words.text.flashes.linkCopied);
      },
      leave: () => {
        handle.close();
        chat.flashes.attempt(() => this.#cancel());
      },
    });
    this.#shown = handle;
    return handle;
  }

  async #showLink(handle: DialogHandle<InviteDialog>, { link, expires, limited }: Offered): Promise<void> {
    const { text } = this.#given;
    this.#link = link;
    const qr = await qrSquares(link);
    const once = text.offer.once(expires);
    const lines = [text.offer.text, once, ...(limited ? [text.offer.limited] : [])];
    handle.update({ link, qr, text: lines, busy: false });
  }

  /** Asks for the digits that the other device shows, or says how often they may still be typed. */
  #askDigits({ left }: Opened): void {
    const { chat, text } = this.#given;
    const { offer } = text;
    const isFirst = this.#question === undefined;
    if (!isFirst && this.#question?.isOpen === true) {
      this.#left = left;
      return;
    }
    if (!this.#mayShow) {
      if (isFirst) chat.flashes.good(text.waits);
      return;
    }
    this.#left = left;
    const digits = { ...textField('digits', offer.digits), numeric: true };
    this.#question = chat.dialogs.show<FormDialog>({
      dialog: form(offer.title, [offer.opened], [digits], offer.confirm),
      submit: async (values) => {
        const typed = (values.digits ?? '').replace(/\D/g, '');
        if (typed.length !== DIGITS) throw new FieldError('digits', offer.six);
        await chat.profile.call('linkConfirm', { digits: typed, waitMs: WAIT_MS });
      },
      leave: () => this.#askStop(),
    });
    this.#shown = this.#question;
  }

  #askStop(): void {
    const { chat, text } = this.#given;
    const { offer } = text;
    this.#question = undefined;
    this.#shown = chat.dialogs.show<FormDialog>({
      dialog: form(offer.stopTitle, [offer.stop], [], offer.stopSubmit, true),
      submit: async (_values, handle) => {
        await this.#cancel();
        handle.close();
      },
      leave: () => this.#askDigits({ stage: 'opened', link: '', limited: false, left: this.#left }),
    });
  }

  async #cancel(): Promise<void> {
    this.#stop();
    await this.#given.chat.profile.call('linkCancel', {});
  }

  /** Whether nothing else is in front. */
  get #mayShow(): boolean {
    return this.#shown?.isOpen === true || this.#given.chat.dialogs.dialog === undefined;
  }

  /** @returns false when something else is in front */
  #say(text: readonly string[], progress: string, items: DeviceDialog['items'], error = ''): boolean {
    if (!this.#mayShow) return false;
    const { chat, text: words } = this.#given;
    this.#question = undefined;
    const title = error === '' ? words.offer.title : words.offer.failed;
    this.#shown = chat.dialogs.show<DeviceDialog>({
      dialog: { kind: 'device', title, text, digits: [], lines: [], progress, error, items },
      pick: (name, handle) => {
        handle.close();
        if (name === 'again') offerLink(this.#given);
      },
    });
    return true;
  }
}

const DIGITS = 6;
