// A plain HTTP server that stores what is PUT, synced, and answers GET with it: `node plain-http.mjs PORT`, in the folder for the files.
import { createReadStream, createWriteStream } from 'node:fs';
import { createServer } from 'node:http';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';

const [port] = process.argv.slice(2);

async function answer(request, response) {
  const name = basename(request.url ?? '');
  if (request.method === 'PUT') {
    await pipeline(request, createWriteStream(name, { flush: true }));
    response.writeHead(201).end();
  } else await pipeline(createReadStream(name), response);
}

createServer((request, response) => void answer(request, response)).listen(Number(port), '127.0.0.1');
