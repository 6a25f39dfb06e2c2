import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { UsageError } from '../operate/usage-error.ts';

/** A certificate chain and its private key, as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** @throws UsageError when a file can't be read, or the key doesn't belong to the certificate */
export async function readCertificate(files: {
  readonly cert: string;
  readonly key: string;
}): Promise<Certificate> {
  const [cert, key] = await Promise.all([readPem('--tls-cert', files.cert), readPem('--tls-key', files.key)]);
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    throw new UsageError(
      `${files.cert} and ${files.key} are not a certificate and its key: ${firstLine(cause)}`,
      { cause },
    );
  }
  return { cert, key };
}

async function readPem(flag: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`can't read ${file} (${flag}): ${firstLine(cause)}`, { cause });
  }
}

function firstLine(cause: unknown): string {
  return cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
}
