import type { RoomId } from '@gochat/protocol/fields';
import { fromJson, type RecordChange, type Records, toJson } from '../../store/records.ts';

/** Here: another device is to be taken in. */
export interface Offer {
  readonly side: 'offer';
  /** The pairing room. */
  readonly room: RoomId;
  readonly link: string;
  /** In milliseconds since 1970, by this device's clock. */
  readonly expires: number;
  readonly limited: boolean;
  /** How often digits may still be typed. */
  readonly left: number;
  /** Set once the digits were right: everything for the other device is queued, in the same transaction. */
  readonly given?: { readonly device: string; readonly label: string };
}

/** Here: an offer has ended, and the pairing room is to be emptied. */
export interface Closing {
  readonly side: 'closing';
  readonly room: RoomId;
}

/** On the new device, until it is given an identity. */
export interface Accept {
  readonly side: 'accept';
  readonly room: RoomId;
  /** The link, as one for joining. */
  readonly link: string;
  readonly label: string;
  /** The private key of the identity with which it is in the pairing room, as base64url: nobody's. */
  readonly guest: string;
  /** When it came in, by its own clock; absent before. */
  readonly since?: number;
}

/** On the new device, once it has its person's identity. */
export interface Arrival {
  readonly side: 'arrival';
  /** The pairing room; absent if it came by a recovery link. */
  readonly room?: RoomId;
  /** Empty if it came by a recovery link. */
  readonly digits: string;
  /** Whether it has queued that it has everything. */
  readonly answered: boolean;
}

/** @returns what `Linking` says of a device that came by a recovery link */
export function recovered({ room }: Arrival): { readonly recovered?: true } {
  return room === undefined ? { recovered: true } : {};
}

/** What a profile is doing to take in a device, or to become one. It is stored, so that the next process goes on. */
export type LinkingRecord = Offer | Closing | Accept | Arrival;

/** @throws VaultError `damaged` */
export async function loadLinking(records: Records): Promise<LinkingRecord | undefined> {
  const stored = await records.get({ of: 'linking' });
  return stored && fromJson<LinkingRecord>(stored);
}

export function linkingChange(record: LinkingRecord | undefined): RecordChange {
  return { place: { of: 'linking' }, value: record && toJson(record) };
}
