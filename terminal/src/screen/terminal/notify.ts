import { spawn } from 'node:child_process';
import type { Notice } from '@gochat/view/platform';
import { oneLine } from '../draw/one-line.ts';

type Env = Readonly<Record<string, string | undefined>>;

export const NOTIFIERS = ['bell', 'osc9', 'osc777', 'osc99', 'none'] as const;
export type Notifier = (typeof NOTIFIERS)[number];

const ESC = '\u001b';
const BELL = '\u0007';

/** How this terminal shows a notification; `GOCHAT_NOTIFY` has the last word. */
export function notifierOf({ GOCHAT_NOTIFY, TERM_PROGRAM = '', TERM = '', KITTY_WINDOW_ID }: Env): Notifier {
  const wanted = NOTIFIERS.find((name) => name === GOCHAT_NOTIFY);
  if (wanted !== undefined) return wanted;
  if (KITTY_WINDOW_ID !== undefined || /kitty/.test(TERM)) return 'osc99';
  if (/^(?:iTerm\.app|WarpTerminal)$/.test(TERM_PROGRAM)) return 'osc9';
  if (/^(?:WezTerm|ghostty)$/.test(TERM_PROGRAM) || /foot|ghostty|wezterm|rxvt/.test(TERM)) return 'osc777';
  return 'bell';
}

/** What makes a terminal show a notice: with its bell, which some turn into a mark on the window. */
export function noticeSequence(notifier: Notifier, notice: Pick<Notice, 'title' | 'body'>, env: Env): string {
  // A semicolon would begin the next part.
  const title = oneLine(notice.title).replaceAll(';', ',').slice(0, 100);
  const body = oneLine(notice.body).replaceAll(';', ',').slice(0, 200);
  switch (notifier) {
    case 'none':
      return '';
    case 'bell':
      return BELL;
    case 'osc9':
      return BELL + passed(`${ESC}]9;${title}: ${body}${BELL}`, env);
    case 'osc777':
      return BELL + passed(`${ESC}]777;notify;${title};${body}${BELL}`, env);
    case 'osc99':
      return (
        BELL + passed(`${ESC}]99;i=gochat:d=0;${title}${ESC}\\${ESC}]99;i=gochat:p=body;${body}${ESC}\\`, env)
      );
    default:
      return notifier satisfies never;
  }
}

/** Puts a text into the clipboard: whoever shows this terminal does it, near or far. Nothing can be read that way. */
export function copySequence(text: string, env: Env): string {
  const set = `${ESC}]52;c;${Buffer.from(text, 'utf8').toString('base64')}${BELL}`;
  // tmux takes it for itself, or hands it on, or neither, by its settings.
  return env.TMUX === undefined ? set : set + passed(set, env);
}

/** tmux hands a sequence on to the terminal around it when it is wrapped so. */
function passed(sequence: string, { TMUX }: Env): string {
  return TMUX === undefined ? sequence : `${ESC}Ptmux;${sequence.replaceAll(ESC, ESC + ESC)}${ESC}\\`;
}

/** The window's title, with what is unread. */
export function titleSequence(
  unread: { readonly messages: number; readonly mentions: number },
  room: string,
): string {
  const { messages, mentions } = unread;
  const count = messages === 0 ? '' : mentions > 0 ? `(${messages}, ${mentions}@) ` : `(${messages}) `;
  return `${ESC}]2;${count}${room === '' ? '' : `${oneLine(room)} - `}GoChat${BELL}`;
}

/** Whether the terminal has a window with a title, and links. */
export function isRich({ TERM = '' }: Env): boolean {
  return TERM !== '' && TERM !== 'dumb' && TERM !== 'linux' && !/^vt\d/.test(TERM);
}

/** Runs the user's own command for a notice, one at a time. The title is its only argument; the rest comes by variables and standard input. */
export class NoticeCommand {
  readonly #command: string;
  #running = false;

  constructor(command: string) {
    this.#command = command;
  }

  run(notice: Notice, env: Env): void {
    if (this.#running) return;
    this.#running = true;
    const title = oneLine(notice.title);
    const body = oneLine(notice.body);
    const child = spawn('/bin/sh', ['-c', this.#command, 'gochat', title], {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { ...env, GOCHAT_TITLE: title, GOCHAT_BODY: body, GOCHAT_MENTION: notice.mention ? '1' : '' },
    });
    const done = () => {
      this.#running = false;
    };
    child.once('error', done).once('close', done);
    // Whoever doesn't read it has no need of it.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${body}\n`);
    child.unref();
  }
}
