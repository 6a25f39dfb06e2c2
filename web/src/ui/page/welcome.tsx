import type { Actions } from '@gochat/view/actions';
import { Mark } from '../icons.tsx';
import { WaitingLine } from '../room/rooms.tsx';
import { useText } from '../words.ts';

/** Shown while no room is open: what GoChat is, and how to start. */
export function Welcome({ waiting, actions }: { readonly waiting: string; readonly actions: Actions }) {
  const text = useText().welcome;
  return (
    <main class="welcome" data-landmark="">
      <Mark />
      <h1>{text.title}</h1>
      <p>{text.text}</p>
      <WaitingLine waiting={waiting} actions={actions} />
      <div class="answers">
        <button type="button" class="accent" onClick={() => actions.run('create')}>
          {text.create}
        </button>
        <button type="button" class="soft" onClick={() => actions.run('join')}>
          {text.join}
        </button>
      </div>
      <div class="answers others">
        <button type="button" class="quiet" onClick={() => actions.run('link')}>
          {text.link}
        </button>
        <button type="button" class="quiet" onClick={() => actions.run('recovery')}>
          {text.recover}
        </button>
        <button type="button" class="quiet" onClick={() => actions.run('restore')}>
          {text.restore}
        </button>
      </div>
      <dl class="sides">
        <div>
          <dt>{text.membersRead}</dt>
          <dd>{text.exampleSaid}</dd>
        </div>
        <div class="sealed">
          <dt>{text.serverReads}</dt>
          <dd>{text.exampleSealed}</dd>
        </div>
      </dl>
    </main>
  );
}
