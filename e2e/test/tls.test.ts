import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { temporary } from '../src/people/people.ts';
import { runGochat } from '../src/terminal/gochat-command.ts';
import { buildGochat, type Ended, GochatProcess } from '../src/terminal/gochat-process.ts';

let home: Awaited<ReturnType<typeof temporary>>;
let server: GochatProcess;
let port: string;
let ca: string;
let count = 0;
let name: string;

beforeAll(async () => {
  buildGochat();
  home = await temporary();
  const made = await certificateFor('localhost');
  ca = made.cert;
  server = serve('rooms', made.given);
  await server.shows('To chat');
  port = /:(\d+)\)/.exec(server.all)?.[1] ?? '';
});

afterAll(async () => {
  await server.stop('SIGTERM');
  await home.remove();
});

beforeEach(() => {
  count += 1;
  name = `room ${count}`;
});

/** A false certificate may be put right, so that it is tried again until then. */
const BRIEFLY = ['--wait', '1s'];

/** Writes a self-signed certificate and its key. */
async function certificateFor(host: string, notAfterDate?: Date) {
  const made = await generate([{ name: 'commonName', value: host }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: host }] }],
    ...(notAfterDate !== undefined && {
      notBeforeDate: new Date(notAfterDate.getTime() - 1000),
      notAfterDate,
    }),
  });
  const [cert, key] = ['cert', 'key'].map((kind) => join(home.path, `${kind} ${host} ${notAfterDate ?? ''}`));
  writeFileSync(cert ?? '', made.cert);
  writeFileSync(key ?? '', made.private);
  return { cert: cert ?? '', given: ['--tls-cert', cert ?? '', '--tls-key', key ?? ''] };
}

const address = (scheme = 'https', host = 'localhost', at = port) => `${scheme}://${host}:${at}`;

const serve = (data: string, given: readonly string[]) =>
  new GochatProcess(['serve', '--port', '0', '--data', join(home.path, data), ...given], { cwd: home.path });

const gochat = (who: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ended> =>
  runGochat(args, { HOME: home.path, GOCHAT_PROFILE: join(home.path, `${who} ${count}`), ...env });

test('the server prints its https address', () => {
  expect(server.all).toContain(`--server ${address()}`);
});

test.each(['https', 'wss', 'tls'])(
  'two profiles chat over %s, and the link is one of https',
  async (scheme) => {
    const made = await gochat('ana', ['new', name, '--as', 'ana', '--server', address(scheme), '--ca', ca]);
    expect(made).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^https:\/\/localhost:\d+\/#\/join\/\S+\n$/),
    });
    const link = made.out.trim();
    expect(await gochat('ben', ['join', link, '--as', 'ben', '--no-chat', '--ca', ca])).toMatchObject({
      code: 0,
    });
    // By variable as well.
    expect(await gochat('ben', ['send', name, 'hello'], { GOCHAT_CA: ca })).toEqual({
      code: 0,
      out: '',
      err: '',
    });
    expect(await gochat('ana', ['tail', name, '--ca', ca])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/<ben> hello\n$/),
    });
  },
);

test('an untrusted certificate is refused with exit code 3 and a hint, also with --insecure', async () => {
  const args = ['new', name, '--as', 'ana', '--server', address()];
  const refused = await gochat('ana', [...args, ...BRIEFLY]);
  expect(refused).toEqual({
    code: 3,
    out: '',
    err: expect.stringMatching(/^gochat: .*self-signed.*--ca FILE.*\n$/),
  });
  const { out: link } = await gochat('ana', [...args, '--ca', ca]);
  expect(await gochat('ben', ['join', link.trim(), '--as', 'ben', '--no-chat', ...BRIEFLY])).toEqual({
    code: 3,
    out: '',
    err: expect.stringMatching(/^gochat: .*self-signed.*--ca FILE.*\n$/),
  });
  expect(await gochat('ana', [...args, '--insecure', ...BRIEFLY])).toMatchObject({ code: 3, out: '' });
  // Of this process, in which the command runs.
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(await gochat('ana', [...args, ...BRIEFLY])).toMatchObject({ code: 3, out: '' });
});

test('a message written without the certificate is queued, and sent once the certificate is trusted', async () => {
  await gochat('ana', ['new', name, '--as', 'ana', '--server', address(), '--ca', ca]);
  const queued = await gochat('ana', ['send', name, 'one', ...BRIEFLY]);
  expect(queued).toMatchObject({ code: 3, err: expect.stringContaining('queued') });
  expect(await gochat('ana', ['tail', name, ...BRIEFLY])).toMatchObject({
    code: 3,
    out: '',
    err: expect.stringContaining('self-signed'),
  });
  expect(await gochat('ana', ['send', name, 'two', '--ca', ca])).toMatchObject({ code: 0 });
  expect((await gochat('ana', ['tail', name, '--ca', ca])).out).toBe('<ana> one\n<ana> two\n');
});

test('a certificate for another host is refused', async () => {
  expect(
    await gochat('ana', [
      'new',
      name,
      '--as',
      'ana',
      '--server',
      address('https', '127.0.0.1'),
      '--ca',
      ca,
      ...BRIEFLY,
    ]),
  ).toEqual({ code: 3, out: '', err: expect.stringContaining('for another host') });
});

test('a certificate that has expired is refused', async () => {
  const made = await certificateFor('localhost', new Date(Date.now() - 24 * 3600 * 1000));
  const expired = serve(`rooms ${count}`, made.given);
  await expired.shows('To chat');
  const at = /:(\d+)\)/.exec(expired.all)?.[1];
  expect(
    await gochat('ana', [
      'new',
      name,
      '--as',
      'ana',
      '--server',
      address('https', 'localhost', at),
      '--ca',
      made.cert,
      ...BRIEFLY,
    ]),
  ).toEqual({ code: 3, out: '', err: expect.stringContaining('expired') });
  expect((await expired.stop('SIGTERM')).code).toBe(0);
});

test('a file without a certificate is a usage error at the start', async () => {
  const none = join(home.path, 'none.pem');
  writeFileSync(none, '-----BEGIN NONSENSE-----\n');
  for (const file of [none, join(home.path, 'nowhere.pem')]) {
    expect(
      await gochat('ana', ['new', name, '--as', 'ana', '--server', address(), '--ca', file]),
    ).toMatchObject({ code: 2, out: '', err: expect.stringContaining(`--ca: ${file} can't be read`) });
  }
});
