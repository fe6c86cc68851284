import { type Server, ServerResponse } from "node:http";
import { isUnread } from "./unread-request.ts";

/**
 * For `createServer`: once `stopping` has aborted, or when the request is not read to its end, the answer tells the client that its
 * connection is not to be used again. A client that keeps its connection open would else send its next request just when the
 * connection is closed, and would not know what became of it.
 */
export function closingResponses(stopping: AbortSignal): typeof ServerResponse {
  return class ClosingResponse extends ServerResponse {
    override writeHead(...args: unknown[]): this {
      if ((stopping.aborted || isUnread(this.req)) && !this.headersSent)
        this.setHeader("connection", "close");
      return super.writeHead(...(args as Parameters<ServerResponse["writeHead"]>));
    }
  } as typeof ServerResponse;
}

/** Takes no more connections and closes those that are idle; resolves when the others have had their answers, or after `drainMs`. */
export async function drainHttp1(server: Server, drainMs: number): Promise<void> {
  const timer = setTimeout(() => server.closeAllConnections(), drainMs);
  await new Promise((resolve) => server.close(resolve));
  clearTimeout(timer);
}
