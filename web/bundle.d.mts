import type { BuildOptions, Plugin } from 'rolldown';

export function browserBundle(input: Readonly<Record<string, string>>): BuildOptions;

export const workers: Plugin;
