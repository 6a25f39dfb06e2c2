import { expect, test } from 'vitest';
import { commandsOnServer } from '../src/terminal/commands-on-server.ts';

const server = commandsOnServer();
const as = (name: string, ...args: readonly string[]) => server.as(name, args);

/** Ana's room. @returns a link that needs approval */
async function door(): Promise<string> {
  expect((await as('ana', 'new', 'lobby', '--as', 'ana', '--server', server.url)).code).toBe(0);
  const made = await as('ana', 'invite', 'lobby', '--approve');
  expect(made.err).toMatch(/anyone with this link can ask to join/);
  return /http\S+/.exec(made.out)?.[0] ?? '';
}

const asking = (name: string, link: string, ...more: readonly string[]) =>
  as(name, 'join', link, '--as', name, '--no-chat', ...more);

test('join asks, knocks lists, approve lets in, and the same join then joins, one process after the other', async () => {
  const link = await door();
  const asked = await asking('cleo', link, '--words', 'Ana’s sister');
  expect(asked).toMatchObject({ code: 3, out: '' });
  expect(asked.err).toContain('lobby needs approval');
  expect((await as('cleo', 'knocks')).out).toMatch(/^\S{22} +waits for approval +cleo +lobby\n$/);
  expect((await as('ana', 'knocks', 'lobby')).out).toMatch(/^\S{8} +\S{8} +<cleo> +Ana’s sister\n$/);
  const [line] = (await as('ana', 'knocks', 'lobby', '--json')).out.trim().split('\n');
  const knock = JSON.parse(line ?? '{}');
  expect(knock).toMatchObject({ name: 'cleo', words: 'Ana’s sister', banned: false });
  expect((await as('ana', 'tail', 'lobby')).out).toContain('-- <cleo> asks to join: “Ana’s sister”');
  expect(await as('ana', 'approve', 'lobby', 'nobody')).toMatchObject({ code: 2 });
  expect(await as('ana', 'approve', 'lobby', knock.id.slice(0, 8))).toMatchObject({ code: 0 });
  expect((await as('ana', 'knocks', 'lobby')).out).toBe('');
  expect(await asking('cleo', link)).toMatchObject({ code: 0 });
  expect((await as('cleo', 'knocks')).out).toBe('');
  expect((await as('cleo', 'send', 'lobby', 'hello')).code).toBe(0);
  expect((await as('ana', 'tail', 'lobby')).out).toContain('<cleo> hello\n');
});

test('decline is heard, and a new knock may follow it', async () => {
  const link = await door();
  expect((await asking('cleo', link)).code).toBe(3);
  expect(await as('ana', 'knocks', 'lobby')).toMatchObject({ code: 0 });
  expect(await as('ana', 'decline', 'lobby', 'cleo')).toMatchObject({ code: 0 });
  const refused = await asking('cleo', link);
  expect(refused.code).toBe(5);
  expect(refused.err).toContain('has declined to let you in');
  expect((await as('cleo', 'knocks')).out).toContain('declined');
  expect((await as('cleo', 'knocks', '--cancel', 'lobby')).code).toBe(0);
  expect((await asking('cleo', link)).code).toBe(3);
});

test('an invite that needs approval takes no number of uses', async () => {
  await door();
  expect(await as('ana', 'invite', 'lobby', '--approve', '--uses', '2')).toMatchObject({ code: 2 });
  expect((await as('ana', 'invites', 'lobby')).out).toContain('needs approval');
});
