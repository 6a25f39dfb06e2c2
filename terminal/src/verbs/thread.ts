import { linkToMessage, readMessageLink } from '@gochat/client/message-link';
import type { Profile } from '@gochat/client/open';
import { readThread } from '@gochat/client/read-thread';
import { UsageError } from '@gochat/server/usage-error';
import { safeJson } from '@gochat/view/safe-json';
import { showConnecting } from '../connecting.ts';
import { waitMs } from '../duration.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { type Io, note, print } from '../io.ts';
import { afterSync } from '../lines/after-sync.ts';
import { jsonItem, type RoomRef } from '../lines/format.ts';
import { threadLines } from '../lines/thread-lines.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { roomRef } from '../room-id.ts';
import { messageOf } from './message-of.ts';

interface Options extends ProfileOptions {
  readonly link?: boolean;
  readonly time?: boolean;
  readonly json?: boolean;
  readonly wait?: string;
}

/**
 * Prints a message and the replies to it, or a link to it. @param given a room, or a link to a message. @param named the message in the
 * room, by its id or its position
 */
export async function run(
  io: Io,
  [given = '', named]: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const place = named === undefined ? readMessageLink(given) : undefined;
  if (named === undefined && place === undefined)
    throw new UsageError('give a room and a message, or a link to a message');
  const wait = waitMs(options.wait, 5000);
  return withProfile(io, options, async (opened) => {
    const profile = showConnecting(io, opened);
    const { text } = io.words;
    const ref =
      place === undefined ? await roomRef(profile, given) : await roomOfLink(io, profile, place.room);
    const synced = afterSync(text, await profile.call('sync', { room: ref.room, waitMs: wait }));
    const item = await messageOf(io, profile, ref.room, place ?? named ?? '', wait);
    if (options.link === true) {
      const link = await linkToMessage(profile, ref.room, item);
      print(io, options.json === true ? safeJson({ ...ref, id: item.id, link }) : link);
    } else {
      const thread = await readThread(profile, ref.room, item);
      const lines =
        options.json === true
          ? thread.map((one) => jsonItem(ref, one))
          : threadLines(text, thread, options.time === true);
      for (const line of lines) print(io, line);
    }
    for (const line of synced.notes) note(io, line);
    return options.link === true ? EXIT.done : synced.code;
  });
}

/** @throws UsageError if the profile doesn't have the room */
async function roomOfLink(io: Io, profile: Profile, id: string): Promise<RoomRef> {
  const info = (await profile.call('rooms', {})).find((room) => room.id === id);
  if (info === undefined) throw new UsageError(io.words.text.flashes.noRoomOfLink, { cause: id });
  return { room: info.id, name: info.name };
}
