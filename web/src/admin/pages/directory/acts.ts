// Acts on objects, one or many.
import { ask, Problem } from "../../api.ts";
import type { DirectoryObject } from "./types.ts";

/** The address of an object: by its id, which never changes. */
export const pathOf = (o: Pick<DirectoryObject, "domain" | "id">): readonly string[] => ["domains", o.domain, "objects", `id:${o.id}`];

export const removeObject = (o: DirectoryObject, reason: string): Promise<void> => ask("DELETE", pathOf(o), { rev: o.rev, reason });

export const restoreObject = (domain: string, id: number): Promise<DirectoryObject> => ask("POST", ["domains", domain, "deleted", id, "restore"]);

export interface Bulk<T> {
  readonly done: readonly T[];
  readonly refused: readonly { readonly row: T; readonly problem: Problem }[];
}

const atOnce = 4;
const tries = 5;

/** Does something to each row, a few at once; waits when the switch asks for it. What is refused does not stop the rest. */
export async function each<T>(rows: readonly T[], act: (row: T) => Promise<unknown>, wait: (seconds: number) => Promise<void> = pause, onStep?: (done: number) => void): Promise<Bulk<T>> {
  const done: T[] = [];
  const refused: { row: T; problem: Problem }[] = [];
  let at = 0;
  const work = async () => {
    for (let row = rows[at++]; row !== undefined; row = rows[at++]) {
      const problem = await once(row, act, wait);
      if (problem) refused.push({ row, problem });
      else done.push(row);
      onStep?.(done.length + refused.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, rows.length) }, work));
  return { done, refused };
}

async function once<T>(row: T, act: (row: T) => Promise<unknown>, wait: (seconds: number) => Promise<void>): Promise<Problem | undefined> {
  for (let i = 1; ; i++) {
    try {
      await act(row);
      return undefined;
    } catch (e) {
      const problem = e instanceof Problem ? e : new Problem(0, "unknown", String(e));
      if (problem.code !== "rate_limited" || i === tries) return problem;
      await wait(problem.wait ?? 1);
    }
  }
}

const pause = (seconds: number) => new Promise<void>((r) => setTimeout(r, seconds * 1000));
