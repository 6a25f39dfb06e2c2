import type { Actions } from '@gochat/view/actions';
import type { Lock, RoomScreen } from '@gochat/view/snapshot';
import { attached } from '../../files/attached.ts';
import { ComposerView } from '../composer/composer.tsx';
import { COMPOSER_ID } from '../composer/ids.ts';
import { Icon } from '../icons.tsx';
import { TimelineView } from '../timeline/timeline.tsx';
import { useText, useWords } from '../words.ts';
import { SearchView } from './details.tsx';
import { useDrops, usePastedFiles } from './given-files.ts';

interface ChatProps {
  readonly room: RoomScreen;
  readonly enterSends: boolean;
  /** Whether single letters are keys. */
  readonly letters: boolean;
  readonly actions: Actions;
  /** Whether files can be attached now, unless the room is closed. */
  readonly takesFiles: boolean;
  readonly searching: boolean;
  readonly setSearching: (on: boolean) => void;
  readonly details: boolean;
  readonly toggleDetails: () => void;
  readonly back: () => void;
}

const LOCKS = { unconfirmed: 'warning', stranger: 'warning', sealed: 'lock', verified: 'shield' } as const;

/** The state of the encryption. A room that is not confirmed leads to what confirms it; one that is closed has none. */
function LockMark({ lock, compare }: { readonly lock: Lock | undefined; readonly compare: () => void }) {
  const text = useText().room;
  if (lock === undefined) return null;
  const icon = <Icon name={LOCKS[lock.state]} />;
  if (lock.state === 'unconfirmed' || lock.state === 'stranger')
    return (
      <button type="button" class={`lock ${lock.state}`} title={lock.text} onClick={compare}>
        {icon}
        <span class="hidden">{lock.state === 'stranger' ? lock.text : text.compare}</span>
      </button>
    );
  return (
    <span class={`lock ${lock.state}`} title={lock.text}>
      {icon}
      <span class="hidden">{lock.text}</span>
    </span>
  );
}

/** The open room. */
export function ChatView({
  room,
  enterSends,
  letters,
  actions,
  takesFiles,
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
  const isOpen = room.composer.mode !== 'closed';
  const attach = (files: readonly File[]) => {
    actions.attach(files.map((file) => attached(file)));
    document.getElementById(COMPOSER_ID)?.focus();
  };
  const taking = isOpen && takesFiles && !room.composer.silenced ? attach : undefined;
  const isDragged = useDrops(taking);
  usePastedFiles(taking);
  return (
    <main class="chat" data-landmark="" tabIndex={-1}>
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
        <LockMark
          lock={room.lock}
          compare={() => actions.run(room.lock?.state === 'stranger' ? 'devices' : 'code')}
        />
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
        {isOpen && room.commands.some(({ name }) => name === 'invite') && (
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
      {searching && <SearchView search={room.search} actions={actions} close={endSearch} />}
      <TimelineView key={room.id} room={room} letters={letters} actions={actions} />
      <ComposerView
        key={`composer ${room.id}`}
        composer={room.composer}
        typing={room.typing}
        enterSends={enterSends}
        actions={actions}
      />
      {isDragged && (
        <div class="drop">
          <p>{text.drop}</p>
        </div>
      )}
    </main>
  );
}
