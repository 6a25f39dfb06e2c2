import type { Formats } from './formats.ts';

/** What dialogs about polls, forwarded messages and one's own name say. Names come sanitized. */
export function messageDialogWords(f: Formats) {
  return {
    poll: {
      title: 'Ask a poll',
      text: 'Members see who chose which answer. You can edit the question and the answers later, as in any message.',
      question: 'Question',
      answer: (number: number) => `Answer ${f.number(number)}`,
      optional: 'May be empty.',
      many: 'Several answers can be chosen',
      submit: 'Ask',
      noQuestion: 'Write a question',
      fewAnswers: 'A poll has at least two answers',
      vote: 'Choose an answer',
      chosen: 'your choice',
      close: {
        title: 'Close this poll?',
        of: (question: string) => `“${question}”`,
        text: 'The votes stay as they are now. Nobody can vote any more, and it can’t be opened again.',
        submit: 'Close',
      },
      numbers: (most: number) => `Say the number of an answer, from 1 to ${f.number(most)}`,
    },
    nick: {
      title: 'Your name in this room',
      text: 'All members see that you have changed it. Your name in other rooms stays.',
      name: 'Name',
      submit: 'Change',
    },
    forward: {
      where: 'Forward to which room?',
      title: (room: string) => `Forward to ${room}`,
      text: (author: string) =>
        `Its members see that ${author} wrote it, as you say. Ask ${author} if you aren’t sure that this is welcome.`,
      submit: 'Forward',
      done: (room: string) => `Forwarded to ${room}`,
    },
  };
}
