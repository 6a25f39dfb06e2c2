import type { Role } from '@gochat/crypto/speaking';

/** All roles, the one with the most rights first. */
export const ROLES = [
  'admin',
  'moderator',
  'speaker',
  'member',
  'observer',
] as const satisfies readonly Role[];

/** @param text as a person writes it. @returns undefined if there is no such role */
export function parseRole(text: string): Role | undefined {
  return ROLES.find((role) => role === text.trim().toLowerCase());
}

/** Whether it is an office, with rights over other members. */
export function isOffice(role: Role): boolean {
  return role === 'admin' || role === 'moderator';
}
