// node examples/echo-bot.mjs LINK
import { GoChat } from 'gochat';

const [link] = process.argv.slice(2);
if (link === undefined) throw new Error('usage: node examples/echo-bot.mjs LINK');

const chat = await GoChat.open('.echo-bot');
const room = await chat.join(link, 'echo');
await room.send('I repeat what you say.');

process.once('SIGINT', () => void chat.close().then(() => process.exit()));

for await (const item of room.items()) {
  if (item.own || item.kind !== 'text') continue;
  await room.send(`${item.from} said: ${item.text}`);
}
