import type { DeviceOfPerson } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/open';
import { UsageError } from '@gochat/server/usage-error';
import { deviceDetail, deviceName, idOf } from '@gochat/view/device-names';
import { safeJson } from '@gochat/view/safe-json';
import { sanitizeLine } from '@gochat/view/sanitize';
import { showConnecting } from '../connecting.ts';
import { waitMs } from '../duration.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { type Io, note, print } from '../io.ts';
import { problemText } from '../lines/error-text.ts';
import { columns } from '../lines/format.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { devicesIn } from './room.ts';

interface Options extends ProfileOptions {
  readonly remove?: string;
  readonly label?: string;
  readonly device?: string;
  readonly json?: boolean;
  readonly wait?: string;
}

/** Lists this person's devices, names one or removes one; with a room, lists those in it. */
export async function run(io: Io, args: readonly string[], options: Options): Promise<ExitCode> {
  const { remove, label, device } = options;
  const asked = [args[0], remove, label].filter((one) => one !== undefined);
  if (asked.length > 1) throw new UsageError('give one of ROOM, --remove and --label');
  if (device !== undefined && label === undefined) throw new UsageError('--device needs --label');
  if (args[0] !== undefined) return devicesIn(io, args, options);
  const wait = waitMs(options.wait, remove === undefined ? 5000 : 30_000);
  return withProfile(io, options, async (opened) => {
    const profile = showConnecting(io, opened);
    const devices = await profile.call('devices', { waitMs: wait });
    if (remove !== undefined) return removed(io, profile, remove, { ...options, waitMs: wait });
    if (label !== undefined)
      await profile.call('labelDevice', { label, ...(device !== undefined && { device }) });
    else await list(io, devices, options);
    return EXIT.done;
  });
}

async function list(io: Io, devices: readonly DeviceOfPerson[], { json }: Options): Promise<void> {
  if (json === true) {
    for (const device of devices) print(io, safeJson(device));
    return;
  }
  const words = await io.words.text.devices();
  const rows = devices.map((one) => [idOf(one.key), deviceName(words, one), deviceDetail(words, one)]);
  for (const line of columns(rows)) print(io, line);
}

async function removed(
  io: Io,
  profile: Profile,
  device: string,
  { json, waitMs: wait }: Options & { readonly waitMs: number },
): Promise<ExitCode> {
  const removal = await profile.call('removeDevice', { device, waitMs: wait });
  const words = await io.words.text.devices();
  const { left } = removal;
  if (json === true) print(io, safeJson(removal));
  else if (left.length === 0) note(io, words.isRemoved(deviceName(words, removal)));
  else {
    note(io, words.remove.left(left.length));
    for (const { room, problem } of left) {
      const why = problem === undefined ? '' : problemText(io.words.text, problem);
      note(io, words.remove.leftIn(sanitizeLine(room), why));
    }
  }
  return left.length === 0 ? EXIT.done : EXIT.queued;
}
