const pressTime = 500;
const tolerance = 10;

/** A long press with a finger: iOS has no context menu for it. Moving is scrolling, not pressing. */
export function longPress(act: (e: PointerEvent) => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let from: { x: number; y: number } | undefined;
  const stop = () => {
    clearTimeout(timer);
    from = undefined;
  };
  return {
    onPointerDown: (e: PointerEvent) => {
      stop();
      if (e.pointerType !== "touch" || (e.target as Element).closest("button, a, [role=slider]")) return;
      from = { x: e.clientX, y: e.clientY };
      timer = setTimeout(() => {
        navigator.vibrate?.(10);
        act(e);
      }, pressTime);
    },
    onPointerMove: (e: PointerEvent) => {
      if (from && Math.hypot(e.clientX - from.x, e.clientY - from.y) > tolerance) stop();
    },
    onPointerUp: stop,
    onPointerCancel: stop,
  };
}
