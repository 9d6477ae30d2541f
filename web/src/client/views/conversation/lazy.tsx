import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

/** A component whose code is loaded when it is first shown: not part of the first load. */
export function lazily<P extends object>(load: () => Promise<{ default: ComponentType<P> }>): (p: P) => preact.JSX.Element | null {
  let ready: ComponentType<P> | undefined;
  return function Lazy(p: P) {
    const [, redraw] = useState(0);
    useEffect(() => {
      let alive = true;
      if (!ready) load().then((m) => ((ready = m.default), alive && redraw(1)), () => undefined);
      return () => void (alive = false);
    }, []);
    const Inner = ready;
    return Inner ? <Inner {...p} /> : null;
  };
}
