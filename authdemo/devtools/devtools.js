import { createElement as h, lazy, Suspense, useEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { store } from "../../sessions/reflex/components/assets/store.js";
import { t } from "../../sessions/reflex/components/assets/i18n.js";

const panel = () => import("./panel.js");
const Panel = lazy(() => panel().then(({ Panel }) => ({ default: Panel })));
const Page = lazy(() => panel().then(({ Page }) => ({ default: Page })));

const KEY = "authdemo.devtools";
const DEFAULTS = { isOpen: false, dock: "right", width: 520, height: 380, tab: "session" };

const kept = () => {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY)) };
  } catch {
    return DEFAULTS;
  }
};

const STYLE = `
:host { all: initial; }
button { position: fixed; right: var(--devtools-right, 0); bottom: calc(30% + var(--devtools-bottom, 0px)); z-index: 2147483000; min-width: 2rem; min-height: 2rem; padding: 0.5rem 0.4rem; border: 1px solid #7ed3b4; border-right: 0; border-radius: 8px 0 0 8px; background: #12231d; color: #7ed3b4; font: 600 0.75rem/1 ui-monospace, monospace; cursor: pointer; }
button:hover { background: #1c3a31; }
button:focus-visible { outline: 3px solid #7ed3b4; outline-offset: -3px; }
@media print { button { display: none; } }
`;

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

/** Has the host follow the theme that the page has chosen by a class. */
const useTheme = (shadow) => {
  useEffect(() => {
    if (!shadow) return;
    const { documentElement: html } = document;
    const follow = () => {
      const chosen = ["light", "dark"].find((name) => html.classList.contains(name));
      shadow.host.style.colorScheme = chosen ?? "light dark";
      shadow.host.lang = html.lang;
    };
    follow();
    const observer = new MutationObserver(follow);
    observer.observe(html, { attributes: true, attributeFilter: ["class", "lang"] });
    return () => observer.disconnect();
  }, [shadow]);
};

/** How many pages of parts there are: beside one, the panel only opens when it is asked for. */
const pages = store(0);

const onShow = () => {
  pages.set(pages.get() + 1);
  return () => pages.set(pages.get() - 1);
};

const isShortcut = ({ altKey, shiftKey, code }) => altKey && shiftKey && code === "KeyS";

const hasRole = (roles, user) =>
  !roles.length || (user && (user.roles ?? [user.role]).some((role) => roles.includes(role)));

/** The button at the edge of every page, and the panel that it opens. */
export const DevtoolsButton = ({ roles, ...props }) => {
  const shadow = useShadow();
  const toggle = useRef();
  const [settings, setSettings] = useState(kept);
  const isAllowed = hasRole(roles, props.view.user);
  const change = (part) =>
    setSettings((before) => {
      const { isAsked, ...after } = { ...before, ...part };
      localStorage.setItem(KEY, JSON.stringify(after));
      return { ...after, isAsked };
    });
  const close = () => {
    change({ isOpen: false });
    toggle.current?.focus();
  };
  const hasPage = pages.use() > 0;
  const isOpen = settings.isOpen && (settings.isAsked || !hasPage);
  useTheme(shadow);
  useEffect(() => {
    if (!isAllowed) return;
    const press = (event) => {
      if (isShortcut(event)) {
        event.preventDefault();
        if (isOpen) close();
        else change({ isOpen: true, isAsked: true });
      } else if (event.key === "Escape" && isOpen && !event.defaultPrevented && !isInDialog(event)) {
        close();
      }
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
          onClick: () => (isOpen ? close() : change({ isOpen: true, isAsked: true })),
        },
        "{ }",
      ),
      isOpen && h(Suspense, { key: "panel", fallback: null }, h(Panel, { ...props, settings, change, close })),
    ],
    shadow,
  );
};

const isInDialog = (event) => event.composedPath().some(({ localName }) => localName === "dialog");

/** The parts as a page; the script that shows them is loaded with it. */
export const DevtoolsPage = (props) => {
  const [isMounted, setMounted] = useState(false);
  useEffect(() => setMounted(true), []);
  return isMounted && h(Suspense, { fallback: null }, h(Page, { ...props, onShow }));
};
