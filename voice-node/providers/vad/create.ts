import type { CallRateHz } from '../../domain/audio.js';
import { VoiceNodeError } from '../../domain/errors.js';
import type { DetectorKind, SpeechDetector, SpeechRule } from '../../domain/speech.js';
import { ENERGY_RULE, ENERGY_THRESHOLD_RMS, EnergyDetector } from './energy.js';
import { DEFAULT_GATE, type GateOptions } from './gate.js';
import { checkNet, silentState } from './silero-check.js';
import { loadNets } from './silero-net.js';
import { SILERO_RULE, SileroDetector, type SileroShared } from './silero.js';
import { WEBRTC_RULE, WebrtcDetector, loadFvad, type WebrtcMode } from './webrtc.js';

export const DETECTOR_KINDS: readonly DetectorKind[] = ['silero', 'webrtc', 'energy'];

export interface DetectorOptions {
  /** What is to be loaded; the others cannot be created then. Default: all. */
  readonly kinds?: readonly DetectorKind[];
  /** Another place of the very same Silero v6.2 file. Default: the installed package. */
  readonly sileroModelPath?: string;
  readonly gate?: Partial<GateOptions>;
  /** Whether Silero looks at every 20 ms frame instead of every 32 ms window. Default true. */
  readonly speculate?: boolean;
  /** Default 3. */
  readonly webrtcMode?: WebrtcMode;
  /** In int16 units. Default 200. */
  readonly energyThresholdRms?: number;
  /** Changes to the detectors' own thresholds. */
  readonly rules?: Partial<Record<DetectorKind, Partial<SpeechRule>>>;
}

export interface DetectorFactory {
  /** A detector for one call. Throws `vad_failed` for a kind that was not loaded. */
  create(kind: DetectorKind, rateHz: CallRateHz): SpeechDetector;
  /** Frees what the detectors share. None of them may be used afterwards. */
  close(): void;
}

/**
 * Loads what the detectors of all calls share: the model, checked against its hash and on a known vector, and
 * the WebAssembly module. Throws `vad_failed`, or `config_invalid` for thresholds that cannot work.
 */
export async function loadDetectors(options: DetectorOptions = {}): Promise<DetectorFactory> {
  const kinds = options.kinds ?? DETECTOR_KINDS;
  const rules = {
    silero: checkedRule('silero', { ...SILERO_RULE, ...options.rules?.silero }),
    webrtc: checkedRule('webrtc', { ...WEBRTC_RULE, ...options.rules?.webrtc }),
    energy: checkedRule('energy', { ...ENERGY_RULE, ...options.rules?.energy }),
  };
  const gate = checkedGate({ ...DEFAULT_GATE, ...options.gate });
  const thresholdRms = options.energyThresholdRms ?? ENERGY_THRESHOLD_RMS;
  const fvad = kinds.includes('webrtc') ? await loadFvad() : undefined;
  const silero = kinds.includes('silero') ? loadSilero(options.sileroModelPath) : undefined;
  const notLoaded = (kind: DetectorKind): VoiceNodeError =>
    new VoiceNodeError('vad_failed', `detector ${kind} was not loaded; loaded: ${kinds.join(', ')}`);

  return {
    create(kind, rateHz) {
      switch (kind) {
        case 'silero':
          if (silero === undefined) throw notLoaded(kind);
          return new SileroDetector(silero, rateHz, { rule: rules.silero, gate, speculate: options.speculate ?? true });
        case 'webrtc':
          if (fvad === undefined) throw notLoaded(kind);
          return new WebrtcDetector(fvad, rateHz, options.webrtcMode ?? 3, rules.webrtc);
        case 'energy':
          return new EnergyDetector(thresholdRms, rules.energy);
      }
    },
    close() {
      // Nothing of it is native: nets and modules are memory that goes when nobody holds them.
    },
  };
}

function loadSilero(modelPath: string | undefined): SileroShared {
  const nets = loadNets(modelPath);
  checkNet(nets[8000]);
  checkNet(nets[16_000]);
  return { nets, silence: { 8000: silentState(nets[8000]), 16000: silentState(nets[16_000]) } };
}

/** Throws `config_invalid` where a rule could never become true or never end. */
function checkedRule(kind: DetectorKind, rule: SpeechRule): SpeechRule {
  const complain = (what: string): never => {
    throw new VoiceNodeError('config_invalid', `rule of detector ${kind}: ${what}, got ${JSON.stringify(rule)}`);
  };
  if (!(rule.start > 0 && rule.start <= 1)) complain('expected start above 0 and at most 1');
  if (!(rule.stop > 0 && rule.stop <= rule.start)) complain('expected stop above 0 and not above start');
  if (!(rule.certain >= rule.start && rule.interruptCertain >= rule.start)) complain('expected certain not below start');
  for (const [frames, window] of [
    [rule.startFrames, rule.startWindow],
    [rule.interruptFrames, rule.interruptWindow],
  ] as const) {
    if (!Number.isInteger(frames) || !Number.isInteger(window) || frames < 1 || frames > window || window > 32) {
      complain('expected 1 <= frames <= window <= 32, whole');
    }
  }
  return rule;
}

function checkedGate(gate: GateOptions): GateOptions {
  const whole = (n: number, max: number): boolean => Number.isInteger(n) && n >= 0 && n <= max;
  const fine =
    gate.ratio >= 1 && gate.minRms > 0 && gate.hangMs >= 0 && gate.runAfterSpeechMs >= 0 && whole(gate.replayWindows, 8) && whole(gate.speechWindows, 100);
  if (!fine) {
    throw new VoiceNodeError(
      'config_invalid',
      `gate: expected ratio >= 1, minRms > 0, times >= 0, replayWindows 0 to 8, speechWindows 0 to 100, got ${JSON.stringify(gate)}`,
    );
  }
  return gate;
}
