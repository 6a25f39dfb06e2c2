/** Writing to one member alone, and who asks to. */
export function directWords() {
  return {
    write: {
      title: (name: string) => `Write to ${name}`,
      text: 'Only the two of you can read it. They read your first words, and can accept or ignore. The other members learn nothing.',
      first: 'First words',
      submit: 'Send',
    },
    list: {
      title: 'Requests',
      none: 'Nobody asks to write to you.',
      /** @param text the first words; may be empty, as the room */
      detail: (room: string, text: string) => [room, text].filter((part) => part !== '').join(': '),
      who: 'Who may ask',
    },
    request: {
      title: (name: string) => `${name} wants to write to you`,
      /** @param at date and time */
      text: (room: string, at: string) =>
        room === '' ? `Asked ${at}.` : `You are both in ${room}. Asked ${at}.`,
      privacy: 'They learn nothing as long as you don’t accept.',
      accept: 'Accept',
      ignore: 'Ignore',
    },
    who: {
      title: 'Who may ask to write to you',
      label: 'Requests',
      all: 'everybody in your rooms',
      verified: 'people whose numbers you compared',
      none: 'nobody',
      submit: 'Save',
    },
    asked: (name: string) => `${name} is asked. What you write is sent once ${name} accepts.`,
    isIgnored: 'The request is ignored',
    saved: 'Saved',
  };
}
