import { render } from "preact";
import { consoleAreas } from "../i18n/console.ts";
import { setUpTexts } from "../i18n/index.ts";
import "../ui/base.css";
import "../ui/console.css";
import { Questions } from "../ui/Dialog.tsx";
import { listen } from "../ui/keys.ts";
import { Menus } from "../ui/Menu.tsx";
import { applyTheme } from "../ui/theme.ts";
import { Toasts } from "../ui/Toast.tsx";
import { resume, session } from "./session.ts";
import { Shell } from "./Shell.tsx";
import { SignIn } from "./SignIn.tsx";

function Console() {
  const step = session.value.step;
  return (
    <>
      {step === "in" && <Shell />}
      {step === "out" && <SignIn />}
      <Menus />
      <Questions />
      <Toasts />
    </>
  );
}

applyTheme();
listen();
const root = document.getElementById("app");
void Promise.all([setUpTexts(consoleAreas), resume()]).then(() => root && render(<Console />, root));
