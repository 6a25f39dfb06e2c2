import type { Content } from '@gochat/crypto/content';
import { createRoom, landedFirst } from '@gochat/crypto/create';
import { decodeRoom, encodeRoom } from '@gochat/crypto/encode-room';
import { createIdentity } from '@gochat/crypto/identity';
import type { LogEntry } from '@gochat/crypto/internal/log-entry';
import { decodePayload, encodePayload } from '@gochat/crypto/internal/payload';
import { decodeKeyFile, encodeKeyFile, isLocked } from '@gochat/crypto/key-file';
import { parseLink } from '@gochat/crypto/link';
import { LinkError } from '@gochat/crypto/link-error';
import { decodePack, encodePack, PackWriter, packVerifier } from '@gochat/crypto/pack';
import { groupContextOf, speakerAt } from '@gochat/crypto/proof';
import { receive } from '@gochat/crypto/receive';
import type { Room } from '@gochat/crypto/room';
import { RoomError } from '@gochat/crypto/room-error';
import { sealMessage } from '@gochat/crypto/send';
import { openRecord, openVault, recordKey, sealRecord } from '@gochat/crypto/vault';
import { VaultError } from '@gochat/crypto/vault-error';
import { encodeFrame, FrameError, LineDecoder, parseDown } from '@gochat/protocol/codec';
import { encodeBytes } from '@gochat/protocol/encoding';
import type { Position } from '@gochat/protocol/fields';
import { parseUp } from '@gochat/protocol/parse-up';
import { parseName } from '@gochat/server/internal/net/served-names';
import { parseMarkdown, wordsOf } from '@gochat/view/internal/text/markdown';
import { sanitizeLine, sanitizeText } from '@gochat/view/sanitize';
import type { Corpus } from './corpus.ts';

/** One parser, and a check of its results for any bytes. */
export interface Target {
  readonly name: string;
  /** The inputs that are mutated. */
  readonly corpus: readonly Uint8Array[];
  /** @throws Error when the parser neither accepted nor refused the bytes: a crash */
  check(bytes: Uint8Array): void | Promise<void>;
}

const env = {
  now: Date.now,
  random: (length: number) => crypto.getRandomValues(new Uint8Array(length)),
};
const BIDI = /[\u202a-\u202e\u2066-\u2069]/u;
const CONTROL = /\p{Cc}/u;
/** A text may contain line feeds and tabs. */
const TEXT_CONTROL = /(?![\n\t])\p{Cc}/u;

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Runs `work`, which may throw only this error. */
async function mayRefuse(refusal: new (...args: never[]) => Error, work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof refusal)) throw error;
  }
}

function insist(fact: boolean, what: string): void {
  if (!fact) throw new Error(what);
}

/** All parsers that get bytes from others, without a network. */
export async function allTargets({ frames, link }: Corpus): Promise<Target[]> {
  const who = createIdentity(env);
  const founded = landedFirst(
    (await createRoom(who, { room: 'kitchen', own: 'ana' }, env)).room,
    '1' as Position,
  );
  return [
    framesTarget(frames),
    linkTarget(link),
    contentTarget(),
    packTarget(founded),
    textTarget(),
    await entryTarget(founded),
    roomTarget(founded),
    await keyFileTarget(),
    recordTarget(),
    nameTarget(),
  ];
}

function framesTarget(corpus: readonly Uint8Array[]): Target {
  return {
    name: 'frames',
    corpus,
    check: (bytes) =>
      mayRefuse(FrameError, () => {
        const decoder = new LineDecoder();
        for (const line of [...decoder.push(bytes), ...decoder.push(Uint8Array.of(10))])
          for (const parse of [parseUp, parseDown])
            void mayRefuseNow(() => {
              const frame = parse(line);
              insist(
                encodeFrame(parse(encodeFrame(frame))) === encodeFrame(frame),
                'a frame is read otherwise',
              );
            });
      }),
  };
}

/** A refused line doesn't stop the next one from being parsed. */
function mayRefuseNow(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
  }
}

function linkTarget(link: string): Target {
  const others = [
    link.replace('http:', 'https:'),
    link.replace(/#.*/, ''),
    ` ${link} `,
    'http://[::1]:4040/#/join/',
  ];
  return {
    name: 'invites',
    corpus: [link, ...others].map(bytesOf),
    check: (bytes) =>
      mayRefuse(LinkError, () => {
        const { address, secret, founder } = parseLink(textOf(bytes));
        insist(secret.length === 16 && founder.length === 16, 'a secret of another length');
        insist(/^https?:\/\/[^/]+$/.test(address), 'an address with a path');
      }),
  };
}

function contentTarget(): Target {
  const ref = { seq: '7' as Position, id: encodeBytes(env.random(16)) } as Extract<
    Content,
    { kind: 'edit' }
  >['of'];
  const contents: readonly Content[] = [
    { kind: 'text', text: 'hello **you**', reply: ref, mentions: [] },
    { kind: 'edit', of: ref, text: 'better' },
    { kind: 'delete', of: ref },
    { kind: 'react', to: ref, emoji: '🜚', on: true },
    { kind: 'close', of: ref },
    { kind: 'leave' },
    {
      kind: 'pack',
      parts: [{ seq: '8' as Position, hash: encodeBytes(env.random(32)) }],
      key: encodeBytes(env.random(32)),
      from: '1' as Position,
      to: '6' as Position,
      seen: '7' as Position,
      messages: 3,
    } as Content,
  ];
  const claim = { index: 3, value: env.random(16) };
  return {
    name: 'content',
    corpus: contents.map((content, n) =>
      encodePayload({
        id: encodeBytes(env.random(16)),
        n: n + 1,
        sealedAt: n,
        claim,
        previous: claim,
        content,
      }),
    ),
    check: (bytes) => {
      const payload = decodePayload(bytes);
      if (payload === undefined || payload.content === undefined) return;
      const again = decodePayload(encodePayload({ ...payload, content: payload.content }));
      insist(JSON.stringify(again) === JSON.stringify(payload), 'a payload is read otherwise');
    },
  };
}

/** Packs that somebody may have made up: what is read is read again as it was, and nothing in them is proved. */
function packTarget(room: Room): Target {
  const writer = new PackWriter();
  const speaker = speakerAt(room, 0);
  const record = { groupContext: groupContextOf(room), speakers: speaker === undefined ? [] : [speaker] };
  for (const seq of ['1', '2'] as Position[]) {
    const proof = { epoch: 0n, leaf: 0, signature: env.random(64), payload: bytesOf('{}') };
    writer.add({ seq, at: 1000 }, proof, record);
  }
  return {
    name: 'packs',
    corpus: [writer.encode()],
    check: async (bytes) => {
      const pack = decodePack(bytes);
      if (pack === undefined) return;
      insist(decodePack(encodePack(pack))?.lines.length === pack.lines.length, 'a pack is read otherwise');
      const verify = packVerifier(room.id, pack);
      for (const line of pack.lines)
        insist((await verify(line)).kind !== 'proved', 'a line that nobody has signed is proved');
    },
  };
}

/** Message texts, as both screens process them. */
function textTarget(): Target {
  const corpus = [
    '**bold** *it* `code` [a](https://example.org) <b>no</b> @ana :smile:',
    '> a quote\n> of two lines\n\n```js\nlet a = 1;\n```\n- one\n- two\n',
    '| a | b |\n|---|---|\n| 1 | 2 |\n\n# head\n\n1. x\n   1. y\n',
    '\u001b]8;;http://x\u0007link\u001b]8;;\u0007 \u202eabc\u202c \ud800',
  ];
  return {
    name: 'texts',
    corpus: corpus.map(bytesOf),
    check: (bytes) => {
      const text = textOf(bytes);
      insist(
        !TEXT_CONTROL.test(sanitizeText(text)) && !BIDI.test(sanitizeText(text)),
        'a control character is left in a text',
      );
      insist(
        !CONTROL.test(sanitizeLine(text)) && !BIDI.test(sanitizeLine(text)),
        'a control character is left in a line',
      );
      insist(typeof wordsOf(parseMarkdown(text)) === 'string', 'no words');
    },
  };
}

async function entryTarget(room: Room): Promise<Target> {
  const draft = {
    id: encodeBytes(env.random(16)),
    n: undefined,
    content: { kind: 'text', text: 'hello' },
  } as const;
  const { frame } = await sealMessage(room, draft, env);
  return {
    name: 'entries',
    corpus: [Buffer.from(frame.body, 'base64url'), env.random(300)],
    check: async (bytes) => {
      for (const kind of ['message', 'handshake'] as const) {
        const entry: LogEntry = { seq: '2' as Position, kind, at: 1, body: encodeBytes(bytes) };
        const { room: after } = await receive(room, entry, 1);
        insist(after.context === room.context, 'bytes of nobody changed the room');
      }
    },
  };
}

function roomTarget(room: Room): Target {
  return {
    name: 'rooms of a profile',
    corpus: [encodeRoom(room)],
    check: (bytes) => mayRefuse(RoomError, () => decodeRoom(bytes)),
  };
}

async function keyFileTarget(): Promise<Target> {
  const key = env.random(32);
  return {
    name: 'key files',
    corpus: [await encodeKeyFile(key, undefined, env), await encodeKeyFile(key, 'passphrase', env)],
    check: (bytes) =>
      mayRefuse(VaultError, async () => {
        // Deriving a key from a passphrase is slow; here it is enough that the passphrase is required.
        if (!isLocked(bytes))
          insist((await decodeKeyFile(bytes, undefined)).length === 32, 'a key of another length');
      }),
  };
}

function recordTarget(): Target {
  const vault = openVault(env.random(32));
  const key = recordKey(vault, 'room');
  const sealed = sealRecord(vault, key, bytesOf('{"name":"kitchen"}'), env);
  return {
    name: 'records of a profile',
    corpus: [sealed, env.random(80)],
    check: (bytes) =>
      mayRefuse(VaultError, () => {
        insist(textOf(openRecord(vault, key, bytes)) === '{"name":"kitchen"}', 'a forged record was opened');
      }),
  };
}

function nameTarget(): Target {
  const corpus = ['chat.example.org:4040', '[::1]:80', '127.0.0.1', 'xn--bcher-kva.example'];
  return {
    name: 'names of servers',
    corpus: corpus.map(bytesOf),
    check: (bytes) => {
      const name = parseName(textOf(bytes));
      insist(name === undefined || !/[\s/@#?]/.test(name.host), 'a name that is no host');
    },
  };
}
