import { Ajv, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { VoiceNodeError } from '../../domain/errors.js';
import type { ToolSpec } from '../../domain/tools.js';

/** What is wrong with arguments, in terms of the schema alone; undefined where nothing is. */
export type ArgumentCheck = (args: unknown) => string | undefined;

/** Unknown keywords and formats are allowed, as for the model that reads the same schema; nothing is filled in or converted. */
const OPTIONS = { strict: false, validateFormats: false, logger: false, allErrors: false } as const;

/**
 * Makes a check from the JSON Schema of a tool's arguments: draft 2020-12, or draft 7 where `$schema` says so.
 * Throws `robot_invalid` for a schema that is none.
 */
export function compileSchema({ name, parameters }: Pick<ToolSpec, 'name' | 'parameters'>): ArgumentCheck {
  const declared = parameters['$schema'];
  const ajv = typeof declared === 'string' && /draft-0?[67]/.test(declared) ? new Ajv(OPTIONS) : new Ajv2020(OPTIONS);
  let validate: ValidateFunction;
  try {
    // The address of a draft is all that was to be learnt from it; ajv would look for it.
    const { $schema: _, ...schema } = parameters;
    validate = ajv.compile(schema);
  } catch (error) {
    throw new VoiceNodeError('robot_invalid', `tool ${name}: expected parameters as JSON Schema, got something else: ${error instanceof Error ? error.message : 'unreadable'}`);
  }
  return (args) => {
    if (validate(args)) return undefined;
    const [error] = validate.errors ?? [];
    // The path in the schema, not in the arguments: their keys may be the caller's words.
    return error === undefined ? 'they are not' : `${error.schemaPath}: ${error.message ?? 'does not hold'}`;
  };
}
