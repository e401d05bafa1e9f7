import { createElement as h, lazy, Suspense, useEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { t } from "../../sessions/reflex/components/assets/i18n.js";

const Panel = lazy(() => import("./panel.js"));

/** What is remembered of the panel; `panel.js` has more of it. */
export const KEY = "authdemo.devtools";

const wasOpen = () =>
  typeof document !== "undefined" && Boolean(localStorage.getItem(KEY)?.includes('"isOpen":true'));

const STYLE = `:host { all: initial }
button { position: fixed; right: var(--devtools-right, 0); bottom: calc(30% + var(--devtools-bottom, 0px)); z-index: 2147483000; min-height: 2rem; padding: 0 0.4rem; border: 1px solid; border-radius: 8px 0 0 8px; background: #12231d; color: #7ed3b4; font: 600 0.75rem monospace; cursor: pointer }
button:focus-visible { outline: 3px solid; outline-offset: -3px }
@media print { button { display: none } }`;

/** An element of the page's with a shadow root, so that no style leaks in or out. */
const useShadow = () => {
  const [shadow, setShadow] = useState(null);
  useEffect(() => {
    const host = document.createElement("div");
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    document.body.append(host);
    setShadow(root);
    return () => host.remove();
  }, []);
  return shadow;
};

const hasRole = (roles, user) =>
  !roles.length || (user && (user.roles ?? [user.role]).some((role) => roles.includes(role)));

/** The button at the edge of every page, and the panel that it opens. */
export const DevtoolsButton = ({ roles, ...props }) => {
  const shadow = useShadow();
  const toggle = useRef();
  const [isOpen, open] = useState(wasOpen);
  const [isAsked, ask] = useState(false);
  const isAllowed = hasRole(roles, props.view.user);
  const set = (next) => {
    open(next);
    ask(next);
    if (!next) toggle.current?.focus();
  };
  useEffect(() => {
    if (!isAllowed) return;
    const press = (event) => {
      if (!event.altKey || !event.shiftKey || event.code !== "KeyS") return;
      event.preventDefault();
      set(!isOpen);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [isAllowed, isOpen]);
  if (!shadow || !isAllowed) return null;
  const label = t(isOpen ? "devtools.close" : "devtools.open");
  return createPortal(
    [
      h(
        "button",
        {
          key: "toggle",
          ref: toggle,
          type: "button",
          "data-testid": "devtools-toggle",
          "aria-label": label,
          "aria-expanded": isOpen,
          title: `${label} (Alt+Shift+S)`,
          onClick: () => set(!isOpen),
        },
        "{ }",
      ),
      h(Suspense, { key: "panel" }, isOpen && h(Panel, { ...props, isAsked, close: () => set(false) })),
    ],
    shadow,
  );
};
