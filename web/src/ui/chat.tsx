import type { Actions } from '@gochat/view/actions';
import type { RoomScreen, Snapshot } from '@gochat/view/snapshot';
import { ComposerView } from './composer.tsx';
import { SearchView } from './details.tsx';
import { Icon } from './icons.tsx';
import { TimelineView } from './timeline.tsx';
import { WORDS } from './words.ts';

interface ChatProps {
  readonly room: RoomScreen;
  readonly snapshot: Snapshot;
  readonly actions: Actions;
  readonly searching: boolean;
  readonly setSearching: (on: boolean) => void;
  readonly toggleDetails: () => void;
  readonly back: () => void;
}

const LOCKS = { unconfirmed: 'warning', sealed: 'lock', verified: 'shield' } as const;

/** The open room. */
export function ChatView({
  room,
  snapshot,
  actions,
  searching,
  setSearching,
  toggleDetails,
  back,
}: ChatProps) {
  const enterSends = snapshot.settings.enter !== 'newline';
  const endSearch = () => {
    actions.search('');
    setSearching(false);
  };
  return (
    <main class="chat" data-landmark="" tabIndex={-1}>
      <header>
        <button
          type="button"
          class="quiet narrow-only"
          aria-label={WORDS.back}
          title={WORDS.back}
          onClick={back}
        >
          <Icon name="back" />
        </button>
        <span class={`lock ${room.lock.state}`} title={room.lock.text}>
          <Icon name={LOCKS[room.lock.state]} />
          <span class="hidden">{room.lock.text}</span>
        </span>
        <div class="title">
          <h2 dir="auto">{room.name}</h2>
          <p dir="auto">{room.topic}</p>
        </div>
        <button
          type="button"
          class="quiet"
          aria-label={WORDS.search}
          title={WORDS.search}
          aria-expanded={searching}
          onClick={() => (searching ? endSearch() : setSearching(true))}
        >
          <Icon name="search" />
        </button>
        <button
          type="button"
          class="quiet"
          aria-label={WORDS.invite}
          title={WORDS.invite}
          onClick={() => actions.run('invite')}
        >
          <Icon name="invite" />
        </button>
        <button
          type="button"
          class="quiet"
          aria-label={WORDS.details}
          title={WORDS.details}
          onClick={toggleDetails}
        >
          <Icon name="people" />
          <span class="small-count">{room.members.length}</span>
        </button>
      </header>
      {searching && <SearchView search={room.search} actions={actions} close={endSearch} />}
      <Banner snapshot={snapshot} />
      <TimelineView key={room.id} room={room} actions={actions} />
      <ComposerView
        key={`composer ${room.id}`}
        composer={room.composer}
        typing={room.typing}
        enterSends={enterSends}
        actions={actions}
      />
    </main>
  );
}

/** What is the matter with the connection; in the document always, so that a change is read out. */
export function Banner({ snapshot: { connection, flash } }: { readonly snapshot: Snapshot }) {
  return (
    <>
      <p class={`banner ${connection.state}`} role="status">
        {connection.text}
      </p>
      <p class={flash === undefined ? 'flash' : `flash shown ${flash.tone}`} role="status">
        {flash?.text ?? ''}
      </p>
    </>
  );
}
