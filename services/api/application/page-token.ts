import { OrderError } from "../domain/order-error.ts";
import type { Digest, OrderFilter, OrderPosition } from "./ports.ts";

const FORM = /^(\d{1,15})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([\w-]{11})$/;

/** The cursor of a list: opaque to callers, and good only for the filters that it was given for. */
export interface PageTokens {
  write(last: OrderPosition, filter: OrderFilter): string;
  /** @throws OrderError INVALID_REQUEST when the token was not written here, or for other filters. */
  read(token: string, filter: OrderFilter): OrderPosition;
}

export function createPageTokens(digest: Digest): PageTokens {
  const digestOf = ({ customerId, pickupPointId, status }: OrderFilter) =>
    digest(JSON.stringify([customerId ?? null, pickupPointId ?? null, status ?? null])).slice(0, 11);

  return {
    write({ createdAt, id }, filter) {
      return Buffer.from(`${createdAt.getTime()}.${id}.${digestOf(filter)}`).toString("base64url");
    },
    read(token, filter) {
      const text = Buffer.from(token, "base64url").toString("latin1");
      const [, milliseconds, id, filtered] = FORM.exec(text) ?? [];
      if (milliseconds === undefined || id === undefined) throw invalid("is not one that this service gave");
      if (filtered !== digestOf(filter)) throw invalid("belongs to a list with other filters");
      return { createdAt: new Date(Number(milliseconds)), id };
    },
  };
}

function invalid(problem: string): OrderError {
  return new OrderError("INVALID_REQUEST", `the page token ${problem}`, [{ path: ["pageToken"], problem }]);
}
