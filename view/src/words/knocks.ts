/** Links that need approval: who asks to be let in, and who waits for it. */
export function knockWords() {
  return {
    list: {
      title: 'Asking to join',
      none: 'Nobody asks to join. A link that needs approval is made with “Invite”.',
      banned: 'banned',
      /** @param id the beginning of the identity key */
      id: (id: string) => `member id ${id}`,
    },
    knock: {
      title: (name: string) => `${name} asks to join`,
      /** @param at date and time. @param id the beginning of the identity key */
      text: (id: string, at: string) => `Asked ${at}. Member id: ${id}.`,
      claim: 'Anyone who has the link can take any name. Ask whom you know over another channel.',
      isBanned: 'This person is banned: end the ban first, or decline.',
      final: 'A decision is final. Whoever is declined hears it, and may ask again.',
      approve: 'Let in',
      decline: 'Decline',
    },
    approved: (name: string) => `${name} is let in, and joins as soon as their device asks again`,
    declined: (name: string) => `${name} is declined`,
    own: {
      title: 'Waiting for approval',
      none: 'You wait for nobody’s approval.',
      states: {
        sending: 'not asked yet: the server can’t be reached, or allows no more at present',
        waiting: 'asked; an admin or moderator decides',
        declined: 'declined',
        ended: 'the link works no more',
      },
      /** @param at date and time */
      text: (room: string, as: string, at: string) => `You asked to join ${room} as ${as}, ${at}.`,
      stays: 'You join by yourself once you are let in, also if nobody else is there then.',
      cancel: 'Stop waiting',
      dismiss: 'Forget it',
    },
    cancelled: 'You no longer wait for this room',
  };
}
