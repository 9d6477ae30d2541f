import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Pace } from "./pace.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: 1_800_000_000_000 }));
afterEach(() => void vi.useRealTimers());

it("tells at the end of the turn while little happens, once for all changes of it", async () => {
  const tell = vi.fn();
  const pace = new Pace(tell);
  for (let turn = 1; turn <= 100; turn++) {
    pace.soon();
    pace.soon();
    expect(tell).toHaveBeenCalledTimes(turn - 1);
    await Promise.resolve();
    expect(tell).toHaveBeenCalledTimes(turn);
    vi.advanceTimersByTime(100);
  }
});

it("tells some times a second in a flood, and the last change always", async () => {
  const tell = vi.fn();
  const pace = new Pace(tell);
  for (let ms = 0; ms < 2000; ms++) {
    pace.soon();
    await Promise.resolve();
    vi.advanceTimersByTime(1);
  }
  expect(tell.mock.calls.length).toBeLessThan(45);
  expect(tell.mock.calls.length).toBeGreaterThan(20);
  vi.advanceTimersByTime(100);
  tell.mockClear();
  pace.soon();
  vi.advanceTimersByTime(100);
  await Promise.resolve();
  expect(tell).toHaveBeenCalledTimes(1);
});

it("does not tell what has been told", async () => {
  const tell = vi.fn();
  const pace = new Pace(tell);
  pace.soon();
  pace.done();
  await Promise.resolve();
  expect(tell).not.toHaveBeenCalled();
  pace.soon();
  await Promise.resolve();
  expect(tell).toHaveBeenCalledTimes(1);
});
