import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readSentences, sentencesIn } from '../src/repository/sentences.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

const FOLDERS = ['client/src', 'view/src', 'web/src', 'terminal/src/screen', 'terminal/src/lines'];

/** The folder of the one catalogue. */
const CATALOGUE = 'view/src/words/';

/** Texts that are no words for people. An entry that is found no more fails the test. */
const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  // Messages of internal errors, for stack traces: people see the sentence of the reason that toChatError gives.
  'client/src/net/browser-link.ts': ['no frame of this protocol'],
  'client/src/net/connection.ts': [
    'a request with the id … is in flight already',
    '… before welcome',
    '… answered with …',
  ],
  'client/src/net/web-link.ts': ['a binary message'],
  'client/src/profile/guest.ts': [
    'the process that held the profile is gone',
    'another version of gochat holds this profile; close it, or use the same version for both',
    'too many calls at once',
    'the call of … is too large, or no JSON',
  ],
  'client/src/profile/host.ts': [
    'this profile is being served already',
    'the answer to … is too large, or no JSON',
    'too many calls at once',
  ],
  'client/src/profile/roles.ts': [
    'another process holds the profile now',
    '… other processes work on this profile already',
  ],
  'client/src/room/outbox.ts': ['no such message in the outbox'],
  'client/src/store/environment.ts': ['the profile could not be written'],
  'client/src/store/key.ts': ['a key has 1 to … bytes, not …'],
  'client/src/store/store.ts': ['the store is closed'],
  'terminal/src/screen/terminal/palette.ts': ['… is none of the 256 colours'],
  'view/src/chat/lazy-dialogs.ts': ['used before it is loaded'],
  'view/src/dialogs/accept-link.ts': [
    'gochat link LINK --profile FOLDER',
    'gochat recover LINK --profile FOLDER',
  ],
  'web/src/files/small-picture.ts': ['the browser gives no canvas to draw on'],
  'web/src/trusted-script.ts': ['not a script of this page'],
  'web/src/ui/words.ts': ['no words were given'],
  // What earlier versions stored, to be recognised.
  'client/src/room/stored-history.ts': ['joined again'],
  // Selectors and class names of style sheets, and commands to type.
  'web/src/ui/dialogs/dialog.tsx': ['input, select, .answers button, .list button'],
  'web/src/ui/page/before.tsx': [
    'gochat serve --host 0.0.0.0 --tls-cert CERT.pem --tls-key KEY.pem',
    'gochat serve --behind-proxy --name chat.example.org',
    'npx gochat join "LINK"',
  ],
  'web/src/ui/page/keys.ts': ['input, textarea, select'],
  'web/src/ui/timeline/files.tsx': ['tiles single'],
  'web/src/ui/timeline/message.tsx': ['row message'],
};

test('people read sentences of the catalogue only', () => {
  const found = FOLDERS.flatMap((folder) => readSentences(repository, folder))
    .filter(({ file }) => !file.startsWith(CATALOGUE))
    .map(({ file, text }) => `${file}: ${text}`);
  const excepted = Object.entries(EXCEPTIONS).flatMap(([file, texts]) =>
    texts.map((text) => `${file}: ${text}`),
  );
  expect([...new Set(found)].sort()).toEqual(excepted.sort());
});

test.each([
  ['a string', `flash('You have left the room');`, 'You have left the room'],
  ['a template', `flash(\`\${who} is typing now\`);`, '… is typing now'],
  ['text of a page', `const a = <p>Nothing was found.</p>;`, 'Nothing was found.'],
  ['a label of a page', `const a = <p aria-label="Send it now" />;`, 'Send it now'],
  ['an error', `throw new Error('the room is gone');`, 'the room is gone'],
])('a planted sentence is found: %s', (_how, source, text) => {
  expect(sentencesIn('web/src/planted.tsx', source)).toEqual([
    { file: 'web/src/planted.tsx', line: 1, text },
  ]);
});

test.each([
  ['a comment', `// This is a sentence.`],
  ['class names', `const a = <p class="quiet small" />;`],
  ['a class name by a condition', `const a = <p class={on ? \`row message \${x}\` : "row day"} />;`],
  ['names of code', `call('not-member', { roomId: 'a-b' });`],
])('no sentence is found in %s', (_what, source) => {
  expect(sentencesIn('web/src/planted.tsx', source)).toEqual([]);
});
