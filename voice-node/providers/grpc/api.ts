import { fromJSON, type AnyDefinition, type MethodDefinition } from '@grpc/proto-loader';

/** A message: name of the field to its type and number. `[type, number, 'repeated']` for a list. */
export type Fields = Readonly<Record<string, readonly [type: string, id: number, rule?: 'repeated']>>;

export interface Api {
  /** Such as `speechkit.stt.v3`. */
  readonly package: string;
  readonly service: string;
  readonly method: string;
  readonly request: string;
  readonly response: string;
  readonly streamsRequest: boolean;
  readonly messages: Readonly<Record<string, Fields>>;
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/**
 * One method that answers with a stream, ready to be called. The description is data of ours rather than a
 * `.proto` file, so that it is compiled along and nothing has to be found on disk at run time. Names are those
 * of JSON (camelCase); on the wire only the numbers count (Protocol Buffers, "Encoding"). Of a `oneof` we always
 * write one member and read whichever came, which is the same on the wire as single fields.
 */
export function methodOf<Q extends object, R extends object>(api: Api): MethodDefinition<Q, R> {
  const path = api.package.split('.');
  const messages = Object.entries(api.messages).map(([name, fields]) => [
    name,
    { fields: Object.fromEntries(Object.entries(fields).map(([field, [type, id, rule]]) => [field, { type, id, ...(rule && { rule }) }])) },
  ]);
  const enums = Object.entries(api.enums).map(([name, values]) => [name, { values: { ...values } }]);
  const method = { requestType: api.request, responseType: api.response, requestStream: api.streamsRequest, responseStream: true };
  let json: object = { nested: { ...Object.fromEntries([...messages, ...enums]), [api.service]: { methods: { [api.method]: method } } } };
  for (const part of [...path].reverse()) json = { nested: { [part]: json } };
  const loaded = fromJSON(json, { longs: Number, enums: String });
  const service = loaded[`${api.package}.${api.service}`] as Exclude<AnyDefinition, { format: string }>;
  return service[api.method] as unknown as MethodDefinition<Q, R>;
}
