/**
 * What is answered within `ms`. A process that was held up (by garbage collection, or by the limit of its CPU) finds the timer due and
 * the answer in the socket at the same moment, and Node runs timers first: so what has arrived is read before the wait is over.
 * @throws Error when it takes longer, and what `answer` is rejected with
 */
export async function answerWithin<T>(ms: number, answer: Promise<T>): Promise<T> {
  const over = Promise.withResolvers<never>();
  const timer = setTimeout(() => setImmediate(over.reject, new Error(`no answer within ${ms} ms`)), ms);
  try {
    return await Promise.race([answer, over.promise]);
  } finally {
    clearTimeout(timer);
  }
}
