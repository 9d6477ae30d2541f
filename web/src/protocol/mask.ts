// What of a frame may be shown in a trace. The names are those that the switch masks too
// (docs/tracing.md). Texts of people are shown: who keeps or sends the trace hides them.

const secretParts = ["password", "passwd", "passphrase", "pwd", "secret", "token", "digest", "credential", "authorization", "cookie"];
const secretNames = new Set([
  "key", "keys", "appkey", "apikey", "api_key", "privatekey", "private_key", "usr", "response", "endpoint", "p256dh", "auth",
]);
const maxText = 16 << 10;

function isSecret(name: string): boolean {
  const n = name.toLowerCase();
  return secretNames.has(n) || secretParts.some((part) => n.includes(part));
}

/** Addresses of files open them for whoever has them (docs/files.md): what is behind "?" is hidden, encoded or not. */
function hideQueries(s: string): string {
  return s.replace(/(\?|%3F)[^\s"]*/gi, "$1***");
}

function shown(name: string, value: unknown): unknown {
  const n = name.toLowerCase();
  if (typeof value === "boolean" || value === null) return value;
  if (isSecret(n)) return "***";
  if (typeof value !== "string") return value;
  return n.endsWith("url") || n.endsWith("attach") ? hideQueries(value) : value;
}

/** The frame as it may be seen. What is no JSON is not shown at all: nobody can tell what in it is secret. */
export function mask(frame: string): string {
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    return `(no JSON, ${frame.length} characters)`;
  }
  const out = JSON.stringify(value, (name, v: unknown) => shown(name, v)) ?? "";
  return out.length > maxText ? `${out.slice(0, maxText)} (cut, of ${frame.length} characters)` : out;
}
