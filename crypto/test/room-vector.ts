import { decodeBytes } from '@gochat/protocol/encoding';
import { configure, heal, setRole } from '../src/handshake.ts';
import { withNewDevice } from '../src/identity.ts';
import { inviteKeys, unwrap } from '../src/invite.ts';
import type { InviteLink } from '../src/link.ts';
import { formatLink } from '../src/link.ts';
import { exporter } from '../src/mls/messages.ts';
import { utf8 } from '../src/primitives.ts';
import { epochOf, membersOf, OFFICE_KEYS, type Room, roomCode, stateOf } from '../src/room.ts';
import { encodeRoomState } from '../src/room-state.ts';
import { openGroupInfo } from '../src/seal.ts';
import { Log } from './log.ts';
import { testEnv, withRandom } from './test-bytes.ts';
import { hex, namedKeys, type Vector } from './vectors.ts';
import { Person } from './world.ts';

/** A room from its creation on: its log, and what its members know after each entry. */
export function roomVector(): Promise<Vector> {
  const env = testEnv();
  return withRandom(env, () => play(env));
}

async function play(env: ReturnType<typeof testEnv>): Promise<Vector> {
  const log = new Log();
  const [ana, ben] = [new Person('ana', env), new Person('ben', env)];
  const steps: Vector[] = [];
  /** Adds the entries that were appended, with what this member knows after the last one. */
  const note = async (what: string, reader: Person, more: Vector = {}) => {
    const sent = log.frames.slice(seenFrames).map((text) => JSON.parse(text) as unknown);
    const entries = log.entries.slice(seenEntries);
    [seenFrames, seenEntries] = [log.frames.length, log.entries.length];
    steps.push({ what, frames: sent, entries, ...more, after: await knows(reader) });
  };
  let [seenFrames, seenEntries] = [0, 0];

  await ana.creates(log);
  await note('ana creates the room', ana, { secrets: secretsOf(ana.room) });
  const link = await ana.invites(log, { uses: 1 });
  await note('ana adds an invite, and the own invite, by a state commit', ana, { link: formatLink(link) });
  const invitation = await invitationTo(log, link);
  await ben.joins(log, link);
  await ana.reads(log);
  await note('ben joins', ben, { ...invitation, secrets: secretsOf(ben.room) });
  await ana.says(log, 'hello, ben');
  await ben.reads(log);
  await note('ana posts a message', ben, { heard: ben.heard.slice(-1) });
  await ana.heals(log);
  await ben.reads(log);
  await note('ana heals: her leaf has another signature key, and ben learns the own invite', ben);
  await ben.says(log, 'this message says what ben has read');
  await ana.reads(log);
  await note('ben posts the first message of the epoch, with p and c', ana, { heard: ana.heard.slice(-1) });
  await ana.commits(log, (room) => heal(room, env, { retire: true }));
  await ben.reads(log);
  await note('ana heals with the order to retire the access keys', ben);
  const phone = new Person('ben', env, withNewDevice(ben.who, env));
  const own = ben.linkFor(ben.room.own ?? new Uint8Array());
  const ownInvitation = await invitationTo(log, own);
  await phone.joins(log, own);
  await ben.reads(log);
  await ana.reads(log);
  await note('another device of ben joins by the own invite', ben, {
    ...ownInvitation,
    secrets_of_the_joiner: secretsOf(phone.room),
  });
  await ana.commits(log, (room) => setRole(room, ben.device, 'admin', env));
  await ben.reads(log);
  await note('ana makes ben an admin, and hands the admin and the keepers key over', ben, keysOf(ben.room));
  await ana.commits(log, (room) => configure(room, { speak: 'listed' }, env));
  await ben.reads(log);
  await note('ana lets only speakers write, with an order of rules, and hands the voice key over', ben, {
    ...keysOf(ben.room),
    rules: { ...log.rules },
  });
  return {
    room: ana.room.id,
    group_id: hex(ana.room.mls.groupContext.groupId),
    persons: [ana, ben, phone].map(({ name, who }) => ({
      name,
      identity: { private: hex(who.identity.seed), public: hex(who.identity.publicKey) },
      device: { private: hex(who.device.seed), public: hex(who.device.publicKey) },
    })),
    steps,
  };
}

/** The reply to `invitation`, and what a joiner opens in it. */
async function invitationTo(log: Log, link: InviteLink): Promise<Vector> {
  const info = log.info(link);
  if (info?.wrapped === undefined) throw new Error('the server has no such invite');
  const k = await unwrap(inviteKeys(link.secret), link.room, decodeBytes(info.wrapped));
  const opened = k && openGroupInfo(k, link.room, decodeBytes(info.groupInfo));
  if (k === undefined || opened === undefined) throw new Error('the GroupInfo cannot be opened');
  return { reply_to_invitation: info, invite_secret: hex(link.secret), k: hex(k), group_info: hex(opened) };
}

/** The private keys of office that a member has. */
function keysOf(room: Room): { [name: string]: string } {
  return Object.fromEntries(
    OFFICE_KEYS.flatMap((kind) => {
      const key = room[kind];
      return key === undefined ? [] : [[`${kind}_key`, hex(key.seed)]];
    }),
  );
}

/** The private keys of a member's MLS state. */
function secretsOf(room: Room): Vector {
  const { mls } = room;
  return {
    signature_private_key: hex(mls.signaturePrivateKey),
    encryption_private_keys: Object.fromEntries(
      Object.entries(mls.privatePath.privateKeys).map(([node, key]) => [`node ${node}`, hex(key)]),
    ),
    ...keysOf(room),
  };
}

/** The next secrets of a leaf's two ratchets (RFC 9420, section 9), with their generation. */
function ratchetsOf({ secretTree }: Room['mls'], leaf: number): Vector {
  const node = secretTree[2 * leaf];
  if (node === undefined) throw new Error('no such leaf');
  const { handshake, application } = node;
  const next = ({ generation, secret }: typeof handshake) => ({ generation, secret: hex(secret) });
  return { handshake: next(handshake), application: next(application) };
}

/** What every member of the epoch knows, and how far this one has read. */
async function knows(person: Person): Promise<Vector> {
  const { room } = person;
  const { mls } = room;
  const schedule = Object.entries(mls.keySchedule).map(([name, secret]) => [
    name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    hex(secret),
  ]);
  const root = await exporter(mls, 'gochat/epoch/2', utf8(room.id), 32);
  return {
    reader: person.name,
    epoch: Number(epochOf(room)),
    members: membersOf(room).map(({ name, leaf, admin }) => ({ name, leaf, admin })),
    room_state: new TextDecoder().decode(encodeRoomState(stateOf(room))),
    mls: {
      tree_hash: hex(mls.groupContext.treeHash),
      confirmed_transcript_hash: hex(mls.groupContext.confirmedTranscriptHash),
      confirmation_tag: hex(mls.confirmationTag),
      ...(Object.fromEntries(schedule) as Vector),
      ratchets: membersOf(room).map(({ leaf }) => ({ leaf, ...ratchetsOf(mls, leaf) })),
    },
    root: hex(root),
    keys: await namedKeys(root),
    room_code: roomCode(room),
    chain: { i: room.chain.index, c: hex(room.chain.value) },
  };
}
