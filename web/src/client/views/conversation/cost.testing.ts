/** Milliseconds of processor time that a function takes: for tests on machines that do other things too. */
export function cost(f: () => void): number {
  const before = process.cpuUsage();
  f();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1000;
}
