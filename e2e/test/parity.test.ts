import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BrowserPerson } from '../src/browser/browser-person.ts';
import { findChromium, launchChromium } from '../src/browser/chromium.ts';
import { temporary } from '../src/people/people.ts';
import { type ChatScreen, notice, shows, TerminalChat, WebChat } from '../src/screens/chat-screen.ts';
import { asksToJoin, decides, linkForAsking } from '../src/screens/knocks.ts';
import { buildGochat } from '../src/terminal/gochat-process.ts';
import { findTmux, TmuxScreen } from '../src/terminal/tmux-screen.ts';
import { needed } from '../src/tool.ts';

/** What people expect of any chat: each is played on both screens, and read on both. */
const FEATURES = [
  'day separators',
  'folded notices',
  'markdown',
  'code',
  'quotes, lists and links',
  'replies with a jump to the quoted',
  'threads',
  'reactions',
  'polls',
  'forwarding',
  'links to messages',
  'edits',
  'deletes for everyone',
  'files',
  'mentions',
  '/me',
  'emoji shortcodes',
  'emoji picker',
  'typing',
  'who is here',
  'unread line',
  'delivery state',
  'drafts',
  'search',
  'saving the conversation',
  'pasting many lines',
  'invites with a QR code',
  'safety numbers and verified marks',
  'devices',
  'linking a device',
  'older messages of other devices',
  'a recovery link',
  'saving and restoring a backup',
  'settings that lead to devices and backup',
  'rename and topic',
  'history for newcomers',
  'messages that disappear',
  'muting',
  'a new name',
  'roles',
  'rules',
  'pins',
  'ignoring',
  'several rooms',
  'writing to one member alone',
  'refused changes',
  'removing',
  'asking to join',
  'leaving',
] as const;
type Feature = (typeof FEATURES)[number];

/** Waits until a message is no longer on its way: some commands on it are refused before. */
function isSent(by: ChatScreen, text: string): Promise<void> {
  return shows(by, [new RegExp(`${text}[\\s\\S]*(?:✓|sent|read by)`)]);
}

/** Played twice with the parts swapped. `tag` makes its words its own. */
type Step = (by: ChatScreen, to: ChatScreen, tag: string) => Promise<void>;

const STEPS: Readonly<Record<Feature, Step>> = {
  markdown: async (by, to, tag) => {
    await by.says(`so **bold${tag}** and *leaning${tag}*`);
    for (const screen of [by, to]) await shows(screen, [`so bold${tag} and leaning${tag}`]);
  },
  code: async (by, to, tag) => {
    await by.says(`use \`tick${tag}\``);
    await by.says(`\`\`\`js\nconst fence${tag} = "yes";\n\`\`\``);
    for (const screen of [by, to])
      await shows(screen, [`use tick${tag}`, `const fence${tag} = "yes";`], ['```js']);
  },
  'quotes, lists and links': async (by, to, tag) => {
    await by.says(`> quoted${tag}\n\n- item${tag}\n\nhttps://example.org/${tag}`);
    for (const screen of [by, to])
      await shows(screen, [`quoted${tag}`, `item${tag}`, `https://example.org/${tag}`], [`> quoted${tag}`]);
  },
  'replies with a jump to the quoted': async (by, to, tag) => {
    await by.says(`question${tag}`);
    await to.on(`question${tag}`, 'reply');
    await shows(to, [new RegExp(`question${tag}[\\s\\S]*question${tag}`)]);
    await to.says(`answer${tag}`);
    for (const screen of [by, to])
      await shows(screen, [new RegExp(`question${tag}[\\s\\S]*question${tag}[\\s\\S]*answer${tag}`)]);
    await by.on(`answer${tag}`, 'quoted');
  },
  threads: async (by, to, tag) => {
    await by.says(`aside${tag}`);
    await by.says(`topic${tag}`);
    await to.on(`topic${tag}`, 'reply');
    await shows(to, [new RegExp(`topic${tag}[\\s\\S]*topic${tag}`)]);
    await to.says(`first${tag}`);
    for (const screen of [by, to])
      await shows(screen, [new RegExp(`topic${tag}[\\s\\S]*1 reply[\\s\\S]*first${tag}`)]);
    await by.on(`first${tag}`, 'thread');
    await shows(
      by,
      ['One message and the replies to it', `topic${tag}`, `first${tag}`],
      [/: *aside/, '1 reply'],
    );
    await by.says(`second${tag}`);
    await shows(by, ['One message and the replies to it', `second${tag}`]);
    await shows(to, [new RegExp(`topic${tag}[\\s\\S]*2 replies`), `second${tag}`]);
    await by.says('/close-thread');
    await shows(by, [`aside${tag}`, '2 replies'], ['One message and the replies to it']);
  },
  reactions: async (by, to, tag) => {
    await by.says(`applause${tag}`);
    await to.on(`applause${tag}`, 'react');
    await to.picks('tada', '🎉');
    for (const screen of [by, to]) await shows(screen, [new RegExp(`applause${tag}[\\s\\S]*🎉\\s*1`)]);
  },
  edits: async (by, to, tag) => {
    await by.says(`mistale${tag}`);
    await shows(to, [`mistale${tag}`]);
    await isSent(by, `mistale${tag}`);
    await by.on(`mistale${tag}`, 'edit');
    await by.says(`mistake${tag}`);
    for (const screen of [by, to])
      await shows(screen, [new RegExp(`mistake${tag}[\\s\\S]*edited \\d\\d:\\d\\d`)], [`mistale${tag}`]);
  },
  'deletes for everyone': async (by, to, tag) => {
    await by.says(`slip${tag}`);
    await shows(to, [`slip${tag}`]);
    await isSent(by, `slip${tag}`);
    await by.on(`slip${tag}`, 'delete');
    await shows(by, ['Delete this message for everyone?']);
    await by.confirms();
    await shows(by, ['You deleted this message'], [`slip${tag}`]);
    await shows(to, [`${by.name} deleted this message`], [`slip${tag}`]);
  },
  files: async (by, to, tag) => {
    await by.attaches(`paper${tag}.txt`, `written${tag}`, `with paper${tag}`);
    for (const screen of [by, to])
      await shows(screen, [new RegExp(`with paper${tag}[\\s\\S]*paper${tag}\\.txt[\\s\\S]*\\d+ bytes`)]);
    expect(await to.saves()).toBe(`written${tag}`);
    await isSent(by, `with paper${tag}`);
    await by.on(`with paper${tag}`, 'delete');
    await shows(by, ['Delete this message for everyone?']);
    await by.confirms();
    for (const screen of [by, to]) await shows(screen, [], [`with paper${tag}`]);
  },
  'saving the conversation': async (by, to, tag) => {
    await by.says(`keep${tag}`);
    await shows(to, [`keep${tag}`]);
    expect(await to.exports()).toMatch(
      new RegExp(`^-- kitchen\n(?:.*\n)*\\d{4}-.* <${by.name}> keep${tag}\n`),
    );
  },
  polls: async (by, to, tag) => {
    await by.says(`/poll Tea${tag}? | green${tag} | black${tag}`);
    for (const screen of [by, to])
      await shows(screen, [
        `Tea${tag}?`,
        'Choose one answer',
        `green${tag}`,
        `black${tag}`,
        'Nobody has voted',
      ]);
    await to.says('/vote 2');
    for (const screen of [by, to]) await shows(screen, ['1 person has voted'], ['Nobody has voted']);
    await by.says('/vote');
    await shows(by, ['Choose an answer']);
    await by.chooses(`green${tag}`);
    for (const screen of [by, to]) await shows(screen, ['2 people have voted']);
    await by.says('/vote 2');
    for (const screen of [by, to]) await shows(screen, [new RegExp(`black${tag}[^\\n]*\\s2\\b`)]);
    await by.says('/vote 9');
    await shows(by, ['Say the number of an answer, from 1 to 2']);
    await by.writes('');
    await by.says('/close');
    await shows(by, ['Close this poll?']);
    await by.confirms();
    await shows(by, ['You closed this poll. The votes are final.', '2 people have voted'], ['Choose one']);
    await shows(to, [`${by.name} closed this poll. The votes are final.`], ['Choose one answer']);
    await to.says('/vote 1');
    await shows(to, ['There is no open poll here']);
    await to.writes('');
    await by.on(`Tea${tag}?`, 'delete');
    await shows(by, ['Delete this message for everyone?']);
    await by.confirms();
    for (const screen of [by, to]) await shows(screen, [], [`Tea${tag}?`]);
  },
  forwarding: async (by, to, tag) => {
    await to.says(`pass on${tag}`);
    await shows(by, [`pass on${tag}`]);
    await by.on(`pass on${tag}`, 'forward');
    await shows(by, ['Forward to which room?']);
    await by.picks('garden', 'garden');
    await shows(by, ['Forward to garden']);
    await by.confirms();
    await shows(by, ['Forwarded to garden']);
    for (const screen of [by, to]) {
      await screen.opens('garden');
      await shows(screen, [new RegExp(`forwarded from ${to.name}[\\s\\S]*pass on${tag}`)]);
      await screen.opens('kitchen');
    }
  },
  'links to messages': async (by, to, tag) => {
    await by.says(`landmark${tag}`);
    await shows(to, [`landmark${tag}`]);
    await isSent(by, `landmark${tag}`);
    await by.on(`landmark${tag}`, 'copy-link');
    await shows(by, ['Link copied. Only members of this room can read the message.']);
    const link = (await by.copied()).trim();
    expect(link).toMatch(/^http:\/\/[^/]+\/#\/message\/[\w-]{22}\.\d+\.[\w-]{22}$/);
    for (const screen of [by, to]) await screen.opens('garden');
    await by.says(`see${tag} ${link}`);
    for (const screen of [by, to]) await shows(screen, [`see${tag} message in kitchen`], ['#/message/']);
    for (const screen of [by, to]) {
      await screen.follows(`see${tag}`);
      await shows(screen, [`landmark${tag}`]);
    }
    await by.says(`/join ${link.replace(/message\/./, 'message/_')}`);
    await shows(by, ['a message in a room that you are not in']);
  },
  mentions: async (by, to, tag) => {
    await by.says(`@${to.name} look${tag}`);
    for (const screen of [by, to]) await shows(screen, [`@${to.name} look${tag}`]);
  },
  '/me': async (by, to, tag) => {
    await by.says(`/me waves${tag}`);
    for (const screen of [by, to]) await shows(screen, [new RegExp(`${by.name}\\s+waves${tag}`)], ['/me']);
  },
  'emoji shortcodes': async (by, to, tag) => {
    await by.says(`short :rocket: code${tag}`);
    for (const screen of [by, to]) await shows(screen, [`short 🚀 code${tag}`]);
  },
  'emoji picker': async (by, to, tag) => {
    await by.says('/emoji');
    await by.picks('pineapple', '🍍');
    await shows(by, ['🍍']);
    await by.writes(`picked 🍍${tag}`);
    await by.says(`picked 🍍${tag}`);
    for (const screen of [by, to]) await shows(screen, [`picked 🍍${tag}`]);
  },
  typing: async (by, to, tag) => {
    await by.writes(`thinking${tag}`);
    await shows(to, [`${by.name} is typing`]);
    await by.says(`thought${tag}`);
    await shows(to, [`thought${tag}`], [`${by.name} is typing`]);
  },
  'who is here': async (by, to) => {
    await by.looksAway();
    await by.looksBack();
    await to.says('/members');
    await shows(to, [/here now/]);
    await to.closes('here now');
  },
  'unread line': async (by, to, tag) => {
    await to.looksAway();
    await by.says(`new${tag}`);
    await shows(to, [new RegExp(`New messages[\\s\\S]*new${tag}`)]);
    await to.looksBack();
    await to.says(`seen${tag}`);
    await shows(to, [`seen${tag}`], ['New messages']);
  },
  'delivery state': async (by, to, tag) => {
    await by.says(`delivered${tag}`);
    await shows(to, [`delivered${tag}`]);
    await shows(by, [new RegExp(`delivered${tag}[\\s\\S]*(?:✓✓|read by ${to.name})`)]);
  },
  drafts: async (by, _to, tag) => {
    await by.writes(`half a thought${tag}`);
    await by.opens('garden');
    await shows(by, [], [new RegExp(`half a thought${tag}\\s*$`, 'm')]);
    await by.opens('kitchen');
    await shows(by, [`half a thought${tag}`]);
    await by.writes('');
  },
  search: async (by, to, tag) => {
    await by.says(`haystack needle${tag}`);
    await shows(to, [`haystack needle${tag}`]);
    await by.searches(`NEEDLE${tag}`);
    await shows(by, [/1 result|1 of 1/]);
    await by.endsSearch();
  },
  'day separators': async (by, to) => {
    for (const screen of [by, to]) await shows(screen, ['Today']);
  },
  'folded notices': async (by, to, tag) => {
    await by.says(`/topic first${tag}`);
    await shows(to, [`first${tag}`]);
    await by.says(`/topic second${tag}`);
    for (const screen of [by, to]) await shows(screen, [new RegExp(`first${tag}[\\s\\S]*second${tag}`)]);
  },
  'pasting many lines': async (by, to, tag) => {
    await by.pastes(`one${tag}\ntwo${tag}\nthree${tag}\nfour${tag}`);
    await shows(by, ['Paste 4 lines?']);
    await by.chooses('Send now');
    for (const screen of [by, to]) await shows(screen, [`one${tag}`, `four${tag}`], ['Paste 4 lines?']);
  },
  'invites with a QR code': async (by) => {
    await by.says('/invite');
    await shows(by, ['Expires after']);
    await by.confirms();
    await shows(by, [/#\/join\//]);
    await by.closes('Anyone with this link');
    await by.says('/invites');
    await shows(by, [new RegExp(`by ${by.name}, expires`)]);
    await by.closes('Invites');
  },
  'safety numbers and verified marks': async (by, to) => {
    await by.says(`/verify ${to.name}`);
    await shows(by, [/\d{5} \d{5} \d{5} \d{5}/]);
    await by.chooses('The numbers match');
    await shows(by, ['Remove the verified mark']);
    await by.chooses('Remove the verified mark');
    await by.closes('The numbers match');
  },
  devices: async (by, _to, tag) => {
    await by.says('/devices');
    await shows(by, ['Your devices', /this device, 2 rooms/, 'Link another device']);
    await by.chooses('Device ');
    await shows(by, ['Device key:']);
    await by.chooses('Rename');
    await by.fills([`desk${tag}`]);
    await shows(by, [`desk${tag}`, 'Renamed']);
    await by.chooses(`desk${tag}`);
    await by.chooses('It was copied');
    await shows(by, ['Report a copy of this device']);
    await by.confirms();
    await shows(by, ['This device has new keys']);
  },
  'linking a device': async (by) => {
    await by.says('/link');
    await shows(by, [/#\/link\//, /can be used once, until/]);
    await by.closes('can be used once');
  },
  'older messages of other devices': async (by) => {
    await by.says('/older');
    await shows(by, [notice('No other device can send older messages')]);
  },
  'a recovery link': async (by) => {
    await by.says('/recovery');
    await shows(by, ['You have none', 'Your devices']);
    await by.chooses('Make a recovery link');
    await shows(by, [/#\/recover\//, 'Whoever has it becomes you', /leads into \d room/]);
    await by.closes('Whoever has it becomes you');
    await shows(by, ['The link is not shown again']);
    await by.confirms();
    await by.says('/recovery');
    await shows(by, ['You have one'], ['The link is not shown again']);
    await by.closes('You have one');
  },
  'saving and restoring a backup': async (by, to, tag) => {
    const file = await by.backsUp(`passphrase of ${tag}`);
    expect(file.toString('latin1')).toMatch(/^age-encryption\.org\/v1\n-> scrypt/);
    await to.restores(`other${tag}.age`, file);
    await shows(to, ['Restore a backup', `other${tag}.age`, 'Passphrase or recovery link']);
    // Stretching a passphrase takes a second each time; nothing is stored in a profile that is somebody else's.
    await to.fills([`another one of ${tag}`]);
    await shows(to, ['This doesn’t open the backup'], [`another one of ${tag}`]);
    await to.closes('Restore a backup');
  },
  'settings that lead to devices and backup': async (by) => {
    await by.says('/settings');
    await shows(by, ['Devices and backup', 'Link another device', 'Recovery link', 'Save a backup']);
    await by.closes('Devices and backup');
  },
  'rename and topic': async (by, to, tag) => {
    await by.says(`/topic about${tag}`);
    for (const screen of [by, to]) await shows(screen, [`about${tag}`, /changed the topic/]);
  },
  'history for newcomers': async (by, to, tag) => {
    const messages = 100 + (tag.charCodeAt(0) % 50);
    await by.says(`/history ${messages}`);
    for (const screen of [by, to]) await shows(screen, [`let newcomers read the last ${messages} messages`]);
  },
  'messages that disappear': async (by, to, tag) => {
    const count = tag.startsWith('w') ? 6 : 7;
    for (const unit of ['day', 'second']) {
      await by.says(`/expire ${count}${unit[0]}`);
      const notice = new RegExp(`to\\W+disappear\\W+after\\W+${count}\\W+${unit}s`, 'u');
      for (const screen of [by, to]) await shows(screen, [notice]);
    }
    await by.says(`gone${tag}`);
    await shows(by, [`gone${tag}`]);
    await to.says(`soon${tag}`);
    await shows(to, [`soon${tag}`]);
    for (const screen of [by, to]) await shows(screen, [], [`gone${tag}`, `soon${tag}`]);
    await by.says('/expire off');
    for (const screen of [by, to])
      await shows(screen, [new RegExp(`${by.name}\\W+let\\W+new\\W+messages\\W+stay`, 'u')]);
  },
  muting: async (by) => {
    await by.says('/mute');
    await shows(by, ['This room is muted']);
    await by.says('/mute');
    await shows(by, ['You get notifications about all messages in this room']);
  },
  'a new name': async (by, to, tag) => {
    await by.says(`/nick name${tag}`);
    for (const screen of [by, to]) await shows(screen, [notice(`is now called name${tag}`)]);
    await by.says(`/nick ${by.name}`);
    for (const screen of [by, to]) await shows(screen, [notice(`name${tag} is now called ${by.name}`)]);
  },
  roles: async (by, to) => {
    await by.says(`/role ${to.name} observer`);
    for (const screen of [by, to]) await shows(screen, [notice(`muted ${to.name}`)]);
    await shows(to, ['You can’t write here: you are an observer. You can react.']);
    await to.says('not now');
    await shows(to, ['not now']);
    await to.writes('');
    await shows(by, [], ['not now']);
    await by.says(`/role ${to.name} king`);
    await shows(by, ['There is no role “king”']);
    await by.writes('');
    await by.says(`/role ${to.name}`);
    await shows(by, [`Role of ${to.name}`, 'Observer: reads and reacts']);
    await by.chooses('Admin: changes settings');
    // Opening another room ends the line about what was refused.
    for (const room of ['garden', 'kitchen']) await to.opens(room);
    await shows(to, [notice(`muted ${to.name}; ${by.name} made ${to.name} admin`)], ['You can’t write here']);
  },
  rules: async (by, to) => {
    await by.says('/rules');
    await shows(by, ['Room settings', 'Who can write', 'Slow mode', 'Who can invite', 'disappear after']);
    await by.closes('Room settings');
    await to.says('/bans');
    await shows(to, ['Nobody is banned.']);
    await to.closes('Nobody is banned.');
  },
  pins: async (by, to, tag) => {
    await to.says(`to keep${tag}`);
    await shows(by, [`to keep${tag}`]);
    await by.on(`to keep${tag}`, 'pin');
    for (const screen of [by, to]) await shows(screen, [notice('pinned a message')]);
    await to.says('/pins');
    await shows(to, ['Pinned messages', new RegExp(`to keep${tag}[\\s\\S]*to keep${tag}`)]);
    await to.closes('Pinned messages');
  },
  ignoring: async (by, to, tag) => {
    await to.says(`noise${tag}`);
    await shows(by, [`noise${tag}`]);
    await by.says(`/ignore ${to.name}`);
    await shows(by, ['(ignored)'], [`: noise${tag}`]);
    await by.says(`/unignore ${to.name}`);
    await shows(by, [`noise${tag}`], ['(ignored)']);
  },
  'several rooms': async (by, to, tag) => {
    await by.opens('garden');
    await by.says(`in the garden${tag}`);
    await to.opens('garden');
    await shows(to, [`in the garden${tag}`]);
    for (const screen of [by, to]) await screen.opens('kitchen');
    await shows(to, ['about']);
  },
  'writing to one member alone': async (by, to, tag) => {
    // The second time they write in the conversation that there is.
    const isFirst = !(await by.text()).includes('People');
    await by.says(`/dm ${to.name} psst${tag}`);
    await shows(by, [`psst${tag}`]);
    if (isFirst) {
      await shows(to, ['1 request']);
      await to.says('/requests');
      await to.chooses(`kitchen: psst${tag}`);
      await shows(to, [`psst${tag}`, 'You are both in kitchen.']);
      await to.chooses('Accept');
    } else await to.opens(by.name);
    await shows(to, [`psst${tag}`, 'People'], ['1 request']);
    await to.says(`heard you${tag}`);
    await shows(by, [`heard you${tag}`]);
    for (const screen of [by, to]) await screen.opens('kitchen');
  },
  'refused changes': async (by, to, tag) => {
    await by.says(`/nonsense${tag}`);
    await shows(by, [`Unknown command: /nonsense${tag}`]);
    await by.writes('');
    await shows(to, [], [`/nonsense${tag}`]);
  },
  removing: async (by) => {
    await by.says('/remove nobody');
    await shows(by, ['There is no member “nobody” in this room']);
    await by.writes('');
  },
  'asking to join': async (by, to, tag) => {
    const attic = `attic${tag}`;
    await by.says('/create');
    await shows(by, ['Create a room']);
    await by.fills([attic, by.name]);
    await by.closes('Anyone with this link');
    const link = await linkForAsking(by, attic);

    await to.says(`/join ${link}`);
    await asksToJoin(to, attic, `let me in${tag}`);
    await decides(by, to.name, `let me in${tag}`, 'Decline');
    // Who uses the link again hears the decision at once.
    await to.says(`/join ${link}`);
    await shows(to, ['decides who comes in']);
    await to.confirms();
    await shows(to, [notice('has declined to let you in')]);
    await to.closes('decides who comes in');
    await shows(to, ['Not let in:'], ['Waiting to be let in:']);
    await to.says('/knocking');
    await shows(to, ['Waiting for approval', 'declined']);
    await to.chooses(attic);
    await shows(to, [notice(`You asked to join ${attic} as ${to.name}`), 'Declined.']);
    await to.chooses('Forget it');
    await shows(to, [], ['Not let in:', 'Forget it']);

    await to.says(`/join ${link}`);
    await asksToJoin(to, attic, `once more${tag}`);
    await decides(by, to.name, `once more${tag}`, 'Let in');
    // Otherwise it asks after half a minute.
    await to.says(`/join ${link}`);
    await shows(to, ['decides who comes in']);
    await to.confirms();
    await shows(to, [attic], ['decides who comes in', 'Waiting to be let in:']);
    await to.opens(attic);
    await to.says(`thanks${tag}`);
    await shows(by, [`thanks${tag}`]);
    await by.says(`welcome${tag}`);
    await shows(to, [`welcome${tag}`]);
    for (const screen of [by, to]) await screen.opens('kitchen');
  },
  leaving: async (by) => {
    await by.says('/leave');
    await by.closes('Leave kitchen?');
  },
};

/** Says what stood on both screens when a step fails. */
async function played(step: Promise<void>, ...screens: readonly ChatScreen[]): Promise<void> {
  try {
    await step;
  } catch (cause) {
    const seen = await Promise.all(screens.map(async (screen) => `${screen.name}:\n${await screen.text()}`));
    throw new Error(
      `${cause instanceof Error ? cause.message.split('\n')[0] : cause}\n${seen.join('\n\n')}`,
      { cause },
    );
  }
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const GOCHAT = join(ROOT, 'terminal/bin/gochat.js');

const tmux = needed(await findTmux(), 'the terminal beside the browser');
const chromium = needed(await findChromium(), 'the browser beside the terminal');

describe.skipIf(tmux === undefined || chromium === undefined)(
  'one conversation on a terminal and in a browser',
  () => {
    let home: Awaited<ReturnType<typeof temporary>>;
    let browser: Browser;
    let server: TmuxScreen;
    let terminal: TerminalChat;
    let web: WebChat;

    beforeAll(async () => {
      buildGochat();
      home = await temporary();
      browser = await launchChromium(chromium ?? '', 'together');
      server = await TmuxScreen.start(tmux ?? '', {
        command: [
          process.execPath,
          GOCHAT,
          'serve',
          '--data',
          join(home.path, 'server'),
          '--port',
          '0',
          '--host',
          '127.0.0.1',
        ],
        cwd: home.path,
        cols: 160,
      });
      await server.shows((rows) => rows.some((row) => /listens at/.test(row)));
      const url = /http:\/\/(?:localhost|127\.0\.0\.1):\d+/.exec((await server.rows()).join('\n'))?.[0] ?? '';
      const address = url.replace('localhost', '127.0.0.1');

      web = new WebChat(
        'ana',
        await BrowserPerson.open(
          await browser.newContext({
            locale: 'en-GB',
            viewport: { width: 1440, height: 1200 },
            // The question can't be answered in a browser without windows.
            permissions: ['clipboard-read', 'clipboard-write'],
          }),
          address,
        ),
      );
      for (const room of ['kitchen', 'garden']) {
        await web.person.page.getByRole('button', { name: 'Create a room' }).first().click();
        await web.fills([room, 'ana', address]);
        await web.person.page.locator('output.link').waitFor();
        const link = (await web.person.page.locator('output.link').textContent()) ?? '';
        await web.closes('Anyone with this link');
        if (room === 'kitchen') {
          const screen = await TmuxScreen.start(tmux ?? '', {
            command: [
              process.execPath,
              GOCHAT,
              'join',
              link,
              '--as',
              'ben',
              '--profile',
              join(home.path, 'ben'),
            ],
            cwd: home.path,
            cols: 130,
            rows: 90,
          });
          terminal = new TerminalChat('ben', screen, home.path);
          await shows(terminal, ['kitchen', 'Write a message']);
        } else {
          await terminal.says(`/join ${link}`);
          await shows(terminal, ['ana invites you to garden.']);
          await terminal.fills(['ben']);
          await shows(terminal, ['You joined garden']);
          await terminal.opens('kitchen');
        }
      }
      // Either may do what admins may.
      await web.opens('kitchen');
      await web.says('/verify ben');
      await web.chooses('Change role');
      await web.chooses('Admin: changes settings');
      await shows(terminal, ['made ben admin']);
    });

    afterAll(async () => {
      await terminal?.screen.close();
      await server?.close();
      await browser?.close();
      await home?.remove();
    });

    test('every feature has its step', () => {
      expect(Object.keys(STEPS).sort()).toEqual([...FEATURES].sort());
    });

    test.each(FEATURES)('%s', async (feature) => {
      const tag = `${FEATURES.indexOf(feature)}`;
      await played(STEPS[feature](web, terminal, `w${tag}`), web, terminal);
      await played(STEPS[feature](terminal, web, `t${tag}`), web, terminal);
      expect(web.person.problems).toEqual([]);
    });

    test('both show the same history in the same order', async () => {
      const texts = await web.person.page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>('.timeline article .body p')].map(
          (words) => words.innerText.split('\n')[0] ?? '',
        ),
      );
      const words = texts.filter((text) => /^[\w ]{6,}$/.test(text));
      const shown = await terminal.text();
      let at = 0;
      const lost = words.slice(-20).filter((text) => {
        const found = shown.indexOf(text, at);
        if (found === -1) return true;
        at = found;
        return false;
      });
      expect(words.length).toBeGreaterThan(10);
      expect(lost).toEqual([]);
    });

    test('a second browser joins by one click; the three talk; who is removed is notified, joins again by a new invite, and leaves', async () => {
      const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 390, height: 844 } });
      const linkOf = async () => {
        await web.says('/invite');
        await shows(web, ['Expires after']);
        await web.confirms();
        await web.person.page.locator('output.link').waitFor();
        const link = (await web.person.page.locator('output.link').textContent()) ?? '';
        await web.closes('Anyone with this link');
        return link;
      };
      const cleo = new WebChat('cleo', await BrowserPerson.open(context, await linkOf()));
      await shows(cleo, ['ana invites you to']);
      expect(cleo.person.page.url()).not.toContain('join');
      await cleo.person.page.getByRole('button', { name: 'Join', exact: true }).click();
      // Enter would go to the dialog, as long as it is in front.
      await shows(cleo, [], ['ana invites you to']);
      await cleo.says('hello from the third');
      for (const screen of [web, terminal]) await shows(screen, ['hello from the third']);
      await terminal.says('hello third');
      await web.says('hello both');
      await shows(cleo, ['hello third', 'hello both']);

      const name = /guest \d{4}/.exec(await web.text())?.[0] ?? '';
      await terminal.says(`/remove ${name}`);
      await shows(terminal, [`Remove ${name}?`]);
      await terminal.confirms();
      await shows(cleo, [/you were removed from this room/i]);
      for (const screen of [web, terminal]) await shows(screen, [`${name} was removed by ben`]);

      const again = await linkOf();
      await cleo.person.page.goto('about:blank');
      await cleo.person.page.goto(again);
      await shows(cleo, ['ana invites you to']);
      await cleo.person.page.getByRole('button', { name: 'Join', exact: true }).click();
      // Enter would go to the dialog, as long as it is in front.
      await shows(cleo, [], ['ana invites you to']);
      await cleo.says('back again');
      for (const screen of [web, terminal]) await shows(screen, ['back again']);
      await cleo.says('/leave');
      await cleo.confirms();
      await shows(cleo, ['You have left this room']);
      for (const screen of [web, terminal])
        await shows(screen, [/is leaving the room|guest \d{4} was removed by/]);
      expect(cleo.person.problems).toEqual([]);
      expect(cleo.person.foreign).toEqual([]);
      await cleo.person.close();
    });

    test('nothing went elsewhere, and no request carried the secret of a link', () => {
      expect(web.person.foreign).toEqual([]);
      expect(web.person.carrying('#/join')).toEqual([]);
    });
  },
);
