// Screens that are not in the first load: fetched when they are first shown.
import { type ComponentType, h } from "preact";
import { useEffect, useState } from "preact/hooks";

/** A component that is loaded when it is first drawn; nothing, or `meanwhile`, is shown until then. A load that failed is tried again the next time. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>, meanwhile?: ComponentType<object>): ComponentType<P> {
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
    return loaded ? h(loaded as ComponentType<object>, props) : meanwhile ? h(meanwhile, {}) : null;
  };
}
