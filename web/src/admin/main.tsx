import { render } from "preact";
import "../ui/base.css";
import "../ui/console.css";

render(<h1>Console</h1>, document.getElementById("app")!);
