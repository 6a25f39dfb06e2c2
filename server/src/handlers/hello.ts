import { encodeBytes } from '@gochat/protocol/encoding';
import { LIMITS } from '@gochat/protocol/limits';
import { PROTOCOL_VERSION } from '@gochat/protocol/version';
import { Refusal } from '../session/refusal.ts';
import type { Handler } from '../session/requests.ts';
import { versionRefusal } from '../session/version-check.ts';

const NONCE_BYTES = 16;

export const hello: Handler<'hello'> = (session, frame) => {
  const { relay } = session;
  if (session.dialled !== undefined) throw new Refusal('hello-first', 'hello is said once', { closes: true });
  if (frame.version !== PROTOCOL_VERSION) throw versionRefusal(frame.version);
  if (!relay.names.serves(frame.origin))
    throw new Refusal('origin', 'this server does not go by the name that was dialled');
  const nonce = encodeBytes(relay.randomBytes(NONCE_BYTES));
  session.greet({ origin: frame.origin, nonce });
  session.send({
    type: 'welcome',
    id: frame.id,
    version: PROTOCOL_VERSION,
    nonce,
    server: relay.software,
    silenceMs: relay.limits.silenceMs,
    ...(relay.limits.inviteLifetimeMs < LIMITS.inviteLifetimeMs && {
      inviteLifetimeMs: relay.limits.inviteLifetimeMs,
    }),
  });
};

export const ping: Handler<'ping'> = (session, frame) => session.send({ type: 'pong', id: frame.id });
