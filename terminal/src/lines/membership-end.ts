import type { ChatEvent, Problem } from '@gochat/client/methods';

/** @returns why this device is no member of a room any more, if an event says so */
export function membershipEnd(event: ChatEvent, room: string): Problem | undefined {
  if (event.kind === 'linking' && event.linking.stage === 'removed')
    return { code: 'not-member', data: { reason: 'device-removed' } };
  if (event.kind !== 'online' || event.room !== room) return undefined;
  return event.problem?.code === 'not-member' ? event.problem : undefined;
}
