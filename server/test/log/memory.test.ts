import { openMemory } from '../../src/log/memory/open.ts';
import { contract } from './contract.ts';

contract({
  name: 'the memory engine',
  async open() {
    let now = Date.UTC(2026, 0, 1);
    const engine = openMemory({ now: () => now });
    return {
      handles: [engine],
      elapse: async (ms) => {
        now += ms;
      },
      sweep: async () => {
        await engine.sweep();
      },
      close: () => engine.close(),
    };
  },
  cannot: {
    failOver: 'it has no part that could fail alone',
    killedWriters: 'it keeps nothing beyond its process',
    remains: 'there is no store below it',
  },
});
