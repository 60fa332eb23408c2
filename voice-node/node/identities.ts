/*
 * The names under which a call's robot enters its room: `robot-<callId>` at first, `robot-<callId>-<n>` later. One that
 * was used once is not used again, for the old one may still be in the room.
 */

const base = (callId: string): string => `robot-${callId}`;

export const firstIdentity = (callId: string): string => base(callId);

/** Whether this is, or was, the robot of this call. */
export const isRobotOf = (identity: string, callId: string): boolean => identity === base(callId) || identity.startsWith(`${base(callId)}-`);

/** Which attempt it is: 0 for the first, and for what is no robot of this call. */
export function attemptOf(identity: string, callId: string): number {
  if (!identity.startsWith(`${base(callId)}-`)) return 0;
  const attempt = Number.parseInt(identity.slice(base(callId).length + 1), 10);
  return Number.isSafeInteger(attempt) && attempt > 0 ? attempt : 0;
}

/** The name of an attempt, 1 or more. */
export const identityOf = (callId: string, attempt: number): string => `${base(callId)}-${attempt}`;

/** More attempts than a line makes in the longest call. */
const FAR = 1_000_000;

/**
 * For a call of a node that is gone, or only cut off: its line may still be making attempts of its own there, each under
 * the next name, and a name that two robots use puts one of them out.
 */
export const farIdentity = (callId: string, identity: string): string => identityOf(callId, (Math.floor(attemptOf(identity, callId) / FAR) + 1) * FAR);

/** The one after this one. */
export const nextIdentity = (callId: string, identity: string): string => identityOf(callId, attemptOf(identity, callId) + 1);
