/** Calls the listener when the device is likely to reach the network again. @returns a function that ends this */
export type WatchWakes = (listener: () => void) => () => void;
