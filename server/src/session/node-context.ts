import type { Logger } from 'pino';
import type { RoomLog, RoomState } from '../log/log.ts';
import type { EndOfTick } from '../net/end-of-tick.ts';
import type { ServedNames } from '../net/served-names.ts';
import type { TimerWheel } from '../net/timer-wheel.ts';
import type { ServerLimits } from '../operate/limits.ts';
import type { Metrics } from '../operate/metrics.ts';
import type { Rooms } from '../room/rooms.ts';
import type { AccessKeys } from './access-keys.ts';
import type { AddressRates } from './address-rates.ts';
import type { Admission } from './admission.ts';
import type { InFlight } from './in-flight.ts';

/** What every session of a node shares. */
export interface NodeContext {
  readonly log: RoomLog;
  readonly state: RoomState;
  readonly rooms: Rooms;
  readonly keys: AccessKeys;
  readonly admission: Admission;
  readonly rates: AddressRates;
  readonly names: ServedNames;
  readonly limits: ServerLimits;
  readonly turn: EndOfTick;
  readonly wheel: TimerWheel;
  readonly work: InFlight;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly randomBytes: (length: number) => Uint8Array;
  /** The software and its version, as `welcome` says it. */
  readonly software: string;
  /** What whoever makes a room has to name; nothing, if undefined. */
  readonly createToken: string | undefined;
  /** After so many seconds messages vanish. */
  readonly retainSec: number | undefined;
}
