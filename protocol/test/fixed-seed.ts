import fc from 'fast-check';

/** Makes the property tests of the importing file repeatable. A failure prints the seed and the path to its counterexample. */
fc.configureGlobal({ seed: 20_261_123 });
