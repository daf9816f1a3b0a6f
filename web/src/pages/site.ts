// What the Django pages do in the browser: little, and each page works without it.
import "../styles/site.css";

import { saveChangesAtOnce } from "./site/autosave";
import { offerCopying } from "./site/copy";
import { closeMenusOutside } from "./site/menus";
import { goToMistakes } from "./site/mistakes";
import { offerShowing } from "./site/passwords";
import { offerCropping } from "./site/portrait";
import { showLocalTimes } from "./site/times";

// The drawn people stand in the manifest under their own names, for the templates' `built` tag.
import.meta.glob("../assets/people/*.svg", { query: "?url&no-inline", eager: true });

showLocalTimes(document);
offerShowing(document);
offerCopying(document);
offerCropping(document);
closeMenusOutside(document);
saveChangesAtOnce(document);
goToMistakes(document);
