/** Says on a page at another origin than the app's why nothing happens there. */

import env from "$/env.json";
import { getBackendURL } from "$/utils/state";
import { t } from "./i18n.js";

/** Explain it if the app can be reached, and lets this page read nothing. */
export const explainOrigin = async () => {
  const url = new URL("/api/auth/session", getBackendURL(env.PING));
  const reaches = (mode) =>
    fetch(url, { mode, credentials: "omit", cache: "no-store" }).then(
      () => true,
      () => false,
    );
  if ((await reaches("cors")) || !(await reaches("no-cors"))) return;
  const notice = document.createElement("p");
  notice.setAttribute("role", "alert");
  notice.className = "auth-error";
  notice.textContent = t("origin.rejected", { origin: window.location.origin });
  document.body.prepend(notice);
};
