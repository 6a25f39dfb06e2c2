import { isBlank } from '@gochat/client/blank';
import type { TextItem } from '@gochat/client/history';
import {
  ANSWER_EMOJI,
  answerEmoji,
  FEWEST_ANSWERS,
  pollContent,
  readPoll,
  splitPoll,
} from '@gochat/client/polls';
import type { Chat } from '../chat/chat.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import type { MenuDialog } from './dialog.ts';
import { FieldError } from './field-error.ts';
import { detailedItem, form, textField, toggleField } from './forms.ts';
import { react } from './message.ts';

/** How many answers the form has room for. */
const FIELDS = 5;

type Asking = Pick<Chat, 'words' | 'dialogs' | 'flashes' | 'navigation' | 'messages'>;

/**
 * Asks a poll in the open room.
 * @param args question and answers, separated by `|`; a form asks for what is missing
 * @returns why it can't be asked; undefined when it was, or when a form is shown
 */
export async function poll(chat: Asking, args: string): Promise<string | undefined> {
  const words = await chat.words.text.messageDialogs();
  const { room } = chat.navigation;
  const { question, answers } = splitPoll(args);
  if (room === undefined) return undefined;
  if (answers.length >= FEWEST_ANSWERS) {
    await chat.messages.queue(room, pollContent(question, answers));
    return undefined;
  }
  const fields = Array.from({ length: FIELDS }, (_, i) =>
    textField(
      `answer ${i}`,
      words.poll.answer(i + 1),
      answers[i] ?? '',
      i < FEWEST_ANSWERS ? '' : words.poll.optional,
    ),
  );
  chat.dialogs.show({
    dialog: form(
      words.poll.title,
      [words.poll.text],
      [
        textField('question', words.poll.question, question),
        ...fields,
        toggleField('many', words.poll.many, false),
      ],
      words.poll.submit,
    ),
    submit: async (values, handle) => {
      const asked = (values.question ?? '').trim();
      const given = fields
        .map(({ name }) => (values[name] ?? '').trim())
        .filter((answer) => !isBlank(answer));
      if (isBlank(asked)) throw new FieldError('question', words.poll.noQuestion);
      const empty = fields.find(({ name }) => isBlank(values[name] ?? ''));
      if (given.length < FEWEST_ANSWERS) throw new FieldError(empty?.name ?? '', words.poll.fewAnswers);
      await chat.messages.queue(room, pollContent(asked, given, values.many === 'on' ? 'many' : 'one'));
      handle.close();
    },
  });
  return undefined;
}

/** Closes a poll, after a question. */
export async function askClose(chat: Asking, { seq, id, text }: TextItem): Promise<undefined> {
  const { close } = (await chat.words.text.messageDialogs()).poll;
  const { room } = chat.navigation;
  if (room === undefined) return;
  chat.dialogs.show({
    dialog: form(
      close.title,
      [close.of(sanitizeLine(readPoll(text)?.question ?? '')), close.text],
      [],
      close.submit,
      true,
    ),
    submit: async (_values, handle) => {
      await chat.messages.queue(room, { kind: 'close', of: { seq, id } });
      handle.close();
    },
  });
}

/**
 * Chooses an answer of a poll, or takes the choice back if it is chosen.
 * @param args its number; a menu asks when it is empty. @returns why it can't be chosen
 */
export async function vote(chat: Asking, item: TextItem, args: string): Promise<string | undefined> {
  const words = await chat.words.text.messageDialogs();
  const asked = readPoll(item.text);
  if (asked === undefined) return undefined;
  const { answers, question } = asked;
  const choose = (answer: number) => react(chat, item, ANSWER_EMOJI[answer] ?? '');
  if (args !== '') {
    const emoji = answerEmoji(asked, args);
    return emoji === undefined ? words.poll.numbers(answers.length) : react(chat, item, emoji);
  }
  const self = chat.navigation.room?.self?.identity;
  const isOwn = (emoji: string) =>
    item.reactions?.some((one) => one.emoji === emoji && one.by.some(({ identity }) => identity === self)) ===
    true;
  chat.dialogs.show<MenuDialog>({
    dialog: {
      kind: 'menu',
      title: words.poll.vote,
      quoted: sanitizeLine(question),
      text: [],
      code: [],
      items: answers.map((answer, i) =>
        detailedItem(String(i), sanitizeLine(answer), isOwn(ANSWER_EMOJI[i] ?? '') ? words.poll.chosen : ''),
      ),
    },
    pick: (name, handle) => {
      handle.close();
      chat.flashes.attempt(() => choose(Number(name)));
    },
  });
  return undefined;
}
