import { describe, expect, it } from "vitest";
import { effect } from "@preact/signals-core";
import { CallBench } from "../../testing/call_bench";
import { participant, snapshot } from "../../testing/fakes";
import type { Connection } from "../../wire/live.gen";

const alice = participant("alice", { role: "owner" });
const bob = participant("bob");

function news(part: Partial<Connection["sound"]>, more: Partial<Connection> = {}): Record<string, unknown> {
  const sound = { state: "arriving", heard_by: 0, others: 1, unheard_by: [], ...part };
  return { kind: "connection", sound, line: null, troubles: [], weak: [], ...more };
}

async function speaking(): Promise<CallBench & { said: string[] }> {
  const bench = Object.assign(new CallBench(), { said: [] as string[] });
  effect(() => {
    const { value } = bench.call.announcer.said;
    if (value) bench.said.push(value.key);
  });
  await bench.call.link.load();
  bench.enter(snapshot(1, [alice, bob]));
  await bench.call.local.setMicrophone(true);
  return bench;
}

describe("who hears you", () => {
  it("is what the server says, and nothing is claimed before it does", async () => {
    const bench = await speaking();
    expect(bench.call.connection.hearing.value).toEqual({ kind: "on", others: 1 });
    bench.tell(news({ heard_by: 1 }));
    expect(bench.call.connection.hearing.value).toEqual({ kind: "all", others: 1 });
    bench.tell(news({ heard_by: 2, others: 5 }));
    expect(bench.call.connection.hearing.value).toEqual({ kind: "some", heardBy: 2, others: 5 });
  });

  it("is on its way until there was a connection, and only then one that is gone", async () => {
    const bench = await speaking();
    for (const status of ["off", "connecting"] as const) {
      bench.engineStatus.value = status;
      expect(bench.call.connection.hearing.value).toEqual({ kind: "connecting" });
    }
    for (const status of ["reconnecting", "failed"] as const) {
      bench.engineStatus.value = status;
      expect(bench.call.connection.hearing.value).toEqual({ kind: "notConnected" });
    }
  });

  it("is nobody while muted, whatever the server said last", async () => {
    const bench = await speaking();
    bench.tell(news({ heard_by: 1 }));
    await bench.call.local.setMicrophone(false);
    expect(bench.call.connection.hearing.value).toEqual({ kind: "muted" });
  });

  it("is not known any more once the line to the room broke", async () => {
    const bench = await speaking();
    bench.tell(news({ heard_by: 1 }));
    bench.socket.break();
    expect(bench.call.connection.hearing.value.kind).toBe("on");
  });

  it("is told as lost only when the sound has not come for a while", async () => {
    const bench = await speaking();
    bench.tell(news({ state: "none" }));
    expect(bench.call.connection.hearing.value.kind).toBe("on");
    bench.timers.advance(5_000);
    expect(bench.call.connection.hearing.value.kind).toBe("lost");
    expect(bench.said).toContain("say.unheard");
    bench.tell(news({ heard_by: 1 }));
    bench.timers.advance(1_000);
    expect(bench.call.connection.hearing.value.kind).toBe("all");
    expect(bench.said.at(-1)).toBe("say.heard");
  });

  it("makes no fuss about somebody who has just come", async () => {
    const bench = await speaking();
    bench.tell(news({ heard_by: 0 }));
    bench.timers.advance(3_000);
    bench.tell(news({ heard_by: 1 }));
    bench.timers.advance(10_000);
    expect(bench.said).not.toContain("say.unheard");
  });

  it("is nobody when the sound arrives and goes nowhere", async () => {
    const bench = await speaking();
    bench.tell(news({ heard_by: 0, others: 3 }));
    bench.timers.advance(5_000);
    expect(bench.call.connection.hearing.value).toEqual({ kind: "nobody", others: 3 });
  });

  it("says that the microphone is silent when nothing came from it since it was switched on", async () => {
    const bench = await speaking();
    bench.tell(news({ heard_by: 1 }));
    bench.energy = 0.25;
    await bench.call.local.setMicrophone(false);
    await bench.call.local.setMicrophone(true);
    const look = async () => {
      bench.socket.say({ type: "heartbeat", version: 1 });
      bench.timers.advance(3_000);
      await new Promise((done) => setImmediate(done));
    };
    for (let count = 0; count < 5; count++) await look();
    expect(bench.call.connection.hearing.value.kind).toBe("silent");
    expect(bench.said).toContain("say.silent");
    bench.energy = 0.5;
    await look();
    expect(bench.call.connection.hearing.value.kind).toBe("all");
  });

  it("keeps what was known when a word comes that it cannot read", async () => {
    const bench = await speaking();
    bench.tell(news({ heard_by: 1 }));
    bench.tell({ ...news({}), sound: { state: "sung" } });
    expect(bench.call.connection.hearing.value.kind).toBe("all");
  });
});

describe("a weak connection", () => {
  const causes = (bench: CallBench) => Object.fromEntries(bench.call.connection.weak.value);
  const trouble = { participant_id: "id-bob", source: "camera", is_sent: true, lost: 0 } as const;

  it("has the cause that the server gives for it", async () => {
    const bench = await speaking();
    for (const [more, expected] of [
      [{ weak: [{ participant_id: "id-bob", trouble: "cut" }] }, { "id-bob": "cut" }],
      [{ troubles: [{ ...trouble, cause: "bandwidth" }] }, { "id-bob": "here-bandwidth" }],
      [{ troubles: [{ ...trouble, cause: "cpu" }] }, { "id-bob": "here-cpu" }],
      [{ troubles: [{ ...trouble, cause: "loss", lost: 9 }] }, { "id-bob": "here-loss" }],
      [{ troubles: [{ ...trouble, cause: "loss", lost: 2 }] }, {}],
      [{ troubles: [{ ...trouble, cause: "waiting", is_sent: false }] }, {}],
      [
        { line: { way: "udp", trouble: "delay", rtt_ms: 800, lost_up: 0, lost_down: 0 } },
        { "id-alice": "own-delay" },
      ],
    ] as const) {
      bench.tell(news({}, more as Partial<Connection>));
      expect(causes(bench)).toEqual(expected);
    }
  });
});
