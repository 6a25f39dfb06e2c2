import type { DirectRequest, Problem, Result } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/open';
import { checkGiven } from '@gochat/client/validate-input';
import { UsageError } from '@gochat/server/usage-error';
import { safeJson } from '@gochat/view/safe-json';
import { sanitizeLine } from '@gochat/view/sanitize';
import { showConnecting } from '../connecting.ts';
import { waitMs } from '../duration.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { type Io, note, print } from '../io.ts';
import { problemText } from '../lines/error-text.ts';
import { columns } from '../lines/format.ts';
import { requestRows } from '../lines/request-rows.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { roomId } from '../room-id.ts';
import { readText } from '../utf8-input.ts';

interface Options extends ProfileOptions {
  readonly token?: string;
  readonly json?: boolean;
  readonly wait?: string;
}

const LIST_MS = 5000;
const CHANGE_MS = 30_000;
const SEND_MS = 5000;

/** Writes to one member alone: asks, or says it in the conversation that there is. */
export async function dm(
  io: Io,
  [room = '', member = '', given]: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const wait = waitMs(options.wait, CHANGE_MS);
  const token = options.token ?? (io.env.GOCHAT_TOKEN || undefined);
  checkGiven({ token });
  return withProfile(io, options, async (opened) => {
    const profile = showConnecting(io, opened);
    const text = given === '-' ? (await readText(io.stdin)).replace(/\r?\n$/, '') : given;
    const said = { ...(text !== undefined && { text }), ...(token !== undefined && { token }) };
    const made = await profile.call('dm', { room, member, ...said, waitMs: wait });
    const asked = made.direct?.state === 'asked';
    const name = sanitizeLine(made.name);
    const { lines } = io.words.text;
    if (options.json !== true) note(io, `gochat: ${lines.direct[asked ? 'asked' : 'there'](name)}`);
    const left = options.wait === undefined ? SEND_MS : wait;
    const { problem, queued } = await sends(profile, room, made, left);
    if (options.json === true) print(io, safeJson({ room: made.id, name: made.name, asked, queued }));
    if (!queued) return EXIT.done;
    note(io, `gochat: ${lines.sentLater(1, problemText(io.words.text, problem))}`);
    return EXIT.queued;
  });
}

/** Waits until the server has the text, or the question. @returns whether it is still queued, and why */
async function sends(
  profile: Profile,
  common: string,
  { id, direct, message }: Result<'dm'>,
  ms: number,
): Promise<{ readonly queued: boolean; readonly problem: Problem | undefined }> {
  if (direct?.state === 'asked') {
    const { problem } = await profile.call('sync', { room: common, waitMs: ms });
    const asking = await roomId(profile, common);
    const rooms = await profile.call('rooms', {});
    return { queued: rooms.some((room) => room.id === asking && room.queued > 0), problem };
  }
  if (message === undefined) return { queued: false, problem: undefined };
  const { waiting, problem } = await profile.call('sent', { room: id, ids: [message], waitMs: ms });
  return { queued: waiting > 0, problem };
}

/** Lists who asks to write to this person, or accepts or ignores one of them. */
export async function requests(io: Io, [action, id]: readonly string[], options: Options): Promise<ExitCode> {
  if (action === 'from') return mayAsk(io, id, options);
  if (action !== undefined && action !== 'accept' && action !== 'ignore')
    throw new UsageError(`requests has no action ${JSON.stringify(action)}: give accept, ignore or from`);
  if (action !== undefined && id === undefined)
    throw new UsageError(`name one request: gochat requests ${action} ID`);
  const wait = waitMs(options.wait, action === 'accept' ? CHANGE_MS : LIST_MS);
  return withProfile(io, options, async (opened) => {
    const profile = showConnecting(io, opened);
    const rooms = await profile.call('rooms', {});
    const active = rooms.filter(({ status }) => status === 'active');
    await Promise.all(active.map((room) => profile.call('sync', { room: room.id, waitMs: wait })));
    const { lines } = io.words.text;
    if (action === 'ignore') await profile.call('ignoreRequest', { id: id ?? '' });
    else if (action === 'accept') {
      const made = await profile.call('acceptRequest', { id: id ?? '', waitMs: wait });
      if (options.json === true) print(io, safeJson({ room: made.id, name: made.name }));
      else note(io, `gochat: ${lines.direct.there(sanitizeLine(made.name))}`);
    } else list(io, await profile.call('requests', {}), options);
    return EXIT.done;
  });
}

const WHO = ['all', 'verified', 'none'] as const;

/** Says who may ask to write to this person, or prints it. */
async function mayAsk(io: Io, wanted: string | undefined, options: Options): Promise<ExitCode> {
  const asks = WHO.find((one) => one === wanted);
  if (wanted !== undefined && asks === undefined)
    throw new UsageError(`who may ask is all, verified (whose numbers you compared) or none`);
  return withProfile(io, options, async (profile) => {
    if (asks !== undefined) await profile.call('prefer', { change: { asks } });
    const now = (await profile.call('preferences', {})).asks;
    if (options.json === true) print(io, safeJson({ from: now }));
    else if (asks === undefined) print(io, now);
    return EXIT.done;
  });
}

function list(io: Io, all: readonly DirectRequest[], { json }: Options): void {
  if (json === true) {
    for (const one of all) print(io, safeJson(one));
    return;
  }
  for (const line of columns(requestRows(all))) print(io, line);
  if (all.length === 0) note(io, `gochat: ${io.words.text.lines.direct.none}`);
}
