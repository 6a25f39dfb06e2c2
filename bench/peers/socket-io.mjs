// A broadcast over socket.io, as its tutorial has it.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer();
const server = new Server(http, { transports: ['websocket'], pingInterval: 600_000, serveClient: false });
server.on('connection', (socket) => {
  socket.on('m', (message) => socket.broadcast.emit('m', message));
});
http.listen(Number(process.argv[2]), '127.0.0.1');
