import type { VoiceNodeError } from '../domain/errors.js';
import type { AgentState, CallerEvent, TurnReport } from '../domain/events.js';
import type { CallEnd, ProviderKind } from '../domain/observer.js';
import type { InterruptionDecision, SpeechEvent, Utterance } from '../domain/speech.js';
import type { MonotonicMs } from '../domain/time.js';
import type { LineEnd } from '../domain/transport.js';
import type { PhraseName } from './state.js';

/** Everything that can happen to a call. */
export type CallEvent =
  | { readonly type: 'connected' }
  /** Whether anybody is in the room, with a microphone or without. `hungUp`: the last one left because he wanted to. */
  | { readonly type: 'company'; readonly isThere: boolean; readonly hungUp: boolean }
  | { readonly type: 'caller_joined' }
  /** `hungUp`: he will not come back, but for a page that was loaded anew. */
  | { readonly type: 'caller_left'; readonly hungUp: boolean }
  /** The line is down and is being made again. */
  | { readonly type: 'interrupted' }
  | { readonly type: 'restored' }
  | { readonly type: 'line_ended'; readonly end: LineEnd }
  | { readonly type: 'failed'; readonly error: VoiceNodeError }
  | { readonly type: 'hang_up'; readonly end: CallEnd }
  /** The node wants to be rid of the call: the recorded good-bye, then the end. */
  | { readonly type: 'say_goodbye' }
  | { readonly type: 'end_requested'; readonly end?: 'failed' | undefined }
  | SpeechEvent
  | { readonly type: 'understood'; readonly turn: number }
  | { readonly type: 'reply_begun'; readonly turn: number | undefined }
  | { readonly type: 'reply_chosen'; readonly generation: number }
  | { readonly type: 'reply_audio'; readonly generation: number }
  /** A reply failed; `generation` undefined: the orchestrator itself did, whatever it was doing. */
  | { readonly type: 'reply_failed'; readonly generation: number | undefined; readonly error: VoiceNodeError }
  | { readonly type: 'playout_started'; readonly generation: number }
  | { readonly type: 'playout_audible'; readonly generation: number }
  | { readonly type: 'playout_starved'; readonly generation: number }
  | { readonly type: 'playout_resumed'; readonly generation: number }
  | { readonly type: 'playout_finished'; readonly generation: number; readonly heardMs: number }
  /** What the player answered to `cut_reply`. */
  | { readonly type: 'reply_cut'; readonly generation: number; readonly turn: number | undefined; readonly heardMs: number; readonly bargeInMs: number | undefined; readonly playing: boolean }
  /** The deadline may have passed. */
  | { readonly type: 'tick' };

/** Everything a call can be told to do. Carried out in order. */
export type CallCommand =
  | { readonly type: 'agent_state'; readonly state: AgentState }
  /** Whether the rule for interruptions counts in hearing. */
  | { readonly type: 'robot_speaking'; readonly on: boolean }
  | { readonly type: 'reset_hearing' }
  /** End the utterance if the caller's audio has stopped coming. */
  | { readonly type: 'check_audio' }
  | { readonly type: 'open_conversation' }
  | { readonly type: 'tell_started'; readonly turn: number }
  | { readonly type: 'tell_ended'; readonly turn: number; readonly utterance: Utterance }
  | { readonly type: 'tell_dropped'; readonly turn: number }
  /** The reply was played to its end; the orchestrator is told, unless it was a recorded phrase. */
  | { readonly type: 'finish_reply'; readonly generation: number; readonly turn: number | undefined; readonly heardMs: number; readonly phrase: PhraseName | undefined }
  | { readonly type: 'begin_reply'; readonly generation: number; readonly turn: number | undefined }
  /** Say a recorded phrase, as a reply that the orchestrator knows nothing of. */
  | { readonly type: 'say'; readonly generation: number; readonly phrase: PhraseName }
  /** Lower the robot's voice, or bring it back. */
  | { readonly type: 'duck_reply'; readonly on: boolean }
  /** Fall silent but keep the reply, or go on with it from the very sample. */
  | { readonly type: 'hold_reply'; readonly on: boolean }
  | { readonly type: 'report_interruption'; readonly decision: InterruptionDecision; readonly afterMs: number }
  /**
   * Fall silent now; answered by `reply_cut`. `onsetMs`: arrival of the interrupting voice, where there is one;
   * `silentMs`: since when the reply was held, where it was.
   */
  | { readonly type: 'cut_reply'; readonly generation: number; readonly turn: number | undefined; readonly onsetMs: number | undefined; readonly silentMs: MonotonicMs | undefined; readonly playing: boolean; readonly phrase: PhraseName | undefined }
  | { readonly type: 'publish'; readonly event: CallerEvent }
  | { readonly type: 'report_turn'; readonly report: TurnReport }
  | { readonly type: 'report_barge_in'; readonly stopMs: number; readonly heardMs: number }
  /** `provider`: whose failure it is; undefined where it is the line's or the node's own. */
  | { readonly type: 'report_error'; readonly error: VoiceNodeError; readonly provider: ProviderKind | undefined }
  /** The last command of every call. */
  | { readonly type: 'close'; readonly end: CallEnd };
