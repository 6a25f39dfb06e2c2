import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import {
  type Credential,
  createApplicationMessage,
  createCommit,
  createProposal,
  emptyPskIndex,
  processPrivateMessage,
} from 'ts-mls';
import { unprotectPrivateMessage } from 'ts-mls/messageProtection.js';
import { encodePrivateMessage } from 'ts-mls/privateMessage.js';
import { expect, test } from 'vitest';
import { encodeRoom } from '../src/encode-room.ts';
import { heal, remove } from '../src/handshake.ts';
import { decodeMls, encodeMls, readPrivateMessage } from '../src/mls/codec.ts';
import { commit } from '../src/mls/commits.ts';
import { ownGeneration } from '../src/mls/messages.ts';
import { EXTENSION, type MlsState, suite } from '../src/mls/suite.ts';
import { encodePayload } from '../src/payload.ts';
import { ownLeaf, stateOf } from '../src/room.ts';
import { openBody, sealBody } from '../src/seal.ts';
import { allRead, allTalk, anaBenMal } from './assert.ts';
import { commits, joins, request } from './hostile.ts';
import { Person, warningsIn, won } from './world.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Known errors of MLS libraries; the tests show that none affects a room. */

test("a single Remove carries an UpdatePath, so the removed member can't derive the next epoch", async () => {
  const { log, ana, mal } = await anaBenMal();
  const before = ana.room.mls;
  const old = { ...ana.room };
  const frame = await ana.starts((room) => remove(room, mal.device, ana.env));
  const opened = openBody(old.keys, 'handshake', old.id, decodeBytes(frame.body));
  const message = opened && readPrivateMessage(opened);
  if (message === undefined) throw new Error('no handshake');
  const { content } = await unprotectPrivateMessage(
    before.keySchedule.senderDataSecret,
    message,
    before.secretTree,
    before.ratchetTree,
    before.groupContext,
    before.clientConfig.keyRetentionConfig,
    await suite(),
  );
  expect(content.content).toMatchObject({ contentType: 'commit', commit: { path: { nodes: [{}] } } });
  won(log.swap(frame));
  await ana.reads(log);
  // The state that mal's library derives has none of the new epoch's secrets.
  const result = await processPrivateMessage(
    mal.room.mls,
    message,
    emptyPskIndex,
    await suite(),
    () => 'accept',
  );
  if (result.kind !== 'newState') throw new Error('not a commit');
  expect(result.newState.keySchedule.exporterSecret).not.toEqual(ana.room.mls.keySchedule.exporterSecret);
  expect(result.newState.keySchedule).toEqual(mal.room.mls.keySchedule);
});

test('no state keeps secrets of an earlier epoch, in memory or stored', async () => {
  const { log, ana, ben, mal } = await anaBenMal();
  const past: Uint8Array[] = [];
  for (const person of [ana, ben, mal, ana]) {
    await allRead(log, [ana, ben, mal]);
    past.push(...secretsOf(ben.room.mls).map((secret) => secret.slice()));
    await person.heals(log);
  }
  await allRead(log, [ana, ben, mal]);
  const stored = hex(encodeRoom(ben.room));
  expect(past.length).toBeGreaterThan(40);
  expect(past.filter((secret) => stored.includes(hex(secret)))).toEqual([]);
  expect(ben.room.mls.historicalReceiverData.size).toBe(0);
  expect(ana.room.mls.historicalReceiverData.size).toBe(0);
});

function secretsOf(mls: MlsState): Uint8Array[] {
  const ratchets = mls.secretTree.flatMap((node) => [node.application.secret, node.handshake.secret]);
  return [...ratchets, ...Object.values(mls.keySchedule).filter((secret) => secret.length === 32)];
}

test('a state does not grow with the number of past epochs', async () => {
  const { log, ana, ben } = await anaBenMal();
  await ana.heals(log);
  await ben.reads(log);
  const before = encodeMls(ben.room.mls).length;
  for (let n = 0; n < 8; n += 1) await ana.heals(log);
  await ben.reads(log);
  expect(encodeMls(ben.room.mls).length).toBe(before);
});

test('the secrets that a commit consumed are not zeroed before the commit is in the log', async () => {
  const { log, ana, ben, mal } = await anaBenMal();
  const { secretsToWipe } = await commit(decodeMls(encodeMls(ana.room.mls)), [], undefined);
  expect(secretsToWipe.length).toBeGreaterThan(0);
  await ana.starts((room) => heal(room, ana.env));
  await ben.heals(log);
  const seen = await ana.reads(log);
  expect(seen.map((e) => e.kind)).toEqual(['healed', 'lost-race']);
  await allTalk(log, ana, ben, mal);
});

test("a standalone proposal is never stored, so it can't block messages", async () => {
  const { log, ana, ben, mal } = await anaBenMal();
  const { room, env } = mal;
  const leaf = ownLeaf(ben.room);
  const proposal = { proposalType: 'remove', remove: { removed: leaf } } as const;
  const made = await createProposal(room.mls, false, proposal, await suite());
  if (made.message.wireformat !== 'mls_private_message') throw new Error('not private');
  const bytes = encodePrivateMessage(made.message.privateMessage);
  won(log.swap(await request(mal, sealBody(room.keys, 'handshake', room.id, bytes, env), room.mls)));
  log.append('message', encodeBytes(sealBody(room.keys, 'message', room.id, bytes, env)));
  await allRead(log, [ana, ben]);
  expect(ana.warnings).toEqual(['skipped-handshake', 'undecryptable']);
  expect(Object.keys(ana.room.mls.unappliedProposals)).toEqual([]);

  // A commit that refers to the proposal is refused too.
  const byReference = await createCommit({ state: made.newState, cipherSuite: await suite() });
  if (byReference.commit.wireformat !== 'mls_private_message') throw new Error('not private');
  const body = sealBody(
    room.keys,
    'handshake',
    room.id,
    encodePrivateMessage(byReference.commit.privateMessage),
    env,
  );
  await mal.reads(log);
  won(log.swap(await request(mal, body, room.mls)));
  await allRead(log, [ana, ben]);
  expect(ben.members).toEqual(['ana', 'ben', 'mal']);
  await allTalk(log, ana, ben);
});

test('a credential of an unknown type is refused without an exception', async () => {
  const { log, link, ana, ben, env } = await anaBenMal();
  const eve = new Person('eve', env);
  const x509: Credential = { credentialType: 'x509', certificates: [env.random(9)] };
  await joins(log, eve, link, ana.room.mls, { leaf: { credential: x509 } });
  await allRead(log, [ana, ben]);
  expect(ana.warnings).toEqual(['skipped-handshake']);
  await allTalk(log, ana, ben);
});

test('the authenticated data of an application message is empty and must be', async () => {
  const { log, ana, ben, mal } = await anaBenMal();
  const room = ana.room;
  await ben.reads(log);
  const frame = await ana.seals('hello');
  const opened = openBody(room.keys, 'message', room.id, decodeBytes(frame.body));
  expect(opened && readPrivateMessage(opened)?.authenticatedData).toEqual(new Uint8Array());
  log.post(frame);
  await allRead(log, [ben, mal]);

  const payload = encodePayload({
    id: mal.id(),
    n: 1,
    sealedAt: 1_700_000_000_000,
    claim: undefined,
    previous: undefined,
    content: { kind: 'text', text: 'x' },
  });
  const { privateMessage } = await createApplicationMessage(
    mal.room.mls,
    payload,
    await suite(),
    new Uint8Array(3),
  );
  log.append(
    'message',
    encodeBytes(
      sealBody(mal.room.keys, 'message', mal.room.id, encodePrivateMessage(privateMessage), mal.env),
    ),
  );
  expect(warningsIn(await ben.reads(log))).toEqual(['undecryptable']);
});

test('no two sealed messages share a generation, even if one was never sent', async () => {
  const { log, ana, ben } = await anaBenMal();
  const generations: number[] = [];
  for (const text of ['one', 'two', 'three']) {
    generations.push(ownGeneration(ana.room.mls));
    const frame = await ana.seals(text);
    if (text !== 'two') log.post(frame);
    ana.room = await ana.copy();
  }
  expect(new Set(generations).size).toBe(3);
  await ben.reads(log);
  expect(ben.heard).toEqual(['ana: one', 'ana: three']);
  expect(ben.warnings).toEqual(['missing']);
});

test('of two messages sealed from one state, others read the first and report the second as repeated', async () => {
  const { log, ana, ben } = await anaBenMal();
  const forked = new Person('ana', ana.env, ana.who);
  forked.room = await ana.copy();
  log.post(await ana.seals('one'));
  log.post(await forked.seals('other'));
  await ben.reads(log);
  expect(ben.heard).toEqual(['ana: one']);
  expect(ben.warnings).toEqual(['repeated']);
});

test("a commit can't contain both extensions and a Remove", async () => {
  const { log, ana, mal } = await anaBenMal();
  await ana.commits(log, (room) => remove(room, mal.device, ana.env));
  expect(stateOf(ana.room).lastRemoveEpoch).toBeUndefined();
  expect(ana.room.joinsClosed).toBe(true);
  await ana.invites(log);
  expect(stateOf(ana.room).lastRemoveEpoch).toBe(Number(ana.room.mls.groupContext.epoch) - 2);
  expect(stateOf(ana.room).invites).toHaveLength(2);
  expect(ana.room.joinsClosed).toBe(false);
});

test('a room with a newer policy version than this software waits and loses nothing', async () => {
  const { log, ana, ben } = await anaBenMal();
  const [genesis] = ana.room.mls.groupContext.extensions;
  if (genesis === undefined) throw new Error('no genesis');
  const extensions = [
    genesis,
    { extensionType: EXTENSION.roomState, extensionData: new TextEncoder().encode('{"v":3}') },
  ];
  const proposals = [
    { proposalType: 'group_context_extensions', groupContextExtensions: { extensions } } as const,
  ];
  const deed = await commits(log, ana, { proposals, path: false, extensions });
  await ben.reads(log);
  expect(ben.room.status).toBe('outdated');
  log.append('message', encodeBytes(ben.env.random(300)));
  await ben.reads(log);
  expect(ben.room.position).toBe(deed.seq);
  ben.room = await ben.copy();
  expect(ben.room.status).toBe('outdated');
  await expect(ben.seals('old words')).rejects.toMatchObject({ code: 'not-active' });
  await expect(ben.starts((room) => heal(room, ben.env))).rejects.toMatchObject({
    code: 'newer-rules',
  });
});
