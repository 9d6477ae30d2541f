import { render } from "preact";
import "../ui/base.css";
import "../ui/client.css";

render(<h1>Tandem</h1>, document.getElementById("app")!);
