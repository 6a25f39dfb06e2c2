import type { Actions } from '@gochat/view/actions';
import type { RoomEntry } from '@gochat/view/snapshot';
import { Avatar } from '../avatar.tsx';
import { Icon, Mark } from '../icons.tsx';
import { useWords } from '../words.ts';

interface RoomsProps {
  /** Who asks to write, in a sentence; empty for nobody. */
  readonly requests: string;
  /** Into which rooms this person waits to be let, in a sentence; empty for none. */
  readonly waiting: string;
  readonly rooms: readonly RoomEntry[];
  readonly actions: Actions;
  /** A room was chosen, possibly the open one. */
  readonly chosen: (room: string) => void;
}

/** Leads to what this person waits for. */
export function WaitingLine({ waiting, actions }: Pick<RoomsProps, 'waiting' | 'actions'>) {
  if (waiting === '') return null;
  return (
    <button type="button" class="requests" onClick={() => actions.run('knocking')}>
      {waiting}
    </button>
  );
}

export function RoomsView({ rooms, requests, waiting, actions, chosen }: RoomsProps) {
  const words = useWords();
  const { app, rooms: text } = words.text.web;
  return (
    <nav class="rooms" aria-label={text.title} data-landmark="">
      <header>
        <h1>
          <Mark />
          {app}
        </h1>
        <button
          type="button"
          class="quiet"
          aria-label={text.palette}
          title={text.palette}
          onClick={() => actions.run('palette')}
        >
          <Icon name="search" />
        </button>
        <button
          type="button"
          class="quiet"
          aria-label={text.devices}
          title={text.devices}
          onClick={() => actions.run('devices')}
        >
          <Icon name="device" />
        </button>
        <button
          type="button"
          class="quiet"
          aria-label={text.settings}
          title={text.settings}
          onClick={() => actions.run('settings')}
        >
          <Icon name="gear" />
        </button>
      </header>
      {requests !== '' && (
        <button type="button" class="requests" onClick={() => actions.run('requests')}>
          {requests}
        </button>
      )}
      <WaitingLine waiting={waiting} actions={actions} />
      <ul>
        {rooms.map((room) => (
          <li key={room.id}>
            {room.heading !== '' && <h2>{room.heading}</h2>}
            <button
              type="button"
              class={`room${room.ended === '' ? '' : ' ended'}${room.unread > 0 && !room.muted ? ' new' : ''}`}
              aria-current={room.open ? 'page' : undefined}
              aria-label={room.spoken}
              title={room.name}
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
                  {words.number(room.unread)}
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
      <footer>
        <button type="button" class="quiet" onClick={() => actions.run('create')}>
          <Icon name="plus" /> {text.create}
        </button>
        <button type="button" class="quiet" onClick={() => actions.run('join')}>
          <Icon name="link" /> {text.join}
        </button>
      </footer>
    </nav>
  );
}
