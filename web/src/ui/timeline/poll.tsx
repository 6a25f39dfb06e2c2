import type { Actions } from '@gochat/view/actions';
import type { MessageRow, PollRow } from '@gochat/view/row';
import { useWords } from '../words.ts';

interface PollProps {
  readonly row: MessageRow;
  readonly poll: PollRow;
  readonly actions: Actions;
  readonly tabIndex: number;
  readonly writable: boolean;
}

/** The answers of a poll as buttons: pressed are those that this person has chosen. */
export function Poll({ row, poll, actions, tabIndex, writable }: PollProps) {
  const words = useWords();
  const takesVotes = row.seq !== '' && writable && poll.isOpen;
  return (
    <div class="poll">
      <p>{poll.rule}</p>
      {poll.answers.map((answer, i) => (
        <button
          key={answer.emoji}
          type="button"
          class="answer"
          aria-pressed={answer.own}
          aria-label={words.text.timeline.spoken.answer(answer, i)}
          title={answer.by}
          disabled={!takesVotes}
          tabIndex={tabIndex}
          onClick={() => actions.react(row.key, answer.emoji)}
        >
          <span dir="auto">{answer.text}</span>
          <b>{words.number(answer.count)}</b>
          <progress value={answer.share} aria-hidden="true" />
        </button>
      ))}
      <p>{poll.total}</p>
    </div>
  );
}
