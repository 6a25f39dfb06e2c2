import type { OwnKnock } from '@gochat/client/methods';
import { UsageError } from '@gochat/server/usage-error';
import { safeJson } from '@gochat/view/safe-json';
import { sanitizeLine } from '@gochat/view/sanitize';
import { showConnecting } from '../connecting.ts';
import { waitMs } from '../duration.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { type Io, note, print } from '../io.ts';
import { afterSync } from '../lines/after-sync.ts';
import { columns } from '../lines/format.ts';
import { knockRows } from '../lines/knock-rows.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { roomRef } from '../room-id.ts';
import { CHANGE_MS, READ_MS, roomVerb } from './room.ts';

interface Options extends ProfileOptions {
  readonly json?: boolean;
  readonly wait?: string;
  readonly cancel?: string;
}

/** Lists who asks to join a room; or, without one, what this person waits for. */
export async function list(io: Io, args: readonly string[], options: Options): Promise<ExitCode> {
  if (args[0] === undefined) return ownKnocks(io, options);
  if (options.cancel !== undefined) throw new UsageError('--cancel names the room: leave out the other one');
  return ofRoom(io, args, options);
}

const ofRoom = roomVerb(READ_MS, async ({ profile, room, waitMs: ms, text }) => {
  const synced = afterSync(text, await profile.call('sync', { room, waitMs: ms }));
  const all = await profile.call('knocks', { room });
  const ref = await roomRef(profile, room);
  // Both the room and who asks have a name: that of who asks is shown.
  const json = all.map((knock) => ({ room: ref.room, ...knock }));
  const hint = all.length === 0 ? { hint: text.lines.knocks.none } : {};
  return { json, lines: columns(knockRows(text, all)), ...hint, ...synced };
});

const decides = (method: 'approveKnock' | 'declineKnock') =>
  roomVerb(CHANGE_MS, async ({ profile, room, ref, given, waitMs: ms, text }) => {
    const { name } = await profile.call(method, { room, knock: given ?? '', waitMs: ms });
    const { approved, declined } = text.lines.knocks;
    const isApproved = method === 'approveKnock';
    return {
      json: [{ ...ref, [isApproved ? 'approved' : 'declined']: name }],
      notes: [(isApproved ? approved : declined)(sanitizeLine(name))],
    };
  });

export const approve = decides('approveKnock');
export const decline = decides('declineKnock');

async function ownKnocks(io: Io, options: Options): Promise<ExitCode> {
  waitMs(options.wait, READ_MS);
  const { knocks } = io.words.text.lines;
  return withProfile(io, options, async (opened) => {
    const profile = showConnecting(io, opened);
    if (options.cancel !== undefined) {
      await profile.call('cancelKnock', { room: options.cancel });
      if (options.json !== true) note(io, knocks.cancelled);
      return EXIT.done;
    }
    const all = await profile.call('knocking', {});
    if (options.json === true) for (const one of all) print(io, safeJson(one));
    else for (const line of columns(all.map((one) => row(io, one)))) print(io, line);
    if (all.length === 0 && options.json !== true) note(io, `gochat: ${knocks.noneWaiting}`);
    return EXIT.done;
  });
}

function row(io: Io, { room, state, as, name }: OwnKnock): readonly string[] {
  const { states } = io.words.text.lines.knocks;
  return [room, states[state], sanitizeLine(as), sanitizeLine(name)];
}
