import { type Browser, type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core';
import { findTool, type Tool } from '../tool.ts';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Names of other machines lead nowhere, whoever asks for them.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE [::1]',
];

/** Debian's Chromium with fonts for text and emoji, installed when it is absent and may be. */
export function findChromium(): Promise<Tool> {
  return findTool('chromium', ['chromium', 'fonts-dejavu-core', 'fonts-noto-color-emoji']);
}

/** A running browser; every context of it is a person's who shares nothing with the others and is forgotten when it closes. */
export function launchChromium(path: string): Promise<Browser> {
  return chromium.launch({ executablePath: path, args: ARGS });
}

/** A browser of its own that keeps its data in a folder: closed and opened again it is the same person's. */
export function openBrowserProfile(
  path: string,
  folder: string,
  options: BrowserContextOptions,
): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, { ...options, executablePath: path, args: ARGS });
}
