/** The address of a bundle of that module, to start a module worker with. */
declare module '*.worker.ts?address' {
  export const address: string;
}
