// The menu of a thing: by right click, menu key, or a long press of a finger.

const pressTime = 600; // after the 500 ms at which Android itself asks for a menu
const tolerance = 10;

let timer: ReturnType<typeof setTimeout> | undefined;
let from: { x: number; y: number } | undefined;
/** The press opened a menu: lifting the finger must not follow the link under it. */
let opened = false;

function stop(): void {
  clearTimeout(timer);
  from = undefined;
}

/** Event handlers to spread into an element. iOS has no menu event for links: there the press is timed here. */
export function menuOn(act: (e: MouseEvent) => void) {
  return {
    onContextMenu: (e: MouseEvent) => {
      e.preventDefault();
      stop();
      act(e);
    },
    onPointerDown: (e: PointerEvent) => {
      stop();
      opened = false;
      if (e.pointerType !== "touch") return;
      from = { x: e.clientX, y: e.clientY };
      timer = setTimeout(() => {
        opened = true;
        act(e);
      }, pressTime);
    },
    onPointerMove: (e: PointerEvent) => {
      if (from && Math.hypot(e.clientX - from.x, e.clientY - from.y) > tolerance) stop();
    },
    onPointerUp: stop,
    onPointerCancel: stop,
    onClick: (e: MouseEvent) => {
      if (opened) e.preventDefault();
      opened = false;
    },
  };
}
