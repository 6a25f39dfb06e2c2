import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { Asset, Coding } from './assets.ts';

/** The response to a request for an asset. */
export interface AssetAnswer {
  readonly status: 200 | 304;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer | undefined;
}

const BEST_FIRST: readonly Coding[] = ['br', 'gzip'];

/** Chooses the smallest coding that the client accepts. Answers 304 if the client has the asset (RFC 9110, sections 12.5.3 and 13.1.2). */
export async function answerAsset(asset: Asset, headers: IncomingHttpHeaders): Promise<AssetAnswer> {
  const { coding, body } = await choose(asset, String(headers['accept-encoding'] ?? ''));
  const tag = `"${asset.tag}${coding === undefined ? '' : `-${coding}`}"`;
  const common = {
    'Cache-Control': asset.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    ETag: tag,
    Vary: 'Accept-Encoding',
  };
  if (knows(headers['if-none-match'], asset)) return { status: 304, headers: common, body: undefined };
  return {
    status: 200,
    headers: {
      ...common,
      'Content-Type': asset.type,
      'Content-Length': body.length,
      ...(coding === undefined ? {} : { 'Content-Encoding': coding }),
    },
    body,
  };
}

/** @returns the body, and its coding; undefined: none */
async function choose(
  asset: Asset,
  accepted: string,
): Promise<{ readonly coding: Coding | undefined; readonly body: Buffer }> {
  const weights = new Map(
    accepted.split(',').map((part) => {
      const [name = '', ...parameters] = part.trim().toLowerCase().split(';');
      const weight = parameters.map((text) => /^\s*q=([01](?:\.\d{0,3})?)\s*$/.exec(text)?.[1]).find(Boolean);
      return [name.trim(), Number(weight ?? 1)] as const;
    }),
  );
  const takes = (coding: Coding) => (weights.get(coding) ?? weights.get('*') ?? 0) > 0;
  for (const coding of BEST_FIRST.filter(takes)) {
    const body = await asset.coded(coding);
    if (body !== undefined) return { coding, body };
  }
  return { coding: undefined, body: asset.body };
}

/** Whether the client has the asset, in any coding. */
function knows(header: string | undefined, { tag }: Asset): boolean {
  if (header === undefined) return false;
  const tags = header.split(',').map((text) => text.trim().replace(/^W\//, ''));
  return tags.some(
    (text) => text === '*' || text === `"${tag}"` || BEST_FIRST.some((c) => text === `"${tag}-${c}"`),
  );
}
