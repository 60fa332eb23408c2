/** What the model is told beyond the robot's prompt. */
export const FAREWELL = 'Say a short good-bye to the caller, in the language of the conversation, and nothing else.';
export const greetingOf = (text: string): string => `Say exactly the following to the caller, and nothing else: ${JSON.stringify(text)}`;
