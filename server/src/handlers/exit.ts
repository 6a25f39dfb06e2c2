import type { Handler } from './handler.ts';

export const exit: Handler<'exit'> = (session, frame) => {
  session.leave(frame.room);
  session.send({ type: 'exited', id: frame.id, room: frame.room });
};
