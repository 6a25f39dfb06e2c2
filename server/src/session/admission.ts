import type { Address } from '../net/address.ts';
import type { ServerLimits } from '../operate/limits.ts';
import { Refusal } from './refusal.ts';

/** Counts the connections, in all and by address. */
export class Admission {
  readonly #limits: ServerLimits;
  readonly #byAddress = new Map<string, number>();
  #total = 0;

  constructor(limits: ServerLimits) {
    this.#limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  /** @throws Refusal `full`; else a matching {@link leave} is owed. */
  enter(address: Address): void {
    const present = this.#byAddress.get(address.name) ?? 0;
    const spared = address.loopback && this.#limits.sparesLoopback;
    if (this.#total >= this.#limits.connections)
      throw new Refusal('full', 'the server has no room for more connections', { closes: true });
    if (!spared && present >= this.#limits.connectionsPerAddress) {
      throw new Refusal('full', 'too many connections from this address', { closes: true });
    }
    this.#byAddress.set(address.name, present + 1);
    this.#total += 1;
  }

  leave(address: Address): void {
    const present = this.#byAddress.get(address.name) ?? 0;
    if (present > 1) this.#byAddress.set(address.name, present - 1);
    else this.#byAddress.delete(address.name);
    this.#total -= 1;
  }
}
