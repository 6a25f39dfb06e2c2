import type { Attack } from './attack.ts';
import { churn, halfOpen, idleCrowd, slowLoris } from './on-connections.ts';
import { halfFiles, slowFiles } from './on-files.ts';
import { deepJson, frameFlood, hugeFrames } from './on-frames.ts';
import { foreignOrigin, smuggling, traversal } from './on-http.ts';
import {
  garbageHandshakes,
  handshakeSpam,
  inviteGuessing,
  invitesRaced,
  memberFlood,
  neverReading,
  replayedProofs,
  roomFlood,
} from './on-rooms.ts';
import { voiceless } from './on-rules.ts';

/** All attacks, by name. */
export const ATTACKS = {
  'slow-loris': slowLoris,
  'half-open': halfOpen,
  'idle-crowd': idleCrowd,
  churn,
  'frame-flood': frameFlood,
  'huge-frames': hugeFrames,
  'deep-json': deepJson,
  'invite-guessing': inviteGuessing,
  'replayed-proofs': replayedProofs,
  'invites-raced': invitesRaced,
  'member-flood': memberFlood,
  'never-reading': neverReading,
  'handshake-spam': handshakeSpam,
  'garbage-handshakes': garbageHandshakes,
  'room-flood': roomFlood,
  voiceless,
  smuggling,
  traversal,
  'foreign-origin': foreignOrigin,
  'slow-files': slowFiles,
  'half-files': halfFiles,
} satisfies Readonly<Record<string, Attack>>;

export type AttackName = keyof typeof ATTACKS;
export const ATTACK_NAMES = Object.keys(ATTACKS) as AttackName[];

/** Attacks that mostly wait for a deadline of the server, in rows that take about as long as each other and as the other attacks. */
export const WAITING: readonly (readonly AttackName[])[] = [
  ['half-open'],
  ['slow-loris', 'invites-raced', 'smuggling', 'slow-files'],
];
