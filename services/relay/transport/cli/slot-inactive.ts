import { OperationFailed } from "../../application/operations/operations.ts";
import type { SlotDesk, SlotStanding } from "../../application/operations/slot-desk.ts";

/** @throws OperationFailed when there is none, or when somebody streams from it. */
export async function inactiveSlot(desk: Pick<SlotDesk, "find">, relay: string): Promise<SlotStanding> {
  const slot = await desk.find();
  if (!slot) throw new OperationFailed(`relay ${relay} has no slot; the relay makes it when it needs one`);
  if (slot.activePid === undefined) return slot;
  throw new OperationFailed(
    `slot ${slot.name} is active for PID ${slot.activePid}; pause the relay (outbox pause) or stop it first`,
  );
}
