import { encodeBytes } from '@gochat/protocol/encoding';
import { LIMITS } from '@gochat/protocol/limits';
import { PROTOCOL_VERSION } from '@gochat/protocol/version';
import { Refusal } from '../session/refusal.ts';
import { versionRefusal } from '../session/version-check.ts';
import type { Handler } from './handler.ts';

const NONCE_BYTES = 16;

export const hello: Handler<'hello'> = (session, frame) => {
  const { names, limits, software, randomBytes, now, retainSec, hasQuotas, storesFiles } = session.node;
  const retainMs = hasQuotas ? 0 : retainSec && retainSec * 1000;
  if (session.dialled !== undefined)
    throw new Refusal('hello-first', 'hello was sent already', { closes: true });
  if (frame.version !== PROTOCOL_VERSION) throw versionRefusal(frame.version);
  if (!names.serves(frame.origin)) throw new Refusal('origin', 'unknown host name');
  const nonce = encodeBytes(randomBytes(NONCE_BYTES));
  session.greet({ origin: frame.origin, nonce });
  session.send({
    type: 'welcome',
    id: frame.id,
    version: PROTOCOL_VERSION,
    nonce,
    server: software,
    silenceMs: limits.silenceMs,
    now: Math.floor(now()),
    ...(limits.inviteLifetimeMs < LIMITS.inviteLifetimeMs && { inviteLifetimeMs: limits.inviteLifetimeMs }),
    ...(retainMs !== undefined && { retainMs }),
    ...(storesFiles && { files: { bytes: limits.fileBytes, keepMs: limits.fileKeepMs } }),
  });
};
