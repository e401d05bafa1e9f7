import { createElement as h, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { store } from "../../sessions/reflex/components/assets/store.js";
import { liveText } from "../../sessions/reflex/components/assets/i18n.js";
import { useConfirmedSession } from "../../sessions/reflex/components/assets/session.js";
import { AttacksTab } from "./attacks_tab.js";
import { say, texts, useFramed, useNotes, useWatch } from "./data.js";
import { DevicesTab } from "./devices_tab.js";
import { KEY } from "./devtools.js";
import { button } from "./parts.js";
import { SessionTab } from "./session_tab.js";
import { TimelineTab } from "./timeline_tab.js";
import { TokenTab } from "./token_tab.js";
// As it is written: Tailwind's build replaces `light-dark()` by variables that a shadow root lacks.
import css from "./devtools.css?raw";

const T = say("devtools");

const TABS = {
  session: SessionTab,
  timeline: TimelineTab,
  devices: DevicesTab,
  token: TokenTab,
  attacks: AttacksTab,
};

let sheet;

/** Gives the document, or a shadow root, the style sheet; the policy of the pages allows that. */
const useStyle = (ref) => {
  const [isStyled, setStyled] = useState(false);
  useLayoutEffect(() => {
    const root = ref.current.getRootNode();
    if (!sheet) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
    }
    if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets.push(sheet);
    setStyled(true);
  }, []);
  return isStyled;
};

const useParts = (props) => {
  if (props.facts.texts) texts.set(props.facts.texts);
  useNotes(props.sessions);
  return { ...props, ...props.facts, tab: props.tabName, session: useConfirmedSession(props.view) };
};

const hasTexts = ({ facts }) => Boolean(facts.texts);

const STEP = 24;
const MIN_SIZE = 280;

const sizeLimit = (dock) =>
  Math.max(MIN_SIZE, (dock === "bottom" ? window.innerHeight : window.innerWidth) - 120);

/** Makes room for the panel beside the page, and beside the button. */
const useRoom = (ref, dock, size) => {
  useLayoutEffect(() => {
    const room = [
      [document.documentElement.style, `margin-${dock}`],
      [ref.current.getRootNode().host.style, `--devtools-${dock}`],
    ];
    for (const [style, name] of room) style.setProperty(name, `${size}px`);
    return () => room.forEach(([style, name]) => style.removeProperty(name));
  }, [dock, size]);
};

/** The edge by which the panel is resized. */
const Edge = ({ dock, size, resize }) => {
  const isBottom = dock === "bottom";
  const towards = dock === "left" ? 1 : -1;
  const drag = (event) => {
    if (event.buttons !== 1) return;
    const { innerWidth, innerHeight } = window;
    resize({ left: event.clientX, right: innerWidth - event.clientX, bottom: innerHeight - event.clientY }[dock]);
  };
  const keys = {
    [isBottom ? "ArrowUp" : "ArrowLeft"]: -STEP * (isBottom ? -1 : towards),
    [isBottom ? "ArrowDown" : "ArrowRight"]: STEP * (isBottom ? -1 : towards),
  };
  return h("div", {
    className: "edge",
    role: "separator",
    tabIndex: 0,
    "aria-label": T("resize"),
    "aria-orientation": isBottom ? "horizontal" : "vertical",
    "aria-valuenow": Math.round(size),
    "aria-valuemin": MIN_SIZE,
    "aria-valuemax": Math.round(sizeLimit(dock)),
    onPointerDown: (event) => event.currentTarget.setPointerCapture(event.pointerId),
    onPointerMove: drag,
    onKeyDown: (event) => {
      if (!(event.key in keys)) return;
      event.preventDefault();
      resize(size + keys[event.key]);
    },
  });
};

const DOCKS = ["left", "bottom", "right"];

const ICONS = { left: "◧", bottom: "⬓", right: "◨" };

const Tabs = ({ names, chosen, choose }) => {
  const list = useRef();
  const move = (event) => {
    const own = names.indexOf(chosen);
    const target = { ArrowRight: own + 1, ArrowLeft: own - 1, Home: 0, End: -1 }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    const place = (target + names.length) % names.length;
    choose(names[place]);
    list.current.children[place].focus();
  };
  return h(
    "div",
    { role: "tablist", "aria-label": T("title"), ref: list, onKeyDown: move },
    names.map((name) =>
      h(
        "button",
        {
          key: name,
          type: "button",
          role: "tab",
          id: `tab-${name}`,
          "aria-selected": name === chosen,
          "aria-controls": "devtools-part",
          tabIndex: name === chosen ? 0 : -1,
          onClick: () => choose(name),
        },
        T(name),
      ),
    ),
  );
};

const NARROW = "(max-width: 720px)";

/** Whether the window is too narrow for a panel at its side. */
const useNarrow = () => {
  const [isNarrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const query = matchMedia(NARROW);
    const listen = () => setNarrow(query.matches);
    query.addEventListener("change", listen);
    return () => query.removeEventListener("change", listen);
  }, []);
  return isNarrow;
};

const DEFAULTS = { isOpen: true, dock: "right", width: 520, height: 380, tab: "session" };

const kept = () => {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY)), isOpen: true };
  } catch {
    return DEFAULTS;
  }
};

const keep = (settings) => localStorage.setItem(KEY, JSON.stringify(settings));

const isInDialog = (event) => event.composedPath().some(({ localName }) => localName === "dialog");

/** Has the host follow the theme that the page has chosen by a class. */
const useTheme = (ref) => {
  useEffect(() => {
    const { documentElement: html } = document;
    const { host } = ref.current.getRootNode();
    const follow = () => {
      const chosen = ["light", "dark"].find((name) => html.classList.contains(name));
      host.style.colorScheme = chosen ?? "light dark";
      host.lang = html.lang;
    };
    follow();
    const observer = new MutationObserver(follow);
    observer.observe(html, { attributes: true, attributeFilter: ["class", "lang"] });
    return () => observer.disconnect();
  }, []);
};

/** How many pages of parts there are: beside one, the panel only opens when it is asked for. */
const pages = store(0);

const usePage = () => {
  useEffect(() => {
    pages.set(pages.get() + 1);
    return () => pages.set(pages.get() - 1);
  }, []);
};

export default function Panel(props) {
  useWatch(props); // before frames: a reconnect may take less than one
  const shown = useFramed(props);
  const dock = useMemo(() => h(Dock, shown), [shown]);
  return pages.use() && !props.isAsked ? null : dock;
}

/** The panel beside the page. */
const Dock = ({ isAsked, close: onClose, ...props }) => {
  const root = useRef();
  const [settings, setSettings] = useState(kept);
  const change = (part) => setSettings((before) => ({ ...before, ...part }));
  const close = () => {
    keep({ ...settings, isOpen: false });
    onClose();
  };
  useEffect(() => keep(settings), [settings]);
  useTheme(root);
  useEffect(() => {
    const press = (event) => {
      if (event.key === "Escape" && !event.defaultPrevented && !isInDialog(event)) close();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [settings]);
  const parts = useParts(props);
  const isStyled = useStyle(root);
  const isNarrow = useNarrow();
  const dock = isNarrow ? "bottom" : settings.dock;
  const limit = sizeLimit(dock);
  const wanted = settings[dock === "bottom" ? "height" : "width"];
  const size = Math.min(Math.max(wanted, MIN_SIZE), limit);
  const resize = (next) =>
    change({ [dock === "bottom" ? "height" : "width"]: Math.min(Math.max(next, MIN_SIZE), limit) });
  useRoom(root, dock, size);
  useEffect(() => {
    if (isAsked) root.current.querySelector("[role=tab][tabindex='0']")?.focus();
  }, []);
  const Part = TABS[settings.tab] ?? SessionTab;
  return h(
    "aside",
    {
      ref: root,
      className: `devtools panel ${dock}`,
      "aria-label": T("title"),
      "data-testid": "devtools",
      hidden: !isStyled || !hasTexts(props),
      style: { [dock === "bottom" ? "height" : "width"]: `${size}px` },
    },
    h(Edge, { dock, size, resize }),
    h(
      "header",
      { className: "top" },
      h(Tabs, { names: Object.keys(TABS), chosen: settings.tab, choose: (tab) => change({ tab }) }),
      h(
        "div",
        { className: "docks" },
        !isNarrow &&
          DOCKS.map((name) =>
            h(
              "button",
              {
                key: name,
                type: "button",
                className: "icon",
                "aria-label": T(`dock_${name}`),
                "aria-pressed": name === dock,
                onClick: () => change({ dock: name }),
              },
              ICONS[name],
            ),
          ),
        h("button", { type: "button", className: "icon", "aria-label": T("close_panel"), onClick: close }, "✕"),
      ),
    ),
    h(
      "div",
      {
        id: "devtools-part",
        className: "body",
        role: "tabpanel",
        tabIndex: 0,
        "aria-labelledby": `tab-${settings.tab}`,
      },
      hasTexts(props) && h(Part, parts),
    ),
  );
};

const Section = ({ name, parts }) => {
  const heading = useRef();
  return h(
    "section",
    { className: `card ${name}`, "aria-labelledby": `${name}-title` },
    h("h2", { id: `${name}-title`, tabIndex: -1, ref: heading }, liveText(T(name))),
    h(
      "div",
      { className: "body", role: "group", tabIndex: 0, "aria-labelledby": `${name}-title` },
      h(TABS[name], { ...parts, focusHeading: () => heading.current?.focus() }),
    ),
  );
};

const COLUMNS = [
  ["session", "devices"],
  ["timeline", "token", "attacks"],
];

/** The same parts as a page. */
export const Page = (props) => {
  useWatch(props); // before frames: a reconnect may take less than one
  const shown = useFramed(props);
  return useMemo(() => h(Cards, shown), [shown]);
};

const Cards = (props) => {
  const root = useRef();
  usePage();
  const parts = useParts(props);
  const isStyled = useStyle(root);
  const shown = COLUMNS.map((names) => names.filter((name) => props.parts.includes(name)));
  return h(
    "div",
    { ref: root, className: "devtools page", hidden: !isStyled || !hasTexts(props) },
    shown.map((names, index) =>
      h(
        "div",
        { key: index, className: "column" },
        hasTexts(props) &&
          names.map((name) => h(Section, { key: name, name, parts: { ...parts, isPage: true } })),
      ),
    ),
  );
};
