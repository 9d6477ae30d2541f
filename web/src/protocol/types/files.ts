// Files.
import type { Stop } from "./base.ts";
import type { ProtocolErrorShape } from "./errors.ts";

export interface UploadState {
  readonly state: "waiting" | "running" | "paused" | "done" | "failed" | "cancelled";
  /** Bytes that the server has. */
  readonly done: number;
  readonly total: number;
  /** Bytes a second, while running. */
  readonly speed: number;
  readonly error?: ProtocolErrorShape;
}

/** Keep it with the message that waits: with it an upload goes on after a reload. */
export interface UploadToken {
  readonly id: number;
  readonly url: string;
  readonly name: string;
  readonly size: number;
}

export interface Upload {
  readonly state: UploadState;
  /** Known from the first answer on; goes into OutgoingText.attach when done. */
  readonly token: UploadToken | undefined;
  /** Resolves with the URL for OutgoingText.attach; rejects when it failed for good or was cancelled. */
  readonly done: Promise<string>;
  onState(f: (s: UploadState) => void): Stop;
  /** Told when the token is known or another (the server had given the first buffer up). */
  onToken(f: (t: UploadToken) => void): Stop;
  pause(): void;
  resume(): void;
  /** Ends it and removes what the server has. */
  cancel(): void;
}

export interface Files {
  /** Uploads are resumed by themselves after the line was down; at most 3 run at a time, the others wait. */
  upload(file: Blob, name: string, resume?: UploadToken): Upload;
  /**
   * Fetches a file. `refresh` gives a new URL where this one has ended (Messages.attachments);
   * it is asked once.
   */
  download(
    url: string,
    how?: { readonly progress?: (done: number, total: number) => void; readonly signal?: AbortSignal; readonly refresh?: () => Promise<string> },
  ): Promise<Blob>;
}
