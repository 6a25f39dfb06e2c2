import type { Actions } from '@gochat/view/actions';
import type { RoomEntry } from '@gochat/view/snapshot';
import { Avatar } from '../avatar.tsx';
import { Icon, Mark } from '../icons.tsx';
import { WORDS } from '../words.ts';

interface RoomsProps {
  readonly rooms: readonly RoomEntry[];
  readonly actions: Actions;
  /** A room was chosen, be it the open one. */
  readonly chosen: (room: string) => void;
}

export function RoomsView({ rooms, actions, chosen }: RoomsProps) {
  return (
    <nav class="rooms" aria-label={WORDS.rooms} data-landmark="">
      <header>
        <h1>
          <Mark />
          {WORDS.app}
        </h1>
        <button
          type="button"
          class="quiet"
          aria-label={WORDS.palette}
          title={WORDS.palette}
          onClick={() => actions.run('palette')}
        >
          <Icon name="search" />
        </button>
        <button
          type="button"
          class="quiet"
          aria-label={WORDS.settings}
          title={WORDS.settings}
          onClick={() => actions.run('settings')}
        >
          <Icon name="gear" />
        </button>
      </header>
      <ul>
        {rooms.map((room) => (
          <li key={room.id}>
            <button
              type="button"
              class={`room${room.ended === '' ? '' : ' ended'}${room.unread > 0 && !room.muted ? ' new' : ''}`}
              aria-current={room.open ? 'page' : undefined}
              aria-label={room.spoken}
              onClick={() => chosen(room.id)}
            >
              <Avatar name={room.name} colour={room.number % 12} />
              <span class="words">
                <span class="name" dir="auto">
                  {room.name}
                </span>
                {(room.ended || room.preview) !== '' && (
                  <span class="preview" dir="auto">
                    {room.ended || room.preview}
                  </span>
                )}
              </span>
              {room.muted && <Icon name="muted" />}
              {room.unread > 0 && (
                <span class={room.mentions > 0 ? 'count mention' : 'count'}>
                  {room.mentions > 0 && '@'}
                  {room.unread}
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
      <footer>
        <button type="button" class="quiet" onClick={() => actions.run('create')}>
          <Icon name="plus" /> {WORDS.create}
        </button>
        <button type="button" class="quiet" onClick={() => actions.run('join')}>
          <Icon name="link" /> {WORDS.join}
        </button>
      </footer>
    </nav>
  );
}
