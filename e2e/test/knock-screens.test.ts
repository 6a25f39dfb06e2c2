import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadAssets } from '@gochat/server/internal/net/assets';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BrowserPerson } from '../src/browser/browser-person.ts';
import { findChromium, openBrowserProfile } from '../src/browser/chromium.ts';
import { startServer, type TestServer, temporary } from '../src/people/people.ts';
import { type ChatScreen, notice, shows, TerminalChat, WebChat } from '../src/screens/chat-screen.ts';
import { asksToJoin, decides, linkForAsking } from '../src/screens/knocks.ts';
import { buildGochat } from '../src/terminal/gochat-process.ts';
import { findTmux, TmuxScreen } from '../src/terminal/tmux-screen.ts';
import { needed } from '../src/tool.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const GOCHAT = join(ROOT, 'terminal/bin/gochat.js');

const tmux = needed(await findTmux(), 'the terminal beside the browser');
const chromium = needed(await findChromium(), 'the browser beside the terminal');

/** A screen with its program, which ends with `close`; a later one has the same profile. */
interface Running {
  readonly chat: ChatScreen;
  close(): Promise<void>;
}

describe.skipIf(tmux === undefined || chromium === undefined)('asking to join while nobody is there', () => {
  let home: Awaited<ReturnType<typeof temporary>>;
  let server: TestServer;
  let address: string;
  const running = new Set<Running>();

  beforeAll(async () => {
    buildGochat();
    home = await temporary();
    server = await startServer(join(home.path, 'server'), 0, {}, await loadAssets(join(ROOT, 'dist/web')));
    address = server.url.replace('tcp:', 'http:');
  });

  afterAll(async () => {
    await Promise.all([...running].map((one) => one.close()));
    await server?.stop();
    await home?.remove();
  });

  function runs(chat: ChatScreen, end: () => Promise<void>): Running {
    const one = {
      chat,
      async close() {
        if (running.delete(one)) await end();
      },
    };
    running.add(one);
    return one;
  }

  /** @param link what is opened; without one the program starts as usual */
  type Starts = (profile: string, link?: string) => Promise<Running>;

  const startsTerminal: Starts = async (profile, link) => {
    const screen = await TmuxScreen.start(tmux ?? '', {
      command: [
        process.execPath,
        GOCHAT,
        ...(link === undefined ? [] : ['join', link]),
        '--profile',
        join(home.path, profile),
      ],
      cwd: home.path,
      cols: 130,
      rows: 50,
    });
    return runs(new TerminalChat(profile, screen, home.path), async () => {
      await screen.press('C-d');
      expect(await screen.ended()).toBe(0);
      await screen.close();
    });
  };

  const startsBrowser: Starts = async (profile, link = address) => {
    const options = { locale: 'en-GB', viewport: { width: 1440, height: 900 } };
    const context = await openBrowserProfile(chromium ?? '', join(home.path, profile), options);
    const person = await BrowserPerson.open(context, link);
    return runs(new WebChat(profile, person), async () => {
      await person.close();
      expect(person.problems).toEqual([]);
      expect(person.carrying('#/join')).toEqual([]);
    });
  };

  async function founds(starts: Starts, profile: string): Promise<string> {
    const founder = await starts(profile);
    const { chat } = founder;
    if (chat instanceof WebChat)
      await chat.person.page.getByRole('button', { name: 'Create a room' }).first().click();
    else if (chat instanceof TerminalChat) {
      await shows(chat, ['You are not in any room yet']);
      await chat.screen.press('c');
    }
    await shows(chat, ['Create a room', 'Server']);
    await chat.fills(['attic', profile, address]);
    await chat.closes('Anyone with this link');
    const link = await linkForAsking(chat, 'attic');
    await founder.close();
    return link;
  }

  test.each([
    ['browser', 'terminal', startsBrowser, startsTerminal],
    ['terminal', 'browser', startsTerminal, startsBrowser],
  ])('a %s asks at the room of a %s: each does its part while the other is closed', async (...parts) => {
    const [askersKind, foundersKind, startsAsker, startsFounder] = parts;
    const founder = `founder-${foundersKind}`;
    const asker = `asker-${askersKind}`;
    const link = await founds(startsFounder, founder);

    const asking = await startsAsker(asker, link);
    await asksToJoin(asking.chat, 'attic', 'it is me', asker);
    await asking.close();

    const deciding = await startsFounder(founder);
    await decides(deciding.chat, asker, 'it is me', 'Let in');
    await deciding.close();

    const entering = await startsAsker(asker);
    const entered = notice('Your history of this room starts here');
    await shows(entering.chat, ['attic', entered], ['Waiting to be let in:']);
    await entering.chat.says('so I am in');
    await shows(entering.chat, ['so I am in']);
    const meeting = await startsFounder(founder);
    await shows(meeting.chat, ['so I am in']);
    await meeting.chat.says('welcome in the attic');
    await shows(entering.chat, ['welcome in the attic']);
    await entering.close();
    await meeting.close();
  });
});
