import { isBlank } from '@gochat/client/blank';
import { ChatError } from '@gochat/client/chat-error';
import { newMessageId } from '@gochat/client/message-id';
import type { Params, Problem, Result } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/open';
import { isUnsent } from '@gochat/client/outgoing';
import { UsageError } from '@gochat/server/usage-error';
import type { AttachedFile } from '@gochat/view/actions';
import { showConnecting } from '../connecting.ts';
import { waitMs } from '../duration.ts';
import { EXIT } from '../exit.ts';
import { fileOfInput, filesNamed, prepareFiles } from '../files/prepare-files.ts';
import { ProgressLine } from '../files/progress-line.ts';
import { Interrupted, untilInterrupted } from '../interrupt.ts';
import { type Io, note } from '../io.ts';
import { textContent } from '../lines/text-content.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { roomRef } from '../room-id.ts';
import { readText } from '../utf8-input.ts';
import { report } from './report-sent.ts';
import { noteUnsent } from './unsent.ts';

interface Options extends ProfileOptions {
  readonly file: readonly string[];
  readonly alt?: readonly string[];
  readonly name?: string;
  readonly keepMetadata?: boolean;
  readonly wait?: string;
  readonly json?: boolean;
}

const STDIN = '-';

/** Sends files with a text, as one message. @param text `-` to read it from standard input. @returns the exit code: 0 once the server has all of it, 3 when it waits */
export async function sendFiles(
  io: Io,
  room: string,
  text: string | undefined,
  options: Options,
): Promise<number> {
  const wait = waitMs(options.wait, 5000);
  checkFiles(text, options);
  return withProfile(io, options, async (opened) => {
    const profile = showConnecting(io, opened);
    const ref = await roomRef(profile, room);
    const line = new ProgressLine(io);
    const stop = new AbortController();
    const upload = new Upload(profile, ref.room, newMessageId());
    const sending = async () => {
      const given = text === STDIN ? (await readText(io.stdin)).replace(/\r?\n$/, '') : text;
      // Before anything is sealed. Without an argument there is no text; an unset variable is a mistake.
      if (given !== undefined && isBlank(given)) throw new ChatError({ reason: 'message-blank' });
      const files = await filesOf(io, profile, ref.room, options);
      const contents = await prepareFiles({
        profile,
        room: ref.room,
        files,
        text: io.words.text,
        signal: stop.signal,
        note: (what) => {
          line.end();
          note(io, `gochat: ${what}`);
        },
        progress: (name, done, of) => line.show(() => io.words.text.lines.preparing(name, done, of)),
        ...(options.alt && { alt: options.alt }),
        ...(options.keepMetadata && { keepMetadata: true }),
      });
      const said = await textContent(profile, ref.room, given ?? '');
      // An interrupted command has queued it, or has not.
      stop.signal.throwIfAborted();
      await upload.queue({ ...said, files: contents });
      return upload.sent(wait, (done, of) => line.show(() => io.words.text.lines.uploading(done, of)));
    };
    const ended = sending();
    try {
      const end = await untilInterrupted(ended);
      if (!(end instanceof Interrupted)) {
        line.end();
        const code = report(io, options.json === true ? ref : undefined, end);
        const lost = end.outcomes.filter(({ state }) => isUnsent(state)).length;
        await noteUnsent(io, profile, ref.room, lost);
        return code;
      }
      stop.abort();
      // It fails when the profile is closed.
      ended.catch(() => undefined);
      if (!upload.isQueued) await ended.catch(() => undefined);
      line.end();
      const code = upload.isQueued
        ? report(io, options.json === true ? ref : undefined, await upload.sent(0))
        : EXIT.done;
      return code === EXIT.done ? end.code : code;
    } finally {
      line.end();
      upload.close();
    }
  });
}

/** @throws UsageError */
function checkFiles(text: string | undefined, { file, alt = [], name }: Options): void {
  const fromInput = file.filter((path) => path === STDIN).length;
  if (fromInput > 1) throw new UsageError('--file - reads standard input, once');
  if (fromInput === 1 && text === STDIN)
    throw new UsageError('standard input is either the text or a file: give - once');
  if (fromInput === 1 && name === undefined)
    throw new UsageError('--file - needs --name, such as --name log.txt');
  if (fromInput === 0 && name !== undefined)
    throw new UsageError('--name names standard input: use it with --file -');
  if (alt.length > file.length) throw new UsageError('there are more --alt than files');
}

async function filesOf(
  io: Io,
  profile: Profile,
  room: string,
  { file, name = '' }: Options,
): Promise<readonly AttachedFile[]> {
  const named = await filesNamed(
    file.filter((path) => path !== STDIN),
    io.words.text,
  );
  const at = file.indexOf(STDIN);
  if (at === -1) return named;
  const input = await fileOfInput(io.stdin, name, async (bytes) => {
    const limits = await profile.files.limits(room, bytes);
    if (limits === null) throw new ChatError({ reason: 'files-none' });
    return limits.bytes;
  });
  return [...named.slice(0, at), input, ...named.slice(at)];
}

/** One message whose files are uploaded. */
class Upload {
  readonly #profile: Profile;
  readonly #room: string;
  readonly #id: string;
  readonly #stop: () => void;
  #queued = false;
  #done = 0;
  #of = 0;
  #problem: Problem | undefined;
  #show: (done: number, of: number) => void = () => undefined;

  constructor(profile: Profile, room: string, id: string) {
    this.#profile = profile;
    this.#room = room;
    this.#id = id;
    this.#stop = profile.on((event) => {
      if (event.kind !== 'waiting' || event.room !== room) return;
      const own = event.waiting.find((one) => one.id === id);
      const sum = (what: 'done' | 'of') => (own?.files ?? []).reduce((all, file) => all + file[what], 0);
      [this.#done, this.#of, this.#problem] = [sum('done'), sum('of'), own?.problem];
      if (this.#of > 0) this.#show(this.#done, this.#of);
    });
  }

  get isQueued(): boolean {
    return this.#queued;
  }

  async queue(content: Params<'queue'>['content']): Promise<void> {
    this.#queued = true;
    await this.#profile.call('queue', { room: this.#room, id: this.#id, content });
  }

  /** Waits until the server has it, as long as something of it arrives there. @param waitMs how long nothing may arrive */
  async sent(
    waitMs: number,
    show: (done: number, of: number) => void = () => undefined,
  ): Promise<Result<'sent'>> {
    this.#show = show;
    for (;;) {
      const before = this.#done;
      const end = await this.#profile.call('sent', { room: this.#room, ids: [this.#id], waitMs });
      const goesOn = end.waiting > 0 && waitMs > 0 && end.problem === undefined && this.#done > before;
      if (!goesOn) return { ...end, problem: end.problem ?? (end.waiting > 0 ? this.#problem : undefined) };
    }
  }

  close(): void {
    this.#stop();
  }
}
