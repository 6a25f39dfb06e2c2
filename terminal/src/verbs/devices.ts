import type { DeviceOfPerson } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/open';
import { UsageError } from '@gochat/server/usage-error';
import { deviceDetail, deviceName, idOf, laterThan } from '@gochat/view/device-names';
import { safeJson } from '@gochat/view/safe-json';
import { sanitizeLine } from '@gochat/view/sanitize';
import { showConnecting } from '../connecting.ts';
import { waitMs } from '../duration.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { type Io, note, print } from '../io.ts';
import { problemText } from '../lines/error-text.ts';
import { columns } from '../lines/format.ts';
import { checkNotRemoved, type ProfileOptions, withProfile } from '../profile.ts';
import { devicesIn } from './room.ts';

interface Options extends ProfileOptions {
  readonly json?: boolean;
  readonly wait?: string;
}

const LIST_MS = 5000;

/** Lists this person's devices, names one or removes one; with a room, lists those in it. */
export async function run(io: Io, args: readonly string[], options: Options): Promise<ExitCode> {
  const [action, device, ...name] = args;
  if (action === 'remove') {
    if (device === undefined || name.length > 0)
      throw new UsageError('name one device: gochat devices remove DEVICE');
    const wait = waitMs(options.wait, 30_000);
    return withProfile(io, options, (opened) =>
      removed(io, showConnecting(io, opened), device, { ...options, waitMs: wait }),
    );
  }
  if (action === 'label') {
    const [label] = name;
    if (device === undefined || label === undefined)
      throw new UsageError('name a device and what you call it: gochat devices label DEVICE NAME');
    const wait = waitMs(options.wait, LIST_MS);
    return withProfile(io, options, async (opened) => {
      const profile = showConnecting(io, opened);
      await profile.call('devices', { waitMs: wait });
      await profile.call('labelDevice', { device, label });
      return EXIT.done;
    });
  }
  if (device !== undefined)
    throw new UsageError(`devices has no action ${JSON.stringify(action)}: give remove or label`);
  if (action !== undefined) return devicesIn(io, args, options);
  const wait = waitMs(options.wait, LIST_MS);
  return withProfile(io, options, async (opened) => {
    const profile = showConnecting(io, opened);
    await checkNotRemoved(profile);
    await list(io, await profile.call('devices', { waitMs: wait }), options);
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
  // It may have been linked by another device.
  const devices = await profile.call('devices', { waitMs: Math.min(wait, LIST_MS) });
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
  const gone = devices.find(({ key }) => key === removal.key);
  for (const one of gone === undefined ? [] : laterThan(devices, gone))
    note(io, words.remove.cameLater(deviceName(words, one), idOf(one.key)));
  return left.length === 0 ? EXIT.done : EXIT.queued;
}
