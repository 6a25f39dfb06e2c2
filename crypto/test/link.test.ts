import { inspect } from 'node:util';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { RoomId } from '@gochat/protocol/fields';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createIdentity, fingerprintOf } from '../src/identity.ts';
import { formatLink, type InviteLink, parseLink, resemblesLink } from '../src/link.ts';
import { LinkError } from '../src/link-error.ts';
import { roomOfPeople } from './assert.ts';
import { Person, seededEnv } from './world.ts';

const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 });

test('a link parses to what was formatted', () => {
  const address = fc.constantFrom(
    'http://127.0.0.1:4040',
    'https://chat.example',
    'http://[::1]:4040',
    'https://a.b:8443',
  );
  fc.assert(
    fc.property(
      address,
      bytes16,
      bytes16,
      bytes16,
      fc.option(bytes16),
      (where, room, secret, founder, inviter) => {
        const link = {
          address: where,
          room: encodeBytes(room) as RoomId,
          secret,
          founder,
          ...(inviter !== null && { inviter }),
        };
        expect(parseLink(formatLink(link))).toEqual(link);
        expect(parseLink(`  ${formatLink(link)}\n`)).toEqual(link);
      },
    ),
  );
});

const secret = seededEnv(3).random(16);
const whole = formatLink({
  address: 'http://127.0.0.1:4040',
  room: encodeBytes(seededEnv(4).random(16)) as RoomId,
  secret,
  founder: seededEnv(5).random(16),
});
const hidden = encodeBytes(secret);

const damaged: Record<string, string> = {
  'cut off in the fingerprint': whole.slice(0, -3),
  'cut off before the fingerprint': whole.slice(0, -23),
  'without its address': whole.slice(whole.indexOf('#')),
  'without a scheme that is ours': whole.replace('http:', 'ftp:'),
  'with a user in its address': whole.replace('http://', 'http://me:you@'),
  'with a character that is none': whole.replace(hidden, `${hidden.slice(0, 11)}*${hidden.slice(12)}`),
  'with a secret that is too long': whole.replace(hidden, `${hidden}AAAA`),
  'with a secret whose bits are left over': whole.replace(hidden, `${hidden.slice(0, -1)}B`),
  'with a damaged room': whole.replace('/join/', '/join/x'),
  'with a port that is none': whole.replace('4040', '99999'),
  'with a space in its address': whole.replace('127', '1 7'),
  'in the path': whole.replace('/#/', '/'),
  'as bare words': `join me with ${hidden}`,
};

/** Ways in which mail and chat programs change a link that is still recognized. */
const MANGLED: Readonly<Record<string, (link: string) => string>> = {
  'as it is': (link) => link,
  'a parameter after it': (link) => `${link}&utm_source=x`,
  'angle brackets': (link) => `<${link}>`,
  'an exclamation mark': (link) => `${link}!`,
  'a byte order mark': (link) => `\ufeff${link}`,
  'a Chinese full stop': (link) => `${link}。`,
  'a comma': (link) => `${link},`,
  'a line end of Windows': (link) => `${link}\r\n`,
  'curly quotes': (link) => `“${link}”`,
  'twice in one text': (link) => `${link} ${link}`,
  'a full stop': (link) => `${link}.`,
  'two hyphens as an em dash': (link) => link.replaceAll('--', '—'),
  'a bracket': (link) => `${link}>`,
  guillemets: (link) => `«${link}»`,
  'the remains of an entity': (link) => link.replace('#', '##35;'),
  'a Markdown link': (link) => `[join](${link})`,
  'a no-break space': (link) => `${link}\u00a0`,
  'no scheme': (link) => link.replace('http://', ''),
  'no slash before #': (link) => link.replace('/#', '#'),
  parentheses: (link) => `(${link})`,
  '# as %23': (link) => link.replace('#', '%23'),
  'dots as %2E': (link) => link.replaceAll('.', '%2E'),
  'slashes as %2F': (link) => link.replace('/join/', '%2Fjoin%2F'),
  'straight quotes': (link) => `"${link}"`,
  'a closing parenthesis': (link) => `${link})`,
  'a sentence around it': (link) => `join us: ${link}`,
  'one slash after the scheme': (link) => link.replace('//', '/'),
  'a soft hyphen': (link) => inside(link, '\u00ad'),
  asterisks: (link) => `*${link}*`,
  'a text fragment': (link) => `${link}:~:text=hello`,
  'a slash at its end': (link) => `${link}/`,
  'a scheme in capitals': (link) => link.replace('http', 'HTTP'),
  'parameters before #': (link) => link.replace('#', '?utm_source=mail&fbclid=abc#'),
  'parameters at its end': (link) => `${link}?fbclid=abc123`,
  'a line break of quoted-printable mail': (link) => inside(link, '=\n'),
  'a line break': (link) => inside(link, '\n'),
  'a line break and an indent': (link) => inside(link, '\n  '),
  'a zero-width space': (link) => inside(link, '\u200b'),
  'a zero-width space at its end': (link) => `${link}\u200b`,

  'two hyphens as an en dash': (link) => link.replaceAll('--', '–'),
  'hyphens as en dashes': (link) => link.replace(/-(?!-)/g, '–'),
  'hyphens that do not break': (link) => link.replaceAll('-', '\u2011'),
  'a line break of a quoted mail': (link) => inside(link, ' \r\n> '),
  'a line break before #': (link) => link.replace('#', '\n#'),
  'a space in it': (link) => inside(link, ' '),
  'underscores around it': (link) => `_${link}_`,
  'a Slack link': (link) => `<${link}|join us>`,
  'a Markdown link with a shortened text': (link) => `[${link.slice(0, 40)}…](${link})`,
  'a link in HTML': (link) => `<a href="${link.replace('#', '&#x23;')}">join</a>`,
  '# as an entity': (link) => link.replace('#', '&num;'),
  'encoded twice': (link) => encodeURIComponent(encodeURIComponent(link)),
  'a redirector': (link) => `https://l.example/l.php?u=${encodeURIComponent(link)}&h=AT0`,
  'a mail filter': (link) =>
    `https://safe.example/?url=${encodeURIComponent(link)}&amp;data=05%7C01&reserved=0`,
  'a mail filter that replaces #': (link) =>
    `https://urldefense.example/v3/__${link.replace('#', '*')}__;Iw!!AbC$`,
  'made harmless': (link) => link.replace('http', 'hxxp').replaceAll(/\.(?=\d+[.:])/g, '[.]'),
  'Markdown escapes': (link) => link.replace(/[#._-]/g, '\\$&'),
  'a JSON string': (link) => `{"link":"${link.replaceAll('/', '\\/').replace('#', '\\u0023')}"}`,
  'full-width punctuation': (link) => link.replace(':', '：').replaceAll('/', '／'),
  'right-to-left text around it': (link) => `הצטרפו \u200e${link}\u200f עכשיו`,
  'Chinese text around it': (link) => `加入${link}，谢谢`,
  'bullet and description': (link) => `• GoChat – ${link}\n  valid for 7 days`,
  'a chevron of a mail reply, and a sentence after it': (link) => `> ${link}\n> See you there`,
  'another web address before it': (link) => `https://gochat.example/about\n${link}`,
  'twice without a space': (link) => `${link}${link}`,
};

/** With something in the middle of the secret. */
function inside(link: string, what: string): string {
  const at = link.indexOf('.', link.indexOf('#')) + 8;
  return `${link.slice(0, at)}${what}${link.slice(at)}`;
}

/** Links whose values hold hyphens and underscores, which programs change most. */
const LINKS = [
  {
    address: 'http://127.0.0.1:14771',
    room: 'lY56Gb4yAgE5FdHt22D15w' as RoomId,
    secret: decodeBytes('w0uLp6e96DMh--HuxRbVHA'),
    founder: decodeBytes('n9Ez3LylqijuPF0etpcesQ'),
  },
  {
    address: 'http://127.0.0.1:4040',
    room: '-_56Gb4yAgE5FdHt22D-_w' as RoomId,
    secret: decodeBytes('_0uLp-e96DMhx-HuxR_V-A'),
    founder: decodeBytes('--Ez3LylqijuPF0etpc__g'),
  },
];

/** Those of members who aren't the founder have a fourth value. */
const WITH_INVITER = [
  { ...LINKS[0], inviter: decodeBytes('-9Ez3Lylqij--F0etpce_Q') },
  { ...LINKS[1], inviter: decodeBytes('K_Ez-LylqijuPF0e--ce-g') },
] as InviteLink[];
const ALL: readonly InviteLink[] = [...LINKS, ...WITH_INVITER];

test('the founder is not named twice', () => {
  for (const link of LINKS) {
    const { founder } = link;
    expect(formatLink({ ...link, inviter: founder })).toBe(formatLink(link));
    expect(parseLink(`${formatLink(link)}.${encodeBytes(founder)}`)).toEqual(link);
  }
});

test('a link whose inviter is damaged is found without it', () => {
  for (const [i, link] of WITH_INVITER.entries()) {
    const text = formatLink(link);
    for (let cut = 1; cut <= 23; cut += 1) expect(parseLink(text.slice(0, -cut))).toEqual(LINKS[i]);
    expect(parseLink(`${text.slice(0, -3)}\nsee you there`)).toEqual(LINKS[i]);
    expect(parseLink(`${text}abc`)).toEqual(LINKS[i]);
  }
  const [link] = LINKS as [InviteLink];
  for (const after of ['. See you at the kitchen tonight', '.\nSee you', '.see you', '.'])
    expect(parseLink(`${formatLink(link)}${after}`)).toEqual(link);
});

test('a line break within the inviter is no end of a link', () => {
  for (const link of WITH_INVITER) {
    const text = formatLink(link);
    for (const gap of ['\n', '\r\n> ', ' \n  ', '=\n'])
      for (let at = 1; at <= 23; at += 1)
        expect(parseLink(`${text.slice(0, -at)}${gap}${text.slice(-at)}\n`)).toEqual(link);
  }
});

test.each(Object.entries(MANGLED))('a link is found in a text with %s', (_, mangle) => {
  for (const link of ALL) expect(parseLink(mangle(formatLink(link)))).toEqual(link);
});

test.each(Object.entries(MANGLED).filter(([, mangle]) => mangle('#').startsWith('#')))(
  'a link is found in the address bar of a browser with %s',
  (_, mangle) => {
    for (const link of ALL) {
      const [address, fragment] = formatLink(link).split('#');
      expect(parseLink(new URL(`${address}${mangle(`#${fragment}`)}`).href)).toEqual(link);
    }
  },
);

test('a link without a scheme is encrypted, except on this machine', () => {
  const bare = formatLink({ ...LINKS[0], address: '' } as InviteLink);
  const addressOf = (host: string) => parseLink(`join us at ${host}${bare}, now`).address;
  expect(addressOf('chat.example')).toBe('https://chat.example');
  expect(addressOf('chat.example:8443')).toBe('https://chat.example:8443');
  expect(addressOf('192.168.1.2:4040')).toBe('https://192.168.1.2:4040');
  expect(addressOf('localhost:4040')).toBe('http://localhost:4040');
  expect(addressOf('127.0.0.1:4040')).toBe('http://127.0.0.1:4040');
  expect(addressOf('[::1]:4040')).toBe('http://[::1]:4040');
  expect(addressOf('[2001:db8::1]:4040')).toBe('https://[2001:db8::1]:4040');
});

test.each([
  ['in lower case, since the values distinguish it', (link: string) => link.toLowerCase(), 'damaged'],
  ['in capitals', (link: string) => link.toUpperCase(), 'damaged'],
  ['without its last characters', (link: string) => `${link.slice(0, -2)}, see you`, 'damaged'],
  ['completed by the next words', (link: string) => `${link.slice(0, -10)}\nsee you there`, 'damaged'],
  ['with letters after it', (link: string) => `${link}abc`, 'damaged'],
  ['at a host that is cut', (link: string) => link.replace('http://127', 'bücher'), 'damaged'],
  ['of another scheme', (link: string) => link.replace('http:', 'ftp:'), 'scheme'],
  ['with a user', (link: string) => link.replace('http://', 'http://ana@'), 'user'],
  ['with a user and no scheme', (link: string) => link.replace('http://', 'ana@'), 'user'],
  ['of which the address is left', (link: string) => link.slice(0, link.indexOf('#')), 'fragment'],
  ['that a browser has sent to its server', () => 'http://127.0.0.1/#/join/%23', 'exposed'],
  ['that is none', () => 'see you at the join/meeting', 'form'],
  ['that is empty', () => '', 'form'],
])('a link %s is not found, and the reason is right', (_, mangle, code) => {
  for (const link of LINKS)
    expect(() => parseLink(mangle(formatLink(link)))).toThrow(expect.objectContaining({ code }));
});

test('a link is distinguished from the name of a room', () => {
  const whole = formatLink(LINKS[0] as InviteLink);
  for (const text of [whole, whole.slice(0, -9), whole.replace('http://', ''), 'https://chat.example'])
    expect(resemblesLink(text)).toBe(true);
  for (const text of ['kitchen', 'join/us', 'C# join', 'a:b', '#general'])
    expect(resemblesLink(text)).toBe(false);
});

test('hostile text costs less than two seconds of the processor', () => {
  const start = process.cpuUsage();
  for (const part of [
    '#/join/',
    'http:',
    'http://a/#/join/A',
    `${'A'.repeat(22)}.`,
    ' \n>',
    '%25',
    '&#x25;',
    '—',
  ])
    expect(() => parseLink(part.repeat(100_000))).toThrow(LinkError);
  expect(process.cpuUsage(start).user).toBeLessThan(2_000_000);
});

test.each(Object.entries(damaged))(
  'a link %s is refused with an error that does not contain the secret',
  (_, text) => {
    let thrown: unknown;
    try {
      parseLink(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(LinkError);
    const printed = inspect(thrown, { depth: 9, showHidden: true });
    for (let at = 0; at + 8 <= hidden.length; at += 1)
      expect(printed).not.toContain(hidden.slice(at, at + 8));
  },
);

test("a link with another founder can't join", async () => {
  const { log, link, env } = await roomOfPeople('ana', 'ben');
  const eve = new Person('eve', env);
  const founder = fingerprintOf(createIdentity(env).identity.publicKey);
  await expect(eve.joins(log, { ...link, founder })).rejects.toMatchObject({
    name: 'RoomError',
    code: 'other-room',
  });
});

test("a link with another room can't join", async () => {
  const { log, link, env } = await roomOfPeople('ana', 'ben');
  const eve = new Person('eve', env);
  const room = encodeBytes(env.random(16)) as RoomId;
  await expect(eve.joins(log, { ...link, room })).rejects.toMatchObject({
    name: 'RoomError',
    code: 'bad-invite',
  });
});

test('the GroupInfo of another room is refused', async () => {
  const here = await roomOfPeople('ana', 'ben');
  const there = await roomOfPeople('eve', 'mal');
  const dan = new Person('dan', here.env);
  const info = here.log.info(here.link);
  there.log.info = () => info;
  await expect(dan.asksToJoin(there.log, there.link)).rejects.toMatchObject({ code: 'bad-invite' });
  here.log.groupInfo = there.log.groupInfo;
  await expect(dan.asksToJoin(here.log, here.link)).rejects.toMatchObject({ code: 'bad-invite' });
});

test('a link to a message is called one, and an invite beside it is found', () => {
  const id = encodeBytes(new Uint8Array(16));
  const message = `https://chat.example/#/message/${id}.12.${id}`;
  for (const text of [message, `look: ${message}!`, message.replace('#', '%23')])
    expect(() => parseLink(text)).toThrow(expect.objectContaining({ code: 'for-message' }));
  const secret = new Uint8Array(16).fill(7);
  const invite = { address: 'https://chat.example', room: id as RoomId, secret, founder: secret };
  for (const text of [`${message} ${formatLink(invite)}`, `${formatLink(invite)} ${message}`])
    expect(parseLink(text)).toEqual(invite);
});
