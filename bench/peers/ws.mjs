// A plain broadcast over `ws`: what one would write first.
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({
  port: Number(process.argv[2]),
  host: '127.0.0.1',
  perMessageDeflate: false,
});
server.on('connection', (from) => {
  from.on('message', (data) => {
    const text = data.toString();
    for (const client of server.clients) if (client !== from) client.send(text);
  });
});
