import { GoChat } from '@gochat/client/internal/api/sdk';

/**
 * A process that uses a profile, closes it, and has to end then. It writes a line for each message that it has sent.
 * Arguments: the profile's folder; `alone` to open a second time and close the first before the second, which then owns the profile;
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
else await visiting();
