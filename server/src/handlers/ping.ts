import type { Handler } from './handler.ts';

export const ping: Handler<'ping'> = (session, frame) => session.send({ type: 'pong', id: frame.id });
