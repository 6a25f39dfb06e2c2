import type { Rules } from '@gochat/protocol/rules';
import type { LogPosition } from '../log/log.ts';
import type { Invite } from './invites.ts';
import { addRetirement, type Retirements } from './retirements.ts';

/** The sealed GroupInfo of a handshake, and its key wrapped to members and to each invite. */
export interface SealedInfo {
  readonly groupInfo: string;
  readonly member: string;
  readonly invites: readonly Invite[];
}

/** A room's state as of its last handshake, carried by that handshake and opaque to the log. */
export interface RoomRecord extends SealedInfo {
  readonly retirements: Retirements;
  /** Ed25519 public keys, base64url. */
  readonly admins: readonly string[];
  /** The moderators' Ed25519 public key, base64url. It may order a retirement only. */
  readonly keepers?: string;
  readonly rules?: Rules;
  /** Present: an admin has closed the room. */
  readonly closed?: true;
}

interface StoredRecord extends RoomRecord {
  readonly v: 2;
  /** Whether the handshake that carries the record retires keys. Its position is not known when the record is encoded. */
  readonly retiresHere: boolean;
}

/** @param retiresHere whether the handshake that will carry the record retires keys */
export function encodeRecord(record: RoomRecord, retiresHere: boolean): Uint8Array {
  const stored: StoredRecord = { ...record, v: 2, retiresHere };
  return Buffer.from(JSON.stringify(stored));
}

/** @param handshake the position of the handshake that carried these bytes. @throws Error when another version wrote them */
export function decodeRecord(bytes: Uint8Array, handshake: LogPosition): RoomRecord {
  const { v, retiresHere, ...record } = JSON.parse(Buffer.from(bytes).toString()) as StoredRecord;
  if (v !== 2) throw new Error(`another version of gochat wrote room record version ${String(v)}`);
  return retiresHere ? { ...record, retirements: addRetirement(record.retirements, handshake) } : record;
}
