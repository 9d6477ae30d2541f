// A real switch with the demo's people, in a directory of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket as NodeSocket } from "ws";
import { clientUrl } from "../names.ts";
import { createClient } from "../client.ts";
import type { Client, SocketLike, User } from "../types.ts";

export class Program {
  private readonly data = mkdtempSync(join(tmpdir(), "tandem-protocol-"));
  private readonly passwords = new Map<string, string>();
  private child: ChildProcess | undefined;
  private port = 0;

  constructor(
    private readonly path: string,
    private readonly flags: readonly string[] = [],
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    this.port ||= await freePort();
    const child = spawn(this.path, ["serve", "--demo", "--data", join(this.data, "d"), "--listen", this.url, ...this.flags], { stdio: ["ignore", "pipe", "ignore"] });
    this.child = child;
    let out = "";
    await new Promise<void>((resolve, reject) => {
      child.stdout.on("data", (b: Buffer) => {
        out += b.toString();
        for (const [, name = "", password = ""] of out.matchAll(/^ {2}(\w+) +\d+ +password (\S+)$/gm)) this.passwords.set(name, password);
        if (out.includes("is ready at") && this.passwords.size >= 3) resolve();
      });
      child.on("exit", () => reject(new Error("the switch has ended: " + out)));
    });
  }

  /** Without a word, as by a loss of power. */
  async kill(): Promise<void> {
    const { child } = this;
    const ended = new Promise((resolve) => child?.on("exit", resolve));
    child?.kill("SIGKILL");
    await ended;
  }

  async end(): Promise<void> {
    await this.kill();
    rmSync(this.data, { recursive: true });
  }

  client(): Client {
    return createClient({ url: clientUrl(this.url), userAgent: "test", socket: (url) => new NodeSocket(url) as unknown as SocketLike });
  }

  signIn(c: Client, name: string): Promise<User> {
    return c.signIn({ name, password: this.passwords.get(name) ?? "" });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const s = createServer();
    s.listen(0, "127.0.0.1", () => {
      const { port } = s.address() as AddressInfo;
      s.close(() => resolve(port));
    });
  });
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export async function until(f: () => unknown, limit = 10_000): Promise<void> {
  for (const end = Date.now() + limit; !f(); await sleep(10)) {
    if (Date.now() > end) throw new Error("it did not happen: " + f.toString());
  }
}
