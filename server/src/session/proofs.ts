import type { Dialled } from '@gochat/protocol/signed';
import { Refusal } from './refusal.ts';
import type { Session } from './session.ts';

/**
 * What a proof on this connection is bound to, with the client's nonce used up.
 * @throws Refusal `refused` for a nonce that was used before; the connection ends when it has used too many.
 */
export function useNonce(session: Session, nonce: string): Dialled {
  const { dialled } = session;
  if (dialled === undefined) throw new Refusal('hello-first', 'the first frame is hello');
  if (session.proofs >= session.relay.limits.entersPerConnection) {
    throw new Refusal('rate-limited', 'this connection has made as many proofs as it may', { closes: true });
  }
  if (!session.useNonce(nonce)) throw new Refusal('refused', 'the proof was used before');
  return dialled;
}
