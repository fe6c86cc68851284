// kafkajs tries again by itself, for ever if it is told to, and tells of it in its log only, in words. Its retries are replaced here,
// before it is loaded, by ones that hand each error to whoever asks for it with the retry options.
import type { RetryOptions } from "kafkajs";
import { replaceModule } from "./kafkajs-module.ts";

export interface ObservedRetry extends RetryOptions {
  /** Called with the error of each try that fails, of a request as well as of a connection. Must not throw. */
  readonly onFailedTry?: (error: unknown) => void;
}

type Bail = (error?: Error) => void;
type Try<T> = (bail: Bail, retryCount: number, retryTime: number) => Promise<T>;
type CreateRetry = (options?: ObservedRetry) => <T>(attempt: Try<T>) => Promise<T>;

replaceModule<CreateRetry>("retry/index.js", (original) => (options) => {
  const retry = original(options);
  const onFailedTry = options?.onFailedTry;
  if (!onFailedTry) return retry;
  return (attempt) =>
    retry(async (bail, ...counts) => {
      const observedBail: Bail = (error) => {
        onFailedTry(error);
        bail(error);
      };
      try {
        return await attempt(observedBail, ...counts);
      } catch (error) {
        onFailedTry(error);
        throw error;
      }
    });
});
