import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { S3Settings } from '../../src/files/s3.ts';

const SERVER = join(dirname(createRequire(import.meta.url).resolve('s3rver/package.json')), 'bin/s3rver.js');

/** A process with an S3 server that has one empty bucket. */
export async function startS3(): Promise<{ readonly settings: S3Settings; close(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'gochat-s3-'));
  const child = spawn(
    process.execPath,
    // It makes its continuation tokens with DES.
    [
      '--openssl-legacy-provider',
      SERVER,
      '-p',
      '0',
      '-a',
      '127.0.0.1',
      '-d',
      directory,
      '--configure-bucket',
      'rooms',
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const port = await portOf(child);
  return {
    settings: {
      endpoint: `http://127.0.0.1:${port}/rooms`,
      prefix: 'files/',
      region: 'us-east-1',
      accessKey: 'S3RVER',
      secretKey: 'S3RVER',
    },
    close: async () => {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function portOf(child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new Error('the S3 server has no output');
  for await (const line of createInterface(child.stdout)) {
    const port = /listening on [^ ]*:(\d+)/.exec(line)?.[1];
    if (port === undefined) continue;
    child.stdout.resume();
    return Number(port);
  }
  throw new Error('the S3 server has ended');
}
