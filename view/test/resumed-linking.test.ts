import type { ChatEvent, Linking } from '@gochat/client/methods';
import { PREFERENCES } from '@gochat/client/settings';
import { expect, test } from 'vitest';
import { createView } from '../src/chat/chat-view-model.ts';
import { DEVICE_LINK, kindOf, settled } from './devices-chat.ts';
import { NOON, words } from './timeline-input.ts';

const OFFERED: Linking = { stage: 'offered', link: DEVICE_LINK, expires: NOON, limited: false };
const OPENED: Linking = { stage: 'opened', link: DEVICE_LINK, limited: false, left: 3 };

/** A screen that is started while an offer is under way, and the moment at which what it draws dialogs with is loaded. */
async function starts(offer: Linking) {
  let linking = offer;
  const listeners = new Set<(event: ChatEvent) => void>();
  const answers: Record<string, () => unknown> = {
    whoami: () => ({ identity: 'ana' }),
    preferences: () => PREFERENCES,
    rooms: () => [],
    knocking: () => [],
    linking: () => linking,
  };
  const profile = {
    call: async (method: string) => answers[method]?.(),
    on: (listener: (event: ChatEvent) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  let loads = () => {};
  const loadScreen = () => new Promise<void>((resolve) => (loads = resolve));
  const given = {
    profile,
    platform: { now: () => NOON, after: () => () => undefined, files: {} },
    words,
    loadScreen,
  };
  const view = await createView(given as never);
  await settled();
  const reaches = async (next: Linking) => {
    linking = next;
    for (const listener of [...listeners]) listener({ kind: 'linking', linking });
    await settled();
  };
  return { dialog: () => view.getSnapshot().dialog, reaches, loads: () => loads() };
}

test('a link that is opened while a page loads its dialogs asks for the digits', async () => {
  const { dialog, reaches, loads } = await starts(OFFERED);
  await reaches(OPENED);
  loads();
  await expect.poll(() => dialog()?.kind).toBe('form');
  expect(kindOf(dialog(), 'form').fields.map(({ name }) => name)).toEqual(['digits']);
});

test('a link that is opened later does, too', async () => {
  const { dialog, reaches, loads } = await starts(OFFERED);
  loads();
  await expect.poll(dialog).toMatchObject({ kind: 'invite', link: DEVICE_LINK });
  await reaches(OPENED);
  expect(kindOf(dialog(), 'form').fields.map(({ name }) => name)).toEqual(['digits']);
});
