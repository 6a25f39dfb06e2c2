import { spawn } from 'node:child_process';
import type { Notice } from '@gochat/view/platform';
import { chosenNotifier, type Notifier } from '../../notifier.ts';
import { oneLine } from '../draw/one-line.ts';
import { passedThrough } from './passthrough.ts';

type Env = Readonly<Record<string, string | undefined>>;

const ESC = '\u001b';
const BELL = '\u0007';

/** How this terminal shows notifications: as `GOCHAT_NOTIFY` says, or by the terminal's own variables. @throws UsageError for another value */
export function notifierOf(env: Env): Notifier {
  const chosen = chosenNotifier(env);
  if (chosen !== undefined) return chosen;
  const { TERM_PROGRAM = '', TERM = '', KITTY_WINDOW_ID } = env;
  if (KITTY_WINDOW_ID !== undefined || /kitty/.test(TERM)) return 'osc99';
  if (/^(?:iTerm\.app|WarpTerminal)$/.test(TERM_PROGRAM)) return 'osc9';
  if (/^(?:WezTerm|ghostty)$/.test(TERM_PROGRAM) || /foot|ghostty|wezterm|rxvt/.test(TERM)) return 'osc777';
  return 'bell';
}

/** The output that makes a terminal show a notification, and ring its bell. */
export function noticeSequence(notifier: Notifier, notice: Pick<Notice, 'title' | 'body'>, env: Env): string {
  // A semicolon would end the field.
  const title = oneLine(notice.title).replaceAll(';', ',').slice(0, 100);
  const body = oneLine(notice.body).replaceAll(';', ',').slice(0, 200);
  switch (notifier) {
    case 'none':
      return '';
    case 'bell':
      return BELL;
    case 'osc9':
      return BELL + passedThrough(`${ESC}]9;${title}: ${body}${BELL}`, env);
    case 'osc777':
      return BELL + passedThrough(`${ESC}]777;notify;${title};${body}${BELL}`, env);
    case 'osc99':
      return (
        BELL +
        passedThrough(`${ESC}]99;i=gochat:d=0;${title}${ESC}\\${ESC}]99;i=gochat:p=body;${body}${ESC}\\`, env)
      );
    default:
      return notifier satisfies never;
  }
}

/** The output (OSC 52) that makes the terminal copy a text to the clipboard of the computer that shows it. */
export function copySequence(text: string, env: Env): string {
  const set = `${ESC}]52;c;${Buffer.from(text, 'utf8').toString('base64')}${BELL}`;
  // By its settings, tmux keeps the text in its own buffer, passes it on, or ignores it.
  return env.TMUX === undefined ? set : set + passedThrough(set, env);
}

/** The output that sets the window's title: the number of unread messages. Lists of windows keep titles, so it doesn't name the room. */
export function titleSequence({
  messages,
  mentions,
}: {
  readonly messages: number;
  readonly mentions: number;
}): string {
  const count = messages === 0 ? '' : mentions > 0 ? `(${messages}, ${mentions}@) ` : `(${messages}) `;
  return `${ESC}]2;${count}GoChat${BELL}`;
}

/** Whether the terminal supports a window title and links. */
export function isRich({ TERM = '' }: Env): boolean {
  return TERM !== '' && TERM !== 'dumb' && TERM !== 'linux' && !/^vt\d/.test(TERM);
}

/** Runs the user's command for a notification, one at a time. Its argument is the title; variables and standard input have the rest. */
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
    // A command need not read its input.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${body}\n`);
    child.unref();
  }
}
