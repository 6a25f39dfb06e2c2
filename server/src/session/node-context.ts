import type { Logger } from 'pino';
import type { RoomLog, RoomState } from '../log/log.ts';
import type { EndOfTick } from '../net/end-of-tick.ts';
import type { ServedNames } from '../net/served-names.ts';
import type { TimerWheel } from '../net/timer-wheel.ts';
import type { ServerLimits } from '../operate/limits.ts';
import type { Metrics } from '../operate/metrics.ts';
import type { HandshakeRates } from '../room/handshake-rates.ts';
import type { QuietRates } from '../room/quiet-rates.ts';
import type { Rooms } from '../room/rooms.ts';
import type { AccessKeys } from './access-keys.ts';
import type { AddressRates } from './address-rates.ts';
import type { Admission } from './admission.ts';
import type { InFlight } from './in-flight.ts';
import type { UnfinishedFrames } from './unfinished-frames.ts';

/** What all connections of a node share. */
export interface NodeContext {
  readonly log: RoomLog;
  readonly state: RoomState;
  readonly rooms: Rooms;
  readonly keys: AccessKeys;
  readonly admission: Admission;
  readonly rates: AddressRates;
  readonly handshakes: HandshakeRates;
  readonly quiet: QuietRates;
  readonly names: ServedNames;
  readonly limits: ServerLimits;
  readonly endOfTick: EndOfTick;
  readonly timers: TimerWheel;
  readonly frames: UnfinishedFrames;
  readonly inFlight: InFlight;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly randomBytes: (length: number) => Uint8Array;
  /** The software and its version, as `welcome` names it. */
  readonly software: string;
  /** The token that `create` must name; undefined: none. */
  readonly createToken: string | undefined;
  /** Whether members of its rooms need no token. */
  readonly membersCreate: boolean;
  /** How many seconds a message is kept; undefined: for ever. */
  readonly retainSec: number | undefined;
  /** Whether messages may be deleted earlier, to save space. */
  readonly hasQuotas: boolean;
  readonly storesFiles: boolean;
}
