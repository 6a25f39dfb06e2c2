import { addLeafNode } from 'ts-mls/ratchetTree.js';
import { createSecretTree } from 'ts-mls/secretTree.js';
import { treeHashRoot } from 'ts-mls/treeHash.js';
import { leafWidth, nodeToLeafIndex } from 'ts-mls/treemath.js';
import { newLeaf } from '../src/identity.ts';
import { found } from '../src/mls/commits.ts';
import { type MlsState, suite } from '../src/mls/suite.ts';
import { personKeyOf } from '../src/office.ts';
import { Person } from './world.ts';

/**
 * Fills a new room with members, `guest 0` and so on, as if they had been there from the start. They cost little: nobody joins, and
 * nobody follows a join.
 * @param follows whether a member, by its number, can follow the room; the others never read nor send anything
 * @returns the members, in the order of their leaves
 */
export async function plant(
  founder: Person,
  count: number,
  follows = (_: number): boolean => false,
): Promise<Person[]> {
  const { env, room } = founder;
  const { hash, kdf } = await suite();
  const { groupId } = room.mls.groupContext;
  const seats: { readonly person: Person; readonly leaf: number; readonly alone: MlsState }[] = [];
  let tree = room.mls.ratchetTree;
  for (let n = 0; n < count; n += 1) {
    const person = new Person(`guest ${n}`, env);
    const alone = await found(groupId, newLeaf(groupId, person.who, person.name, env), []);
    const [node] = alone.ratchetTree;
    if (node?.nodeType !== 'leaf') throw new Error('no leaf');
    const [grown, index] = addLeafNode(tree, node.leaf);
    tree = grown;
    seats.push({ person, leaf: nodeToLeafIndex(index), alone });
  }
  const secretTree = await createSecretTree(leafWidth(tree.length), env.random(32), kdf);
  const groupContext = { ...room.mls.groupContext, treeHash: await treeHashRoot(tree, hash) };
  const mls = { ...room.mls, ratchetTree: tree, groupContext, secretTree };
  founder.room = { ...room, mls };
  for (const { person, leaf, alone } of seats.filter((_, n) => follows(n))) {
    const [key] = Object.values(alone.privatePath.privateKeys);
    if (key === undefined) throw new Error('no private key');
    person.room = {
      ...room,
      mls: {
        ...mls,
        privatePath: { leafIndex: leaf, privateKeys: { [2 * leaf]: key } },
        signaturePrivateKey: alone.signaturePrivateKey,
      },
      device: person.who.device,
      person: personKeyOf(person.who.identity),
      admin: undefined,
    };
    // Each wipes its secrets.
    person.room = await person.copy();
  }
  founder.room = await founder.copy();
  return seats.map(({ person }) => person);
}
