/** libfvad (WebRTC's detector) as an Emscripten module; the package comes without types. */
declare module '@echogarden/fvad-wasm' {
  export interface FvadModule {
    /** A view of the module's memory. Replaced when the memory grows: never keep it. */
    readonly HEAP16: Int16Array;
    _malloc(bytes: number): number;
    _free(address: number): void;
    /** Returns 0 where memory is short. */
    _fvad_new(): number;
    _fvad_free(instance: number): void;
    _fvad_reset(instance: number): void;
    /** Mode 0 to 3; returns 0, or -1 for a mode it does not know. */
    _fvad_set_mode(instance: number, mode: number): number;
    /** Returns 0, or -1 for a rate it does not know. */
    _fvad_set_sample_rate(instance: number, rateHz: number): number;
    /** 1 speech, 0 none, -1 wrong length. `samples` is an address, `count` 10, 20 or 30 ms. */
    _fvad_process(instance: number, samples: number, count: number): number;
  }
  const fvad: (options?: object) => Promise<FvadModule>;
  export default fvad;
}
