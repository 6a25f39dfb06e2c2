import type { Up, UpOf } from '@gochat/protocol/up';
import type { Session } from '../session/session.ts';

/**
 * Handles one request. Returns, or resolves, as soon as the connection's next frame may be handled. By then the handler has
 * passed every change to the log, so that no later frame can overtake it. The reply may follow later.
 * @throws Refusal, which is sent as the reply
 */
export type Handler<T extends Up['type']> = (session: Session, frame: UpOf<T>) => Promise<void> | void;
