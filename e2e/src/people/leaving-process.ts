import { GoChat } from '@gochat/client/internal/api/sdk';

/**
 * A process that uses a profile, closes it, and has to end then. It writes a line for each message that it has sent.
 * Arguments: the profile's folder; `alone` to open a second time and close the first before the second, which then owns the profile;
 * `hasty` to close while calls are under way; `exiting` to exit with 7 after so many messages that it did not wait for, and close nothing;
 * or `visiting` to send so many messages.
 */
const [dir = '', how = '', count = '1'] = process.argv.slice(2);

async function alone(): Promise<void> {
  const one = await GoChat.open(dir);
  const two = await GoChat.open(dir);
  await say(two, 1);
  await one.close();
  await two.rooms();
  await two.close();
}

async function hasty(): Promise<void> {
  const chat = await GoChat.open(dir);
  const calls = (['follow', 'sync', 'members'] as const).map((method) =>
    chat.profile.call(method, { room: 'kitchen', waitMs: 60_000 }),
  );
  await Promise.all([Promise.allSettled(calls), chat.close()]);
}

async function exiting(): Promise<void> {
  const chat = await GoChat.open(dir);
  const room = await chat.room('kitchen');
  for (let n = 1; n <= Number(count); n += 1) await room.send(`message ${n}`, 0);
  process.exit(7);
}

async function visiting(): Promise<void> {
  const chat = await GoChat.open(dir);
  for (let n = 1; n <= Number(count); n += 1) await say(chat, n);
  await chat.close();
}

async function say(chat: GoChat, n: number): Promise<void> {
  const room = await chat.room('kitchen');
  await room.send(`message ${n}`);
  process.stdout.write(`${n}\n`);
}

if (how === 'alone') await alone();
else if (how === 'hasty') await hasty();
else if (how === 'exiting') await exiting();
else await visiting();
