import type { LogPosition } from '../log/log.ts';
import { Refusal } from './refusal.ts';

export function helloFirst(): Refusal {
  return new Refusal('hello-first', 'the first frame must be hello');
}

export function noRoom(): Refusal {
  return new Refusal('no-room', 'the server has no such room');
}

export function notEntered(): Refusal {
  return new Refusal('not-entered', 'enter the room first');
}

export function closedRoom(): Refusal {
  return new Refusal('closed', 'an admin has closed this room');
}

export function notOffered(): Refusal {
  return new Refusal('not-offered', 'this server does not offer this');
}

export function badProof(): Refusal {
  return new Refusal('refused', 'the proof is not valid');
}

export function retiredKey(): Refusal {
  return new Refusal('retired', 'this access key is retired; prove a newer one');
}

/** @param handshake the position of the room's last handshake */
export function stale(handshake: LogPosition): Refusal {
  return new Refusal('stale', 'stale base: a newer handshake exists', { handshake });
}

/** @param handshake the position of the room's last handshake */
export function conflict(handshake: LogPosition): Refusal {
  return new Refusal('conflict', 'another handshake has been appended since', { handshake });
}
