// Screens that are not in the first load: fetched when they are first shown.
import { type ComponentType, h } from "preact";
import { useEffect, useState } from "preact/hooks";

/** A component that is loaded when it is first drawn; nothing is shown meanwhile. A load that failed is tried again the next time. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let loaded: ComponentType<P> | undefined;
  return function Lazy(props: P) {
    const [, redraw] = useState(0);
    useEffect(() => {
      if (loaded) return;
      let here = true;
      load().then(
        (c) => {
          loaded = c;
          if (here) redraw(1);
        },
        () => undefined,
      );
      return () => void (here = false);
    }, []);
    return loaded ? h(loaded as ComponentType<object>, props) : null;
  };
}
