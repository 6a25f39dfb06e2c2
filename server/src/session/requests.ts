import type { Up, UpOf } from '@gochat/protocol/up';
import { enter, exit } from '../handlers/enter.ts';
import { create, handshake, refresh } from '../handlers/handshake.ts';
import { hello, ping } from '../handlers/hello.ts';
import { fetch, invitation, join } from '../handlers/join.ts';
import { post, signal } from '../handlers/post.ts';
import { read } from '../handlers/read.ts';
import { Refusal } from './refusal.ts';
import type { Session } from './session.ts';

/**
 * Takes one request. It returns or resolves as soon as the connection's next frame may be taken: with whatever changes the log
 * already handed to the log, so that nothing overtakes it; the answer may come later.
 * @throws Refusal, which answers the request.
 */
export type Handler<T extends Up['type']> = (session: Session, frame: UpOf<T>) => Promise<void> | void;

const HANDLERS: { readonly [T in Up['type']]: Handler<T> } = {
  hello,
  create,
  enter,
  post,
  handshake,
  invitation,
  join,
  refresh,
  fetch,
  read,
  signal,
  exit,
  ping,
};

export function handle(session: Session, frame: Up): Promise<void> | undefined {
  if (session.dialled === undefined && frame.type !== 'hello') {
    throw new Refusal('hello-first', 'the first frame is hello');
  }
  return dispatch(session, frame.type, frame) ?? undefined;
}

/** The table's type says that each handler takes the frames of its own type; only the pairing is asserted. */
function dispatch<T extends Up['type']>(session: Session, type: T, frame: Up): Promise<void> | void {
  return HANDLERS[type](session, frame as UpOf<T>);
}
