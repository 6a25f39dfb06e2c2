import { expect, test } from 'vitest';
import { gather, type Viewer } from '../src/people/viewer.ts';

test('files get safe names before they are saved, and what the system might run is opened only when confirmed', async () => {
  const { people, end } = await gather(['ana']);
  const [ana] = people as [Viewer];
  const room = ana.room.id;
  const acts: string[][] = [];
  const record = (act: string) => async (name: string) => {
    acts.push([act, name]);
    return true;
  };
  ana.surroundings.files = {
    ...ana.surroundings.files,
    save: async (name) => `${await record('save')(name)}`,
    open: record('open'),
  };
  const source = {
    name: 'a.png',
    bytes: 3,
    stream: async function* () {
      yield Uint8Array.of(1, 2, 3);
    },
  };
  const { content } = await ana.profile.files.prepare(room, source);
  const file = { ...content, name: '..\\CON.desktop', type: 'image/png' };
  await ana.profile.call('queue', {
    room,
    id: 'A'.repeat(22),
    content: { kind: 'text', text: 'hostile', files: [file] },
  });
  const row = await ana.reads('hostile');
  ana.view.actions.file(row.key, 0, 'save');
  await ana.sees('it saved', () => acts.length === 1);
  ana.view.actions.file(row.key, 0, 'open');
  await ana.dialog('form');
  ana.view.actions.submit({});
  await ana.sees('it opened', () => acts.length === 2);
  expect(acts).toEqual([
    ['save', '_CON.desktop'],
    ['open', '_CON.desktop'],
  ]);
  await end();
});
