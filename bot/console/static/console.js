// The console's pages work without this; with it they stay up to date by themselves.
import "./forms.js";
import { follow } from "./live.js";

document.documentElement.classList.add("scripted");
follow();
