/** Chance for tests that can be repeated: the seed stands in the failure. */
export function chance(seed: number): (below: number) => number {
  let s = seed * 2654435761 + 1;
  return (below) => {
    s = (Math.imul(s ^ (s >>> 15), 2246822519) + 0x9e3779b9) | 0;
    s ^= s >>> 13;
    return ((s >>> 0) % 1e6) % below;
  };
}
