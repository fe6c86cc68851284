import type { DescField, DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RequestInfoSchema,
  RetryInfoSchema,
} from "../../../gen/google/rpc/error_details_pb.ts";
import type { FieldViolation, OrderErrorCode } from "../../domain/order-error.ts";

/** `reason` in ErrorInfo is unique within it. */
const DOMAIN = "orders";

interface Detail<Desc extends DescMessage = DescMessage> {
  readonly desc: Desc;
  readonly value: MessageInitShape<Desc>;
}

export interface Refusal {
  readonly code: OrderErrorCode;
  /** By the paths of `fieldPath`. */
  readonly fields: readonly { readonly field: string; readonly description: string }[];
  readonly retryAfterMs?: number | undefined;
  /** As the caller gave it, to find the call again in both sides' logs. */
  readonly traceId: string | undefined;
}

/**
 * What a program can read of a refusal (https://google.aip.dev/193): the same reasons that REST's problem types are named for, each
 * wrong field, and when to try again.
 */
export function refusalDetails({ code, fields, retryAfterMs, traceId }: Refusal): Detail[] {
  return [
    detail(ErrorInfoSchema, { reason: code, domain: DOMAIN }),
    ...(fields.length > 0 ? [detail(BadRequestSchema, { fieldViolations: [...fields] })] : []),
    ...(retryAfterMs === undefined
      ? []
      : [detail(RetryInfoSchema, { retryDelay: durationFromMs(retryAfterMs) })]),
    ...requestDetails(traceId),
  ];
}

/** What a program can read of any failure. */
export function requestDetails(traceId: string | undefined): Detail[] {
  return traceId === undefined ? [] : [detail(RequestInfoSchema, { requestId: traceId })];
}

/** `lines[0].unit_price_minor`: a path as BadRequest has it, from one in the JSON names of the message. */
export function fieldPath(path: FieldViolation["path"], message: DescMessage): string {
  let at: DescMessage | undefined = message;
  let text = "";
  for (const part of path) {
    if (typeof part === "number") {
      text += `[${part}]`;
      continue;
    }
    const field: DescField | undefined = at?.fields.find(({ jsonName }) => jsonName === part);
    text += `${text && "."}${field?.name ?? part}`;
    at = field?.message;
  }
  return text;
}

/** Typed while it is written; a list of details forgets which message each is. */
function detail<Desc extends DescMessage>(desc: Desc, value: MessageInitShape<Desc>): Detail {
  return { desc, value } as Detail;
}
