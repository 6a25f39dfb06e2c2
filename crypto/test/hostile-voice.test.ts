import { encodeBytes } from '@gochat/protocol/encoding';
import { signFramedContentApplicationOrProposal } from 'ts-mls/framedContent.js';
import { protect as protectContent } from 'ts-mls/messageProtection.js';
import { decodePrivateMessage, encodePrivateMessage } from 'ts-mls/privateMessage.js';
import { expect, test } from 'vitest';
import { encodeRoom } from '../src/encode-room.ts';
import { inviteKeys } from '../src/invite.ts';
import { suite } from '../src/mls/suite.ts';
import { encodePayload } from '../src/payload.ts';
import { ownLeaf } from '../src/room.ts';
import { sealBody } from '../src/seal.ts';
import { anaBenMal } from './assert.ts';
import type { Log } from './log.ts';
import { type Person, warningsIn } from './world.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** A member posts a message in another's name, signed with this key. */
async function speaksAs(log: Log, liar: Person, victim: Person, key: Uint8Array, skipped = 0): Promise<void> {
  await liar.reads(log);
  const { room, env } = liar;
  const as = ownLeaf(victim.room);
  const { groupContext, clientConfig, keySchedule, secretTree } = room.mls;
  const payload = encodePayload({
    id: liar.id(),
    n: 1,
    sealedAt: 1_700_000_000_000,
    claim: undefined,
    previous: undefined,
    content: { kind: 'text', text: `I, ${victim.name}` },
  });
  const content = {
    contentType: 'application',
    applicationData: payload,
    groupId: groupContext.groupId,
    epoch: groupContext.epoch,
    sender: { senderType: 'member', leafIndex: as },
    authenticatedData: new Uint8Array(),
  } as const;
  const tbs = {
    protocolVersion: groupContext.version,
    wireformat: 'mls_private_message',
    content,
    senderType: 'member',
    context: groupContext,
  } as const;
  const auth = await signFramedContentApplicationOrProposal(key, tbs, await suite());
  const { senderDataSecret } = keySchedule;
  const sealed = { ...content, auth } as never;
  const cs = await suite();
  const made = async (tree: typeof secretTree) =>
    protectContent(
      senderDataSecret,
      new Uint8Array(),
      groupContext,
      tree,
      sealed,
      as,
      clientConfig.paddingConfig,
      cs,
    );
  let { privateMessage, tree } = await made(secretTree);
  for (let n = 0; n < skipped; n++) ({ privateMessage, tree } = await made(tree));
  expect(decodePrivateMessage(encodePrivateMessage(privateMessage), 0)).toBeDefined();
  const body = sealBody(room.keys, 'message', room.id, encodePrivateMessage(privateMessage), env);
  log.append('message', encodeBytes(body));
}

test("a member can't send a message as another member", async () => {
  const { log, ana, ben, mal } = await anaBenMal();
  await speaksAs(log, mal, ana, mal.room.mls.signaturePrivateKey);
  expect(warningsIn(await ben.reads(log))).toEqual(['undecryptable']);
  expect(warningsIn(await ana.reads(log))).toEqual(['undecryptable']);
  await ana.says(log, 'this is me');
  await ben.reads(log);
  expect(ben.heard).toEqual(['ana: this is me']);
});

test("nobody is named if a member's messages seem to be missing, as others can make it seem so", async () => {
  const { log, ana, ben, mal } = await anaBenMal();
  await speaksAs(log, mal, ana, mal.room.mls.signaturePrivateKey, 201);
  const [event] = await ben.reads(log);
  expect(event).toMatchObject({ kind: 'warning', warning: { kind: 'hole' } });
  expect(JSON.stringify(event)).not.toContain('ana');
});

test.each(['her leaf’s key', 'her device’s key', 'her identity’s key'])(
  'after ana has healed, a member who had copied %s can’t speak as her',
  async (which) => {
    const { log, ana, ben, mal } = await anaBenMal();
    const copied = {
      'her leaf’s key': ana.room.mls.signaturePrivateKey,
      'her device’s key': ana.who.device.seed,
      'her identity’s key': ana.who.identity.seed,
    }[which];
    if (copied === undefined) throw new Error('no such key');
    await ana.heals(log);
    await speaksAs(log, mal, ana, copied);
    expect(warningsIn(await ben.reads(log))).toEqual(['undecryptable']);
    expect(ben.heard).toEqual([]);
    await ana.says(log, 'this is me');
    await ben.reads(log);
    expect(ben.heard).toEqual(['ana: this is me']);
  },
);

test('a member who has copied ana’s leaf key speaks as her until she heals', async () => {
  const { log, ana, ben, mal } = await anaBenMal();
  await speaksAs(log, mal, ana, ana.room.mls.signaturePrivateKey);
  await ben.reads(log);
  expect(ben.heard).toEqual(['ana: I, ana']);
});

test("no key in a member's state redeems another member's invite", async () => {
  const { log, link, ana, mal } = await anaBenMal();
  const keys = inviteKeys(link.secret);
  for (const secret of [link.secret, keys.join.seed, keys.wrapIkm]) {
    expect(hex(encodeRoom(mal.room)).includes(hex(secret))).toBe(false);
    expect(hex(encodeRoom(ana.room)).includes(hex(secret))).toBe(false);
  }
  // The other one is the room's own.
  expect(log.invites).toHaveLength(2);
});
