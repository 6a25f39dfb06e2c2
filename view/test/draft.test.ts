import type { Profile } from '@gochat/client/profile-connection';
import { NOTES, type RoomNotes } from '@gochat/client/settings';
import { expect, test } from 'vitest';
import { ComposerViewModel } from '../src/room/composer.ts';
import { DebouncedSettings } from '../src/room/debounced-settings.ts';
import type { RoomViewModel } from '../src/room/room-view-model.ts';
import { context, item, noFiles, words } from './timeline-input.ts';

const OWN = item(7, 'ben', 'with a typo', { own: true });

/** A profile with several screens, each with the message field of the same room. */
class Screens {
  notes: RoomNotes = NOTES;
  readonly #all: { settings: DebouncedSettings; composer: ComposerViewModel }[] = [];

  open() {
    const profile = {
      call: async (_method: 'note', { change }: { change: Partial<RoomNotes> }) => {
        this.notes = { ...this.notes, ...change };
        for (const { settings, composer } of this.#all) {
          settings.replace(this.notes);
          composer.follow();
        }
      },
    } as unknown as Profile;
    const settings = new DebouncedSettings(profile, { after: () => () => undefined }, 'room', this.notes);
    const room = {
      info: { id: 'room' },
      get settings() {
        return settings.current;
      },
      closed: '',
      context: context(),
      members: [],
      presence: { typing: () => undefined },
      change: (change: Partial<RoomNotes>) => settings.change(change),
      find: async (seq: string) => (seq === OWN.seq ? OWN : undefined),
    } as unknown as RoomViewModel;
    const composer = new ComposerViewModel({
      room,
      words,
      completing: () => ({ members: [], rooms: [], commands: [], emoji: undefined }),
      emoji: () => new Promise(() => undefined),
      files: noFiles(),
      clock: { now: () => 0, after: () => () => undefined },
      send: () => undefined,
      changed: () => undefined,
    });
    const screen = { settings, composer };
    this.#all.push(screen);
    return screen;
  }
}

const turn = () => new Promise((resolve) => setTimeout(resolve));

function write(composer: ComposerViewModel, text: string): void {
  composer.type(text, text.length);
}

test('what is written on one screen of a profile is in the field of the others, and leaves it when it is sent', async () => {
  const screens = new Screens();
  const [one, two] = [screens.open(), screens.open()];
  write(one.composer, 'pay 100 to ana');
  await one.settings.save();
  expect(two.composer.text).toBe('pay 100 to ana');
  expect(two.composer.take(two.composer.text, false)?.content).toMatchObject({ text: 'pay 100 to ana' });
  await two.settings.save();
  expect([one.composer.text, screens.notes.draft]).toEqual(['', '']);
});

test('what is not saved yet wins over what another screen wrote', async () => {
  const screens = new Screens();
  const [one, two] = [screens.open(), screens.open()];
  write(one.composer, 'an older text');
  write(two.composer, 'a newer text');
  await one.settings.save();
  expect(two.composer.text).toBe('a newer text');
  await two.settings.save();
  expect([one.composer.text, two.composer.text]).toEqual(['a newer text', 'a newer text']);
});

test('a text that could not be queued is given back above what was written since', () => {
  const { composer } = new Screens().open();
  write(composer, 'lost?');
  const taken = composer.take(composer.text, false);
  write(composer, 'the next one');
  taken?.restore();
  expect(composer.text).toBe('lost?\nthe next one');
});

test('an edit is restored with the draft before it; of a message that is gone, its text is', async () => {
  const screens = new Screens();
  const one = screens.open();
  write(one.composer, 'a draft');
  one.composer.edit(OWN);
  write(one.composer, 'without a typo');
  await one.settings.save();
  const two = screens.open();
  await turn();
  expect([two.composer.isEditing, two.composer.text]).toEqual([true, 'without a typo']);
  two.composer.cancel();
  expect([two.composer.isEditing, two.composer.text]).toEqual([false, 'a draft']);

  screens.notes = {
    ...screens.notes,
    draftEdit: { of: { seq: '9' as typeof OWN.seq, id: 'gone' }, text: 'of a lost one' },
  };
  const three = screens.open();
  await turn();
  expect([three.composer.isEditing, three.composer.text]).toEqual([false, 'of a lost one\na draft']);
});
