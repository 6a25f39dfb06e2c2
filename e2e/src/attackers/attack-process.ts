import type { Target } from './attack.ts';
import { ATTACKS, type AttackName } from './attacks.ts';

/** One attack in a separate process, so that it slows only the server. */
const [name, target] = process.argv.slice(2);
const outcome = await ATTACKS[name as AttackName](JSON.parse(target ?? '') as Target);
process.send?.(outcome, () => process.exit(0));
