import { lazily } from "../lazy.tsx";
import { usePane } from "../pane.ts";

const Forward = lazily(() => import("./Forward.tsx"));
const Readers = lazily(() => import("./Readers.tsx"));
const JumpDate = lazily(() => import("./JumpDate.tsx"));
const Gallery = lazily(() => import("./Gallery.tsx"));
const React = lazily(() => import("./React.tsx"));

/** What lies over the pane now. Each is loaded when first needed. */
export function Over() {
  const pane = usePane();
  const over = pane.over.value;
  const onClose = () => (pane.over.value = undefined);
  switch (over?.what) {
    case "forward":
      return <Forward messages={over.messages} onClose={onClose} />;
    case "readers":
      return <Readers message={over.message} onClose={onClose} />;
    case "date":
      return <JumpDate time={over.time} onClose={onClose} />;
    case "gallery":
      return <Gallery message={over.message} attachment={over.attachment} onClose={onClose} />;
    case "react":
      return <React message={over.message} onClose={onClose} />;
    case undefined:
      return null;
  }
}
