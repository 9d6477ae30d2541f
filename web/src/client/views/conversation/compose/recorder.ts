// Records sound or pictures with sound, and measures how loud it is while it does.
import { type Signal, signal } from "@preact/signals";
import { level, waveOf } from "../attach/wave.ts";

export type Why = "insecure" | "unsupported" | "denied" | "none" | "busy" | "failed";

export interface Recording {
  readonly blob: Blob;
  readonly name: string;
  readonly duration: number;
  readonly wave: readonly number[];
}

const tick = 50;
/** Longest recordings. They are told before, and end by themselves. */
export const longest = { audio: 30 * 60_000, video: 3 * 60_000 } as const;

const types = {
  audio: ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"],
  video: ["video/webm;codecs=vp8,opus", "video/webm", "video/mp4"],
} as const;

/** Why nothing can be recorded here, before asking for the microphone; undefined where it can. */
export function cannotRecord(): Why | undefined {
  if (!globalThis.isSecureContext) return "insecure";
  if (!navigator.mediaDevices?.getUserMedia || typeof MediaRecorder === "undefined") return "unsupported";
  return undefined;
}

export function whyOf(e: unknown): Why {
  const name = e instanceof Error ? e.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "none";
  if (name === "NotReadableError" || name === "AbortError") return "busy";
  return "failed";
}

export class Recorder {
  readonly kind: "audio" | "video";
  /** Loudness of the last moments, newest last. */
  readonly levels: Signal<readonly number[]> = signal([]);
  readonly elapsed = signal(0);
  stream: MediaStream | undefined;
  private readonly all: number[] = [];
  private readonly chunks: Blob[] = [];
  private media: MediaRecorder | undefined;
  private sound: AudioContext | undefined;
  private timer: ReturnType<typeof setInterval> | undefined;
  private begun = 0;
  private ended = false;

  constructor(kind: "audio" | "video") {
    this.kind = kind;
  }

  /** Asks for the devices; the person may say no. */
  async open(): Promise<void> {
    const video = this.kind === "video" ? { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: "user" } : false;
    this.stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true }, video });
    if (this.ended) this.close(); // cancelled while the browser asked
  }

  begin(onFull: () => void): void {
    if (!this.stream || this.ended) return;
    const mimeType = types[this.kind].find((t) => MediaRecorder.isTypeSupported(t));
    this.media = new MediaRecorder(this.stream, { ...(mimeType && { mimeType }), audioBitsPerSecond: 32_000, videoBitsPerSecond: 800_000 });
    this.media.ondataavailable = (e) => e.data.size > 0 && this.chunks.push(e.data);
    this.media.start(1000);
    this.begun = performance.now();
    this.listen(this.stream, onFull);
  }

  private listen(stream: MediaStream, onFull: () => void): void {
    this.sound = new AudioContext();
    const analyser = this.sound.createAnalyser();
    analyser.fftSize = 1024;
    this.sound.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      this.all.push(level(samples));
      this.levels.value = this.all.slice(-64);
      this.elapsed.value = performance.now() - this.begun;
      if (this.elapsed.value >= longest[this.kind]) onFull();
    }, tick);
  }

  /** Ends the recording and gives it; nothing where nothing came. */
  async finish(): Promise<Recording | undefined> {
    const media = this.media;
    const duration = this.elapsed.value;
    if (media && media.state !== "inactive") {
      await new Promise<void>((resolve) => {
        media.onstop = () => resolve();
        media.stop();
      });
    }
    this.close();
    if (!media || this.chunks.length === 0) return undefined;
    const type = (media.mimeType || types[this.kind][0]).split(";")[0] ?? "";
    const end = type.endsWith("mp4") ? (this.kind === "audio" ? "m4a" : "mp4") : type.endsWith("ogg") ? "ogg" : "webm";
    return { blob: new Blob(this.chunks, { type }), name: `${this.kind}-${stamp(new Date())}.${end}`, duration: Math.round(duration), wave: waveOf(this.all) };
  }

  /** Gives the devices back: the browser's red mark goes out. */
  close(): void {
    this.ended = true;
    clearInterval(this.timer);
    if (this.media && this.media.state !== "inactive") this.media.stop();
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    void this.sound?.close().catch(() => undefined);
    this.sound = undefined;
  }
}

function stamp(d: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}-${two(d.getHours())}${two(d.getMinutes())}${two(d.getSeconds())}`;
}
