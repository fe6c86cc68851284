import { fileURLToPath } from "node:url";

/** Where `npm run build:page` puts the page. */
export const builtPage = fileURLToPath(new URL("../../page/dist", import.meta.url));
