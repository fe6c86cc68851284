import {
  create,
  type DescMessage,
  type FileRegistry,
  type Message,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import { type Code, ConnectError, type ConnectRouter, type HandlerContext } from "@connectrpc/connect";
import { delay } from "../../services/platform/delay.ts";

// The suite's contract is read when it runs, not generated: these are the parts of its messages that are needed here.
interface Header {
  readonly name: string;
  readonly value: readonly string[];
}
interface Failure {
  readonly code: number;
  readonly message?: string;
  readonly details: readonly Any[];
}
interface UnaryDefinition {
  readonly responseHeaders: readonly Header[];
  readonly responseTrailers: readonly Header[];
  readonly responseDelayMs: number;
  readonly response:
    | { case: "responseData"; value: Uint8Array }
    | { case: "error"; value: Failure }
    | { case: undefined };
}
interface StreamDefinition {
  readonly responseHeaders: readonly Header[];
  readonly responseTrailers: readonly Header[];
  readonly responseDelayMs: number;
  readonly responseData: readonly Uint8Array[];
  readonly error?: Failure;
}
type UnaryRequest = Message & { readonly responseDefinition?: UnaryDefinition };
type StreamRequest = Message & {
  readonly responseDefinition?: StreamDefinition;
  readonly fullDuplex?: boolean;
};

/** The service that the suite calls: it answers as each request says, and tells what it saw of the request. */
export function conformanceRoutes(contract: FileRegistry): (router: ConnectRouter) => void {
  const service = contract.getService("connectrpc.conformance.v1.ConformanceService");
  const infoDesc = contract.getMessage("connectrpc.conformance.v1.ConformancePayload.RequestInfo");
  if (!service || !infoDesc) throw new Error("this is not the contract of the conformance suite");

  const infoOf = (requests: readonly Message[], context: HandlerContext) =>
    create(infoDesc, {
      requestHeaders: headersOf(context.requestHeader),
      timeoutMs: optionalInteger(context.timeoutMs()),
      requests: requests.map((request) => anyPack(descOf(request, contract), request)),
      connectGetInfo:
        context.requestMethod === "GET"
          ? { queryParams: headersOf(new URL(context.url).searchParams) }
          : undefined,
    } as MessageInitShape<DescMessage>);

  /** An error of the suite's own form; the first answer of a call tells of the request, also when it is an error. */
  const failureOf = ({ code, message, details }: Failure, info: Message | undefined) => {
    const error = new ConnectError(message ?? "", code as Code);
    for (const { typeUrl, value } of details) {
      error.details.push({ type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1), value });
    }
    if (info) error.details.push({ desc: infoDesc, value: info });
    return error;
  };

  async function answerOnce(requests: readonly UnaryRequest[], context: HandlerContext) {
    const definition = requests[0]?.responseDefinition;
    const requestInfo = infoOf(requests, context);
    if (!definition) return { payload: { requestInfo } };
    setHeaders(definition, context);
    await pause(definition.responseDelayMs, context);
    const { response } = definition;
    if (response.case === "error") throw failureOf(response.value, requestInfo);
    return { payload: { requestInfo, data: response.case && response.value } };
  }

  async function* answerMany(requests: AsyncIterable<StreamRequest>, context: HandlerContext) {
    let definition: StreamDefinition | undefined;
    let sent = 0;
    let unanswered: StreamRequest[] = [];
    const next = async ({ responseData, responseDelayMs }: StreamDefinition) => {
      await pause(responseDelayMs, context);
      const requestInfo = unanswered.length > 0 ? infoOf(unanswered, context) : undefined;
      unanswered = [];
      return { payload: { data: responseData[sent++], requestInfo } };
    };
    let fullDuplex = false;
    for await (const request of requests) {
      if (!definition && request.responseDefinition) {
        definition = request.responseDefinition;
        fullDuplex = request.fullDuplex === true;
        setHeaders(definition, context);
      }
      unanswered.push(request);
      if (!fullDuplex || !definition) continue;
      if (sent === definition.responseData.length) break;
      yield await next(definition);
    }
    if (!definition) return;
    while (sent < definition.responseData.length) yield await next(definition);
    if (definition.error)
      throw failureOf(definition.error, sent === 0 ? infoOf(unanswered, context) : undefined);
  }

  const methods = {
    unary: (request: UnaryRequest, context: HandlerContext) => answerOnce([request], context),
    idempotentUnary: (request: UnaryRequest, context: HandlerContext) => answerOnce([request], context),
    clientStream: async (requests: AsyncIterable<UnaryRequest>, context: HandlerContext) =>
      answerOnce(await Array.fromAsync(requests), context),
    serverStream: (request: StreamRequest, context: HandlerContext) => answerMany(one(request), context),
    bidiStream: (requests: AsyncIterable<StreamRequest>, context: HandlerContext) =>
      answerMany(requests, context),
  };
  return (router) => {
    const implementation = methods as unknown as Parameters<ConnectRouter["service"]>[1];
    // The answers have requests in them as google.protobuf.Any, which JSON needs the contract for.
    router.service(service, implementation, { jsonOptions: { registry: contract } });
  };
}

async function* one<T>(item: T) {
  yield item;
}

async function pause(ms: number, { signal }: HandlerContext): Promise<void> {
  if (ms > 0) await delay(ms, signal);
  signal.throwIfAborted();
}

function setHeaders(definition: UnaryDefinition | StreamDefinition, context: HandlerContext): void {
  const append = (to: Headers, headers: readonly Header[]) => {
    for (const { name, value } of headers) for (const each of value) to.append(name, each);
  };
  append(context.responseHeader, definition.responseHeaders);
  append(context.responseTrailer, definition.responseTrailers);
}

function headersOf(entries: Iterable<[string, string]>): Header[] {
  return Array.from(entries, ([name, value]) => ({ name, value: [value] }));
}

function optionalInteger(value: number | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(Math.round(value));
}

function descOf({ $typeName }: Message, contract: FileRegistry): DescMessage {
  const desc = contract.getMessage($typeName);
  if (!desc) throw new Error(`${$typeName} is not of the contract`);
  return desc;
}
