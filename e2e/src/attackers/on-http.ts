import { PROTOCOL_VERSION } from '@gochat/protocol/version';
import { type Attack, type Outcome, type Target, tally } from './attack.ts';
import { crowd, Intruder } from './intruder.ts';

const HELLO = (port: number) =>
  `{"type":"hello","id":"1","version":${PROTOCOL_VERSION},"origin":"127.0.0.1:${port}"}\n`;

/** Hides a second request, or frames, after a request with contradictory lengths. */
export const smuggling: Attack = (target) => {
  const host = `Host: 127.0.0.1:${target.port}\r\n`;
  const hidden = `GET /healthz HTTP/1.1\r\n${host}\r\n`;
  const hello = HELLO(target.port);
  const requests = [
    `POST / HTTP/1.1\r\n${host}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\n${hidden}\r\n0\r\n\r\n`,
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`,
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${hidden}`,
    `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nContent-Length: 0\r\n\r\n${hidden}`,
    `GET / HTTP/1.1\r\n${host} folded: ${hidden}`,
    `GET / HTTP/1.1\n${host.trim()}\nContent-Length : 0\n\n${hello}`,
    `GET /healthz HTTP/1.1\r\n${host}Content-Length: ${hello.length}\r\n\r\n${hello}`,
    `GET / HTTP/1.1\r\n${host}\r\n${hello}`,
    `\r\n${hello}`,
    ` ${hello}`,
    `{\r\n${hidden}`,
    `{"type":"hello"}\r\n${hidden}`,
    `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${hello}`,
    `GET /ws HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n${hello}`,
    `GET /ws HTTP/1.1\r\n${host}Connection: keep-alive\r\nUpgrade: h2c\r\n\r\n${hello}`,
    `CONNECT 127.0.0.1:22 HTTP/1.1\r\n${host}\r\n${hello}`,
    `GET http://169.254.169.254/ HTTP/1.1\r\n${host}\r\n`,
  ];
  // Two answers to one request, the hidden one's answer, or a welcome: none of it may come.
  return each(target, requests, (heard) => {
    const answers = heard.match(/HTTP\/1\.1 \d{3}/g) ?? [];
    const got = heard.includes('"welcome"') || answers.filter((line) => line.endsWith(' 200')).length > 1;
    return { got, details: heard.includes('"code"') ? 'error frame' : (answers[0]?.slice(9) ?? 'ended') };
  });
};

/** Ways out of the folder of the page. */
export const traversal: Attack = (target) => {
  const climbs = ['..', '%2e%2e', '%2E%2E', '..%00', '.%2e', '..;', '%252e%252e', '..%c0%af', '....//..'];
  const goals = ['etc/passwd', 'package.json', 'gochat.js', 'proc/self/environ'];
  const paths = climbs.flatMap((climb) =>
    goals.flatMap((goal) => [
      `/${`${climb}/`.repeat(8)}${goal}`,
      `/assets/${`${climb}/`.repeat(8)}${goal}`,
      `/${`${climb}%2f`.repeat(3)}${goal}`,
      `/${`${climb}\\`.repeat(3)}${goal}`,
      `//${climb}/${goal}`,
    ]),
  );
  const requests = [...paths, '/log.mdb', '/.env', '/__proto__', '/constructor', '/index.html/..', '/%'].map(
    (path) => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${target.port}\r\nConnection: close\r\n\r\n`,
  );
  return each(target, requests, (heard) => {
    const status = /HTTP\/1\.1 (\d{3})/.exec(heard)?.[1] ?? 'ended';
    return { got: status.startsWith('2') || /root:|"name":|mdb/.test(heard), details: status };
  });
};

/** A WebSocket as another page would open it, and as one whose name was made to point here. */
export const foreignOrigin: Attack = (target) => {
  const self = `127.0.0.1:${target.port}`;
  const foreign = [
    'https://evil.example',
    `http://evil.example:${target.port}`,
    `http://127.0.0.1:${target.port}.evil.example`,
    `http://127.0.0.1:1`,
    'null',
    `file://`,
    `http://${self}@evil.example`,
    `chrome-extension://${self}`,
  ];
  const upgrade = (host: string, origin: string) =>
    `GET /ws HTTP/1.1\r\nHost: ${host}\r\nOrigin: ${origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`;
  const requests = [
    ...foreign.map((origin) => upgrade(self, origin)),
    ...['evil.example', `evil.example:${target.port}`, '169.254.169.254', ''].map((host) =>
      upgrade(host, `http://${host}`),
    ),
  ];
  return each(target, requests, (heard) => {
    const status = /HTTP\/1\.1 (\d{3})/.exec(heard)?.[1] ?? 'ended';
    return { got: status === '101', details: status };
  });
};

/** Sends each request on a separate connection and checks all that the server answers. */
async function each(
  { port }: Target,
  requests: readonly string[],
  judge: (heard: string) => { readonly got: boolean; readonly details: string },
): Promise<Outcome> {
  const answers: { readonly got: boolean; readonly details: string }[] = [];
  for (let done = 0; done < requests.length; done += 20) {
    const some = requests.slice(done, done + 20);
    const heard = await crowd(some.length, async (i) => {
      const intruder = await Intruder.open(port, i);
      intruder.write(some[i] ?? '');
      // Everything until the connection ends or the time is over.
      await intruder.hears(/(?!)/, 1_500);
      intruder.close();
      return intruder.heard;
    });
    answers.push(...heard.map(judge));
  }
  return {
    tried: requests.length,
    got: answers.filter(({ got }) => got).length,
    details: tally(answers.map(({ details }) => details)),
  };
}
