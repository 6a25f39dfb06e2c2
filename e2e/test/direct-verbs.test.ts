import { expect, test } from 'vitest';
import { commandsOnServer } from '../src/terminal/commands-on-server.ts';

const server = commandsOnServer();
const { as } = server;

/** Ana and Ben in one room. */
async function kitchen(): Promise<void> {
  const { out } = await as('ana', ['new', 'kitchen', '--as', 'ana', '--server', server.url]);
  const link = /http\S+/.exec(out)?.[0] ?? '';
  expect((await as('ben', ['join', link, '--as', 'ben', '--no-chat'])).code).toBe(0);
}

test('dm asks with the first words from standard input; requests lists, accepts, and both send', async () => {
  await kitchen();
  const asked = await as('ana', ['dm', 'kitchen', 'ben', '-', '--json'], 'one\ntwo\n');
  expect(asked.code).toBe(0);
  expect(JSON.parse(asked.out)).toMatchObject({ name: 'ben', asked: true });
  // It waits until ben accepts.
  expect(await as('ana', ['send', 'ben', 'three', '--wait', '1s'])).toMatchObject({
    code: 3,
    err: expect.stringContaining('ben has not accepted yet; 1 message is queued'),
  });
  const listed = await as('ben', ['requests']);
  expect(listed.out).toMatch(/^\S{8} +ana +kitchen +one two\n$/);
  const [request] = (await as('ben', ['requests', '--json'])).out.trim().split('\n');
  const { id, text, roomName } = JSON.parse(request ?? '{}');
  expect([text, roomName]).toEqual(['one\ntwo', 'kitchen']);
  expect(await as('ben', ['requests', 'accept', id.slice(0, 8)])).toMatchObject({ code: 0 });
  expect((await as('ben', ['requests'])).out).toBe('');
  expect((await as('ana', ['send', 'ben', 'four'])).code).toBe(0);
  const read = await as('ben', ['tail', 'ana']);
  expect(read.out).toContain('<ana> one\n  two\n<ana> three\n<ana> four\n');
  expect((await as('ben', ['dm', 'kitchen', 'ana', 'five'])).code).toBe(0);
  expect((await as('ana', ['tail', 'ben'])).out).toContain('<ben> five\n');
  await server.stops();
  const away = await as('ben', ['dm', 'kitchen', 'ana', 'six', '--wait', '1s']);
  expect(away).toMatchObject({ code: 3, err: expect.stringContaining('1 message is queued') });
  await server.starts();
  expect((await as('ben', ['dm', 'kitchen', 'ana', 'seven', '--json'])).out).toContain('"queued":false');
  expect((await as('ana', ['tail', 'ben'])).out).toContain('<ben> six\n<ben> seven\n');
});

test('nobody is asked with a text that can’t be sent, and the next one asks', async () => {
  await kitchen();
  expect((await as('ana', ['dm', 'kitchen', 'ben', '-'], 'b'.repeat(70_000))).code).toBe(2);
  expect((await as('ana', ['dm', 'kitchen', 'ben', '  '])).code).toBe(2);
  expect((await as('ana', ['rooms', '--json'])).out.trim().split('\n')).toHaveLength(1);
  expect((await as('ana', ['dm', 'kitchen', 'ben', 'hello'])).code).toBe(0);
  expect((await as('ben', ['requests'])).out).toContain('hello');
});

test('whoever has left a conversation is asked again, and the new one has the name', async () => {
  await kitchen();
  expect((await as('ana', ['dm', 'kitchen', 'ben', 'hello'])).code).toBe(0);
  const [request] = (await as('ben', ['requests', '--json'])).out.trim().split('\n');
  const { id } = JSON.parse(request ?? '{}');
  expect((await as('ben', ['requests', 'accept', id])).code).toBe(0);
  expect((await as('ana', ['send', 'ben', 'are you there?'])).code).toBe(0);
  expect((await as('ben', ['leave', 'ana'])).code).toBe(0);
  const next = JSON.parse((await as('ana', ['dm', 'kitchen', 'ben', 'once more', '--json'])).out);
  expect(next).toMatchObject({ name: 'ben', asked: true, queued: false });
  expect(next.room).not.toBe(id);
  const again = (await as('ben', ['requests', '--json'])).out;
  expect(JSON.parse(again)).toMatchObject({ text: 'once more' });
  expect((await as('ben', ['requests', 'accept', JSON.parse(again).id])).code).toBe(0);
  expect((await as('ana', ['send', 'ben', 'there you are'])).code).toBe(0);
  expect((await as('ben', ['tail', next.room])).out).toContain('<ana> once more\n<ana> there you are\n');
});

test('/dm without a text asks for one, and a pipe stops: what follows was written for one member', async () => {
  await kitchen();
  const stopped = await as('ana', ['chat', 'kitchen'], '/dm ben\nfor ben alone\n');
  expect(stopped).toMatchObject({ code: 2, out: expect.stringContaining('line 1 and those after it') });
  const asked = await as('ana', ['chat', 'kitchen'], '/dm ben psst\nto all\n');
  expect(asked).toMatchObject({ code: 0, out: expect.stringContaining('in the room <ben> waits there') });
  const { out } = await as('ben', ['tail', 'kitchen']);
  expect(out).toContain('<ana> to all');
  expect(out).not.toContain('alone');
  expect((await as('ben', ['requests'])).out).toContain('psst');
});

test('requests from says who may ask, and prints it', async () => {
  const from = async (...who: string[]) => {
    const { code, out } = await as('ben', ['requests', 'from', ...who]);
    return [code, out];
  };
  expect(await from()).toEqual([0, 'all\n']);
  expect(await from('verified')).toEqual([0, '']);
  expect(await from()).toEqual([0, 'verified\n']);
  expect(await from('friends')).toEqual([2, '']);
});
