import { encodeBytes } from '@gochat/protocol/encoding';
import { signFramedContentApplicationOrProposal } from 'ts-mls/framedContent.js';
import { protect as protectContent } from 'ts-mls/messageProtection.js';
import { decodePrivateMessage, encodePrivateMessage } from 'ts-mls/privateMessage.js';
import { expect, test } from 'vitest';
import { encodeRoom } from '../src/encode-room.ts';
import { inviteKeys } from '../src/invite.ts';
import { suite } from '../src/mls.ts';
import { encodePayload } from '../src/payload.ts';
import { ownLeaf } from '../src/room.ts';
import { sealBody } from '../src/seal.ts';
import { anaBenMal } from './assert.ts';
import { warningsIn } from './world.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test("a member can't send a message as another member", async () => {
  const { log, ana, ben, mal } = await anaBenMal();
  const { room, env } = mal;
  const as = ownLeaf(ana.room);
  const { groupContext, clientConfig, keySchedule, secretTree, signaturePrivateKey } = room.mls;
  const payload = encodePayload({
    id: mal.id(),
    n: 1,
    claim: undefined,
    previous: undefined,
    content: { kind: 'text', text: 'I, ana' },
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
  const auth = await signFramedContentApplicationOrProposal(signaturePrivateKey, tbs, await suite());
  const { privateMessage } = await protectContent(
    keySchedule.senderDataSecret,
    new Uint8Array(),
    groupContext,
    secretTree,
    { ...content, auth } as never,
    as,
    clientConfig.paddingConfig,
    await suite(),
  );
  log.append(
    'message',
    encodeBytes(sealBody(room.keys, 'message', room.id, encodePrivateMessage(privateMessage), env)),
  );
  expect(warningsIn(await ben.reads(log))).toEqual(['undecryptable']);
  expect(warningsIn(await ana.reads(log))).toEqual(['undecryptable']);
  await ana.says(log, 'this is me');
  await ben.reads(log);
  expect(ben.heard).toEqual(['ana: this is me']);
  expect(decodePrivateMessage(encodePrivateMessage(privateMessage), 0)).toBeDefined();
});

test("no key in a member's state redeems another member's invite", async () => {
  const { log, link, ana, mal } = await anaBenMal();
  const keys = inviteKeys(link.secret);
  for (const secret of [link.secret, keys.join.seed, keys.wrapIkm]) {
    expect(hex(encodeRoom(mal.room)).includes(hex(secret))).toBe(false);
    expect(hex(encodeRoom(ana.room)).includes(hex(secret))).toBe(false);
  }
  expect(log.invites).toHaveLength(1);
});
