import type { BuildOptions } from 'rolldown';

export function browserBundle(input: Readonly<Record<string, string>>): BuildOptions;
