import type { Content } from '@gochat/crypto/content';
import { ChatError } from '../api/chat-error.ts';
import { isBlank } from './blank.ts';
import type { TextItem } from './history.ts';

/** The reactions by which members choose an answer of a poll, in the order of the answers. */
export const ANSWER_EMOJI: readonly string[] = [
  ...Array.from({ length: 9 }, (_, i) => `${i + 1}\u{fe0f}\u{20e3}`),
  '\u{1f51f}',
];

/** How many answers a poll has at least. At most it has one for each of {@link ANSWER_EMOJI}. */
export const FEWEST_ANSWERS = 2;

/** What the text of a poll says. */
export interface PollText {
  /** All lines that are no answers. */
  readonly question: string;
  readonly answers: readonly string[];
}

/** @returns the text of a poll: the question, then each answer in a line of its own, after its emoji and a space */
export function pollText({ question, answers }: PollText): string {
  return [question, ...answers.map((answer, i) => `${ANSWER_EMOJI[i] ?? ''} ${answer}`)].join('\n');
}

/**
 * @param text of a message with `poll`, as its author wrote or edited it. Its answers are the lines that begin with the emoji of the first
 *   answer, then of the second and so on
 * @returns undefined if the text has fewer than two answers: it is shown as any other
 */
export function readPoll(text: string): PollText | undefined {
  const question: string[] = [];
  const answers: string[] = [];
  for (const line of text.split('\n')) {
    const start = `${ANSWER_EMOJI[answers.length] ?? '\n'} `;
    const answer = line.startsWith(start) ? line.slice(start.length).trim() : '';
    if (answer === '') question.push(line);
    else answers.push(answer);
  }
  if (answers.length < FEWEST_ANSWERS) return undefined;
  return { question: question.join('\n').trim(), answers };
}

/**
 * @param question without the answers. @param answers from 2 to 10, each in one line
 * @returns the content of a message that asks it
 * @throws ChatError `poll-answers` where readers would read another question or other answers
 */
export function pollContent(
  question: string,
  answers: readonly string[],
  poll: NonNullable<TextItem['poll']> = 'one',
): Extract<Content, { kind: 'text' }> {
  const asked = { question: question.trim(), answers: answers.map((answer) => answer.trim()) };
  const text = pollText(asked);
  const isRead = JSON.stringify(readPoll(text)) === JSON.stringify(asked);
  if (!isRead || [asked.question, ...asked.answers].some(isBlank)) throw refusedPoll();
  return { kind: 'text', text, poll };
}

/** Why a poll can't be asked. */
export function refusedPoll(): ChatError {
  return new ChatError({ reason: 'poll-answers', fewest: FEWEST_ANSWERS, most: ANSWER_EMOJI.length });
}

/** @param typed question and answers, separated by `|`. @returns what {@link pollContent} takes */
export function splitPoll(typed: string): PollText {
  const [question = '', ...answers] = typed.split('|').map((part) => part.trim());
  return { question, answers };
}

/** @param number of an answer, from 1, as a person typed it. @returns the reaction that chooses it; undefined if there is none */
export function answerEmoji({ answers }: PollText, number: string): string | undefined {
  const at = /^[1-9][0-9]?$/.test(number) ? Number(number) : 0;
  return at <= answers.length ? ANSWER_EMOJI[at - 1] : undefined;
}

/** @returns how many have chosen each answer, in their order; undefined if the message is no poll, or was deleted */
export function votesOf({ poll, text, deleted, reactions = [] }: TextItem): readonly number[] | undefined {
  const asked = poll && deleted === undefined ? readPoll(text) : undefined;
  return asked?.answers.map(
    (_, i) => reactions.find(({ emoji }) => emoji === ANSWER_EMOJI[i])?.by.length ?? 0,
  );
}

/** Whether the reaction is a vote, now or after the next edit of the poll's answers. */
export function isVote(item: Pick<TextItem, 'poll'>, emoji: string): boolean {
  return item.poll !== undefined && ANSWER_EMOJI.includes(emoji);
}

/** Whether the reaction chooses an answer of the poll in which a person has only one. */
export function replacesAnswer(item: Pick<TextItem, 'poll'>, emoji: string): boolean {
  return item.poll === 'one' && ANSWER_EMOJI.includes(emoji);
}
