import { follow, found } from './member.ts';
import { startNode } from './node.ts';

/** A node, and a peer that has founded a room there and follows it. @param invites of the room */
export async function entered(invites = [] as Parameters<typeof found>[1]) {
  const node = await startNode();
  const peer = await node.peer();
  const founded = await found(peer, invites);
  await follow(peer, founded.room, founded.access);
  return { node, peer, ...founded };
}
