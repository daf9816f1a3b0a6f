import { expect, it } from "vitest";
import { reconciler } from "./reconcile";

it("carries out the last wish, one step at a time, and none twice at once", async () => {
  let desired = 0;
  let actual = 0;
  let atWork = 0;
  const worker = reconciler(async () => {
    atWork += 1;
    expect(atWork).toBe(1);
    await Promise.resolve();
    atWork -= 1;
    if (actual === desired) return "done";
    actual += Math.sign(desired - actual);
    return "again";
  });
  desired = 5;
  const first = worker.kick();
  desired = 2;
  void worker.kick();
  await first;
  expect(actual).toBe(2);
  desired = 3;
  await worker.kick();
  expect(actual).toBe(3);
});

it("looks again when a wish comes after its last look", async () => {
  let looks = 0;
  const worker = reconciler(async () => {
    looks += 1;
    if (looks === 1) void worker.kick();
    await Promise.resolve();
    return "done";
  });
  await worker.kick();
  expect(looks).toBe(2);
});

it("works again after a step has failed", async () => {
  let hasFailed = false;
  const worker = reconciler(() => {
    if (hasFailed) return Promise.resolve("done");
    hasFailed = true;
    return Promise.reject(new Error("no"));
  });
  await expect(worker.kick()).rejects.toThrow("no");
  await expect(worker.kick()).resolves.toBeUndefined();
});
