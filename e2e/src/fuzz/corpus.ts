import { join } from 'node:path';
import type { Content } from '@gochat/crypto/content';
import { LineDecoder } from '@gochat/protocol/codec';
import { Someone, startServer, temporary } from '../people/people.ts';
import { Wiretap } from '../servers/wiretap.ts';
import { WAIT_MS } from '../waits.ts';

/** What real programs have said and kept, for mutations to begin from. */
export interface Corpus {
  /** Every frame of a short conversation, both ways, as lines without their ends. */
  readonly frames: readonly Uint8Array[];
  readonly link: string;
}

/** Records the frames of three people who talk, edit, react, join and leave. */
export async function recordCorpus(): Promise<Corpus> {
  const home = await temporary();
  const server = await startServer(join(home.path, 'server'));
  const tap = new Wiretap(server.port);
  const port = await tap.listen();
  const [ana, ben] = await Promise.all(
    ['ana', 'ben'].map((name) => Someone.open(name, join(home.path, name))),
  );
  if (ana === undefined || ben === undefined) throw new Error('two people');
  const { room, link } = await ana.hosts(`tcp://127.0.0.1:${port}`);
  await ben.joins(link);
  await talk(ana, ben, room);
  await Promise.all([ana.close(), ben.close()]);
  await tap.close();
  await server.stop();
  await home.remove();
  return { frames: framesOf(tap.bytes), link };
}

async function talk(ana: Someone, ben: Someone, room: string): Promise<void> {
  const ids = [await ana.says(room, 'hello'), await ana.says(room, '**bold** `code` > quote é 🜚')];
  await ana.delivered(room, ids);
  await ben.hears(room, 'hello');
  const [first] = (await ben.messages(room)).filter((item) => item.text === 'hello');
  if (first === undefined) throw new Error('ben has read it');
  const ref = { seq: first.seq, id: first.id };
  const contents: readonly Content[] = [
    { kind: 'react', to: ref, emoji: '👍', on: true },
    { kind: 'text', text: 'an answer', reply: ref },
  ];
  for (const content of contents) {
    const id = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url');
    await ben.profile.call('queue', { room, id, content });
    await ben.delivered(room, [id]);
  }
  await ana.profile.call('configure', { room, name: 'cellar', topic: 'what is below', waitMs: WAIT_MS });
  await ana.invites(room, 3);
  await ana.profile.call('remove', { room, member: 'ben', waitMs: WAIT_MS });
}

function framesOf(chunks: readonly Buffer[]): Uint8Array[] {
  // Chunks of all connections and directions are interleaved: frames that are split are left out.
  const frames = chunks.flatMap((chunk) => {
    const decoder = new LineDecoder();
    try {
      return [...decoder.push(chunk)];
    } catch {
      return [];
    }
  });
  return [...new Set(frames)]
    .filter((text) => text.startsWith('{'))
    .map((text) => new TextEncoder().encode(text));
}
