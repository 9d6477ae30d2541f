// Reads the recorded dialogues of testdata (their README.md is the format), as far as one
// device sees them.
import { readdirSync, readFileSync } from "node:fs";
import { sha256hex } from "../digest.ts";

export interface Step {
  readonly line: number;
  readonly device: string;
  readonly act: string;
  readonly rest: string;
}

export interface Dialogue {
  readonly name: string;
  readonly people: ReadonlyMap<string, { readonly num: string; readonly dn: string; readonly password: string }>;
  /** Flags by device. */
  readonly devices: ReadonlyMap<string, string>;
  readonly steps: readonly Step[];
}

export function dialogues(): readonly Dialogue[] {
  return ["dialogues", "dialogues-more"].flatMap((dir) => {
    const at = new URL(`../../../../testdata/${dir}/`, import.meta.url);
    return readdirSync(at).filter((f) => f.endsWith(".txt")).map((f) => parse(f.slice(0, -4), readFileSync(new URL(f, at), "utf8")));
  });
}

function parse(name: string, text: string): Dialogue {
  const people = new Map<string, { num: string; dn: string; password: string }>();
  const devices = new Map<string, string>();
  const steps: Step[] = [];
  const lines = text.split("\n");
  const empty = lines.indexOf("");
  lines.forEach((l, i) => {
    const person = /^people: (\S+) (\S+) "([^"]*)" (\S+)/.exec(l);
    if (i < empty && person) people.set(person[1] ?? "", { num: person[2] ?? "", dn: person[3] ?? "", password: person[4] ?? "" });
    const device = /^devices: (\S+)(?:.* flags=(\S+))?/.exec(l);
    if (i < empty && device) devices.set(device[1] ?? "", device[2] ?? "");
    const step = /^(\S+) (connect|login|socket|drop|closed|>|<[?~]?|-|ping|pong|=)(?: (.*))?$/.exec(l);
    if (i > empty && step) steps.push({ line: i + 1, device: step[1] ?? "", act: step[2] ?? "", rest: step[3] ?? "" });
  });
  return { name, people, devices, steps: [...steps, ...lets(lines)].sort((a, b) => a.line - b.line) };
}

function lets(lines: readonly string[]): Step[] {
  return lines.flatMap((l, i) => (l.startsWith("let ") ? [{ line: i + 1, device: "", act: "let", rest: l.slice(4) }] : []));
}

/** What is bound to names, and what stands for those that are bound for the first time. */
export class Values {
  private readonly bound = new Map<string, unknown>();
  private next = 1000;

  set(name: string, value: unknown): void {
    this.bound.set(name, value);
  }

  let(rest: string): void {
    const m = /^\$(\S+) = (\w+) "(.*)"$/.exec(rest);
    if (!m) return;
    const text = (m[3] ?? "").replace(/\$([\w.]+)/g, (all, n: string) => (this.bound.has(n) ? String(this.bound.get(n)) : all));
    const make = { encode: encodeURIComponent, decode: decodeURIComponent, sha256: sha256hex }[m[2] ?? ""];
    if (make) this.bound.set(m[1] ?? "", make(text));
  }

  /** The JSON with every placeholder replaced. `member` names where it stands: URLs have to be some. */
  fill(v: unknown, member = ""): unknown {
    if (typeof v === "string") return this.value(v, member);
    if (Array.isArray(v)) return v.filter((x) => x !== "$rest").map((x) => this.fill(x, member));
    if (typeof v !== "object" || v === null) return v;
    return Object.fromEntries(Object.entries(v).filter(([k]) => k !== "!").map(([k, x]) => [k, this.fill(x, k)]));
  }

  private value(s: string, member: string): unknown {
    const repeat = /^\$repeat:(.*):(\d+)$/.exec(s);
    if (repeat) return (repeat[1] ?? "").repeat(Number(repeat[2]));
    const m = /^\$([\w.]+)(?::(\w+))?$/.exec(s);
    if (!m) return s;
    const [, name = "", type] = m;
    if (this.bound.has(name)) return this.bound.get(name);
    const value = name.startsWith("grp") ? `messages?g${++this.next}` : this.some(type ?? name, member);
    if (!types.has(name)) this.bound.set(name, value);
    return value;
  }

  private some(type: string, member: string): unknown {
    const n = ++this.next;
    if (member === "url") return `https://ap.example.com/example.com/messages/tmp/${n}/x?t=0f3c`;
    switch (type) {
      case "int":
      case "pos":
        return n;
      case "neg":
        return -n;
      case "ms":
        return 1_767_225_600_000 + n;
      case "sec":
        return 1_767_225_600;
      case "guid":
        return n.toString(16).padStart(32, "0");
      case "hex16":
        return n.toString(16).padStart(16, "0");
    }
    return `some-${n}`;
  }
}

const types = new Set(["int", "pos", "neg", "ms", "sec", "guid", "hex16", "str", "any", "raw"]);
