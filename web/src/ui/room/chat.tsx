import type { Actions } from '@gochat/view/actions';
import type { Lock, RoomScreen } from '@gochat/view/snapshot';
import { useState } from 'preact/hooks';
import { ComposerView } from '../composer/composer.tsx';
import { attached } from '../composer/text-file.ts';
import { Icon } from '../icons.tsx';
import { TimelineView } from '../timeline/timeline.tsx';
import { useText, useWords } from '../words.ts';
import type { SearchView } from './details.tsx';

interface ChatProps {
  readonly room: RoomScreen;
  readonly enterSends: boolean;
  /** Whether single letters are keys. */
  readonly letters: boolean;
  readonly actions: Actions;
  readonly SearchView: typeof SearchView;
  readonly searching: boolean;
  readonly setSearching: (on: boolean) => void;
  readonly details: boolean;
  readonly toggleDetails: () => void;
  readonly back: () => void;
}

const LOCKS = { unconfirmed: 'warning', sealed: 'lock', verified: 'shield' } as const;

/** The state of the encryption. A room that is not confirmed leads to what confirms it; one that is closed has none. */
function LockMark({ lock, compare }: { readonly lock: Lock | undefined; readonly compare: () => void }) {
  const text = useText().room;
  if (lock === undefined) return null;
  const icon = <Icon name={LOCKS[lock.state]} />;
  if (lock.state === 'unconfirmed')
    return (
      <button type="button" class="lock unconfirmed" title={lock.text} onClick={compare}>
        {icon}
        <span class="hidden">{text.compare}</span>
      </button>
    );
  return (
    <span class={`lock ${lock.state}`} title={lock.text}>
      {icon}
      <span class="hidden">{lock.text}</span>
    </span>
  );
}

/** Whether the pointer goes on over a part of `box`. It goes nowhere when it leaves the window, and when the drag is cancelled. */
function isInside(to: EventTarget | null, box: Node): boolean {
  return to instanceof Node && box.contains(to);
}

/** The open room. */
export function ChatView({
  room,
  enterSends,
  letters,
  actions,
  SearchView: Search,
  searching,
  setSearching,
  details,
  toggleDetails,
  back,
}: ChatProps) {
  const words = useWords();
  const text = words.text.web.room;
  const endSearch = () => {
    actions.search('');
    setSearching(false);
  };
  const [dragged, setDragged] = useState(false);
  const onDrag = (event: DragEvent) => {
    if (event.dataTransfer?.types.includes('Files') !== true) return;
    event.preventDefault();
    setDragged(true);
  };
  const onDrop = (event: DragEvent) => {
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    setDragged(false);
    actions.attach(files.map(attached));
  };
  const isOpen = room.composer.mode !== 'closed';
  return (
    <main
      class="chat"
      data-landmark=""
      tabIndex={-1}
      onDragOver={onDrag}
      onDragLeave={(event) => {
        if (!isInside(event.relatedTarget, event.currentTarget)) setDragged(false);
      }}
      onDrop={onDrop}
    >
      <header>
        <button
          type="button"
          class="quiet narrow-only"
          aria-label={text.back}
          title={text.back}
          onClick={back}
        >
          <Icon name="back" />
        </button>
        <LockMark lock={room.lock} compare={() => actions.run('code')} />
        <div class="title">
          <h2 dir="auto" title={room.name}>
            {room.name}
          </h2>
          {room.topic !== '' && (
            <p dir="auto" title={room.topic}>
              {room.topic}
            </p>
          )}
        </div>
        <button
          type="button"
          class="quiet"
          aria-label={text.search}
          title={text.search}
          aria-expanded={searching}
          onClick={() => (searching ? endSearch() : setSearching(true))}
        >
          <Icon name="search" />
        </button>
        {isOpen && (
          <button
            type="button"
            class="quiet"
            aria-label={text.invite}
            title={text.invite}
            onClick={() => actions.run('invite')}
          >
            <Icon name="invite" />
          </button>
        )}
        <button
          type="button"
          class="quiet"
          aria-label={text.details}
          title={text.details}
          aria-expanded={details}
          onClick={toggleDetails}
        >
          <Icon name="people" />
          {room.ended === '' && <span class="small-count">{words.number(room.members.length)}</span>}
        </button>
      </header>
      {searching && <Search search={room.search} actions={actions} close={endSearch} />}
      <TimelineView key={room.id} room={room} letters={letters} actions={actions} />
      <ComposerView
        key={`composer ${room.id}`}
        composer={room.composer}
        typing={room.typing}
        enterSends={enterSends}
        actions={actions}
      />
      {dragged && <p class="drop">{text.drop}</p>}
    </main>
  );
}
