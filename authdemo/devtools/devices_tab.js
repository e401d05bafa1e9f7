import { createElement as h, useRef, useState } from "react";
import { explain, liveText } from "../../sessions/reflex/components/assets/i18n.js";
import { endSessions, failure, rename, say } from "./data.js";
import { badge, button, clientName, code, CODE, ConfirmButton, Time } from "./parts.js";

const T = say("devices");

const Fact = ({ name, children }) =>
  h("div", null, h("dt", null, liveText(T(name))), h("dd", null, children));

const Tabs = ({ session, tab }) =>
  h(
    "span",
    null,
    h("span", { "data-testid": "tab-count", ...CODE }, session.tabs.length),
    " ",
    session.tabs.map((name) =>
      h(
        "span",
        { key: name, className: "chip" },
        code(name),
        session.current && name === tab && h("span", null, " ", liveText(T("this_tab"))),
      ),
    ),
  );

/** The device's name, with a form to change it. */
const Name = ({ session, id }) => {
  const [typed, setTyped] = useState(null);
  const name = session.name || clientName(session);
  if (typed === null) {
    return h(
      "p",
      { className: "row" },
      h("strong", { id }, liveText(name)),
      session.current && badge(T("current"), "good"),
      session.actor && badge(T("actor", { actor: session.actor }), "late"),
      button(T("rename"), () => setTyped(session.name), { className: "quiet", "aria-describedby": id }),
    );
  }
  const save = async (event) => {
    event.preventDefault();
    if (await rename(session.id, typed)) setTyped(null);
  };
  return h(
    "form",
    { className: "row", onSubmit: save },
    h(
      "label",
      { className: "grow" },
      h("span", null, T("name")),
      h("input", {
        value: typed,
        maxLength: 64,
        autoFocus: true,
        onChange: ({ target }) => setTyped(target.value),
      }),
    ),
    button(T("save"), undefined, { type: "submit", className: "main" }),
    button(say("dialog")("cancel"), () => setTyped(null)),
  );
};

const Device = ({ session, tab, end }) => {
  const id = `device-${session.id}`;
  return h(
    "li",
    { className: "device" },
    h(
      "div",
      { className: "row" },
      h(Name, { session, id }),
      h(ConfirmButton, {
        label: T("end"),
        question: T("ask_end", { name: session.name || clientName(session) }),
        act: () => end({ id: session.id }),
        "aria-describedby": id,
      }),
    ),
    h(
      "dl",
      null,
      h(Fact, { name: "address" }, code(session.ip)),
      h(Fact, { name: "since" }, h(Time, { at: session.created, exact: true })),
      h(Fact, { name: "seen" }, h(Time, { at: session.last_seen, exact: true })),
      h(Fact, { name: "method" }, code([session.provider, ...session.amr].join(" · "))),
      h(Fact, { name: "rev" }, code(session.rev)),
      h(Fact, { name: "tabs" }, h(Tabs, { session, tab })),
    ),
  );
};

export const DevicesTab = ({ sessions, tab, focusHeading }) => {
  const failed = failure.use().devices;
  const list = useRef();
  const end = async (which) => {
    await endSessions("devices", which);
    (focusHeading ?? (() => list.current?.focus()))();
  };
  return h(
    "div",
    { className: "part", "data-testid": "devices" },
    h(
      "ol",
      { className: "device-list", role: "list", ref: list, tabIndex: -1, "aria-busy": !sessions.length },
      sessions.length
        ? sessions.map((session) => h(Device, { key: session.id, session, tab, end }))
        : h("li", { className: "empty" }, liveText(say("devtools")("loading"))),
    ),
    h("p", { role: "alert", className: "alarm" }, liveText(explain(failed))),
    h(
      "div",
      { className: "row" },
      h(ConfirmButton, {
        label: T("end_others"),
        question: T("ask_others"),
        act: () => end({ others: true }),
        disabled: sessions.length < 2,
      }),
      h(ConfirmButton, { label: T("end_all"), question: T("ask_all"), act: () => end({ all: true }) }),
    ),
  );
};
