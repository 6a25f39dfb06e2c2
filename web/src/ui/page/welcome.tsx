import type { Actions } from '@gochat/view/actions';
import { Mark } from '../icons.tsx';
import { WORDS } from '../words.ts';

/** What stands where a room would: what this is, and how to begin. */
export function Welcome({ actions }: { readonly actions: Actions }) {
  return (
    <main class="welcome" data-landmark="">
      <Mark />
      <h1>{WORDS.welcomeTitle}</h1>
      <p>{WORDS.welcomeText}</p>
      <div class="answers">
        <button type="button" class="accent" onClick={() => actions.run('create')}>
          {WORDS.create}
        </button>
        <button type="button" class="soft" onClick={() => actions.run('join')}>
          {WORDS.join}
        </button>
      </div>
      <dl class="sides">
        <div>
          <dt>{WORDS.membersRead}</dt>
          <dd>{WORDS.exampleSaid}</dd>
        </div>
        <div class="sealed">
          <dt>{WORDS.serverReads}</dt>
          <dd>{WORDS.exampleSealed}</dd>
        </div>
      </dl>
    </main>
  );
}
