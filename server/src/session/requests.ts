import type { Up, UpOf } from '@gochat/protocol/up';
import { create } from '../handlers/create.ts';
import { enter } from '../handlers/enter.ts';
import { exit } from '../handlers/exit.ts';
import { fetch } from '../handlers/fetch.ts';
import type { Handler } from '../handlers/handler.ts';
import { handshake } from '../handlers/handshake.ts';
import { hello } from '../handlers/hello.ts';
import { invitation } from '../handlers/invitation.ts';
import { join } from '../handlers/join.ts';
import { knock } from '../handlers/knock.ts';
import { ping } from '../handlers/ping.ts';
import { post } from '../handlers/post.ts';
import { read } from '../handlers/read.ts';
import { refresh } from '../handlers/refresh.ts';
import { signal } from '../handlers/signal.ts';
import { wake } from '../handlers/wake.ts';
import { helloFirst } from './refusals.ts';
import type { Session } from './session.ts';

const HANDLERS: { readonly [T in Up['type']]: Handler<T> } = {
  hello,
  create,
  enter,
  post,
  handshake,
  invitation,
  join,
  refresh,
  knock,
  wake,
  fetch,
  read,
  signal,
  exit,
  ping,
};

/**
 * Passes a frame to the handler of its type.
 * @returns what to wait for before the next frame is handled; undefined: nothing
 * @throws Refusal, which is sent as the reply
 */
export function handle(session: Session, frame: Up): Promise<void> | undefined {
  if (session.dialled === undefined && frame.type !== 'hello') throw helloFirst();
  return dispatch(session, frame.type, frame) ?? undefined;
}

/** The type of {@link HANDLERS} gives each handler the frames of its own type. TypeScript can't follow that, hence the assertion. */
function dispatch<T extends Up['type']>(session: Session, type: T, frame: Up): Promise<void> | void {
  return HANDLERS[type](session, frame as UpOf<T>);
}
