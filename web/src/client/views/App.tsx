import { useEffect, useRef } from "preact/hooks";
import { Questions } from "../../ui/Dialog.tsx";
import { Menus } from "../../ui/Menu.tsx";
import { Mark } from "../../ui/Icon.tsx";
import { useLate } from "../../ui/parts.tsx";
import { go } from "../../ui/route.ts";
import { applyAccent } from "../../ui/theme.ts";
import { Toasts } from "../../ui/Toast.tsx";
import { Tooltips } from "../../ui/Tooltip.tsx";
import { t } from "../../i18n/index.ts";
import type { Model, SignIn } from "../model/types.ts";
import { lazy } from "../lazy.ts";
import { Gate } from "./Gate.tsx";
import { chatName } from "./state.ts";

// Who signs in first sees the sign-in page: the rest comes while the password is checked.
const loadFrame = async () => (await import("./Frame.tsx")).Frame;
const Frame = lazy(loadFrame, Resuming);

/** Everything: the sign-in page or the frame, and what floats above both. */
export function App({ model }: { model: Model }) {
  const accent = model.branding.value.accent;
  useEffect(() => void applyAccent(accent), [accent]);
  return (
    <>
      <Screen model={model} />
      <Questions />
      <Menus />
      <Toasts />
      <Tooltips />
    </>
  );
}

function Screen({ model }: { model: Model }) {
  const at = model.signIn.value;
  const out = at.step === "out";
  useEffect(() => {
    if (out) return;
    loadFrame().catch(() => undefined);
    if (chatName.peek() !== undefined) import("./Conversation.tsx").catch(() => undefined);
  }, [out]);
  useForgottenPlace(at);
  if (at.step === "in") return <Frame model={model} />;
  if (at.step === "busy" && at.resumed) return <Resuming />;
  return <Gate model={model} />;
}

/** Who left in another tab leaves no name of a chat in the address of this one. */
export function useForgottenPlace(at: SignIn): void {
  const was = useRef(false);
  useEffect(() => {
    if (at.step === "out" && was.current && !at.error) go([], true);
    was.current = at.step === "in";
  }, [at]);
}

/** A kept session is taken up: nothing for 300 ms, then the mark, after 8 s a sentence. */
function Resuming() {
  const visible = useLate(300);
  const long = useLate(8000);
  return (
    <main class="resuming" aria-busy="true">
      {visible && <Mark />}
      <p role="status">{long ? t("shell.resuming") : ""}</p>
    </main>
  );
}
