import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openChat } from '../src/api/open.ts';
import { temporaryFolder } from './folder.ts';

test('a profile whose key file is missing is refused, and opens again with it', async () => {
  const dir = temporaryFolder();
  const first = await openChat({ dir });
  await first.call('prefer', { change: { name: 'ana' } });
  await first.close();
  renameSync(join(dir, 'key'), join(dir, 'elsewhere'));
  await expect(openChat({ dir })).rejects.toMatchObject({ data: { reason: 'profile-key-missing' } });
  renameSync(join(dir, 'elsewhere'), join(dir, 'key'));
  const again = await openChat({ dir });
  expect(await again.call('whoami', {})).toMatchObject({ name: 'ana' });
  await again.close();
});
