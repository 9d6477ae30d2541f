// A real switch for the tests: the program that `make build` has made, with its demo.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const program = resolve(import.meta.dirname, "../../bin/pbx");

/** Somebody who may sign in. */
export interface Login {
  readonly name: string;
  readonly num: string;
  readonly password: string;
}

export class Switch {
  private child?: ChildProcess;
  private output = "";

  private constructor(
    readonly data: string,
    /** Flags of `pbx serve` beside those that each start has. */
    private readonly flags: readonly string[],
    /** Where it listens: http://127.0.0.1:PORT. */
    public url = "",
    public people: ReadonlyMap<string, Login> = new Map(),
    public domain = "",
  ) {}

  /** Starts a switch with the demo, or with what is in the data directory already. */
  static async start(...flags: string[]): Promise<Switch> {
    const s = new Switch(await mkdtemp(join(tmpdir(), "tandem-e2e-")), flags);
    await s.up();
    const people = new Map<string, Login>();
    for (const [, name, num, password] of s.output.matchAll(/^ {2}(\w+) +(\d+) +password (\w+)$/gm)) {
      people.set(name!, { name: name!, num: num!, password: password! });
    }
    s.people = people;
    s.domain = /The demo, domain ([^:]+):/.exec(s.output)?.[1] ?? "";
    return s;
  }

  /** Starts it again where it was, after down. */
  async up(): Promise<void> {
    this.output = "";
    const listen = this.url || "http://127.0.0.1:0";
    const child = spawn(program, ["serve", "--demo", "--data", this.data, "--listen", listen, ...this.flags], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    const read = (chunk: Buffer) => (this.output += chunk.toString());
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    const end = Date.now() + 60_000;
    for (;;) {
      const found = /Tandem is ready at (\S+)/.exec(this.output);
      if (found && /There is no administrator yet|--chat bob/.test(this.output)) {
        this.url = found[1]!;
        break;
      }
      if (child.exitCode !== null || Date.now() > end) throw new Error(`the switch does not start:\n${this.output}`);
      await new Promise((r) => setTimeout(r, 50));
    }
    for (;;) {
      const ready = await fetch(`${this.url}/readyz`).catch(() => undefined);
      if (ready?.ok) return;
      if (Date.now() > end) throw new Error(`the switch does not get ready:\n${this.output}`);
      await new Promise((r) => setTimeout(r, 50));
    }
  }

  /** Stops it; its data stay. */
  async down(): Promise<void> {
    const child = this.child;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((r) => child.once("exit", r));
    child.kill("SIGTERM");
    await ended;
  }

  /** Runs a command of the program on this switch and returns what it prints. */
  async command(args: readonly string[], input = ""): Promise<string> {
    const running = promisify(execFile)(program, [...args, "--data", this.data]);
    running.child.stdin?.end(input);
    return (await running).stdout;
  }

  /** Makes an operator of the console. */
  async admin(name: string, password: string): Promise<void> {
    await this.command(["admin", "add", name, "--password-stdin"], password);
  }

  /** Adds a user of the demo's domain. */
  async user(name: string, num: string, dn: string, password = "correct horse battery"): Promise<Login> {
    await this.command(["user", "add", `${name}@${this.domain}`, "--num", num, "--dn", dn, "--password-stdin"], password);
    return { name, num, password };
  }

  /** Stops it and removes its data. */
  async end(): Promise<void> {
    await this.down();
    await rm(this.data, { recursive: true, force: true });
  }

  /** What it has printed since it was started last, for reports. */
  get log(): string {
    return this.output;
  }
}
