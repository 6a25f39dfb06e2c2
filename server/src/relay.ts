import type { Logger } from 'pino';
import type { AccessKeys } from './access-keys.ts';
import type { AddressRates } from './address-rates.ts';
import type { Admission } from './admission.ts';
import type { ServerLimits } from './limits.ts';
import type { RoomLog, RoomState } from './log/log.ts';
import type { Metrics } from './metrics.ts';
import type { Rooms } from './rooms.ts';
import type { ServedNames } from './served-names.ts';
import type { Turn } from './turn.ts';
import type { Wheel } from './wheel.ts';
import type { Work } from './work.ts';

/** What every session of a node shares. */
export interface Relay {
  readonly log: RoomLog;
  readonly state: RoomState;
  readonly rooms: Rooms;
  readonly keys: AccessKeys;
  readonly admission: Admission;
  readonly rates: AddressRates;
  readonly names: ServedNames;
  readonly limits: ServerLimits;
  readonly turn: Turn;
  readonly wheel: Wheel;
  readonly work: Work;
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
