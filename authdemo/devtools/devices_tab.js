import { createElement as h, useRef } from "react";
import { explain, liveText } from "../../sessions/reflex/components/assets/i18n.js";
import { endSessions, failure, say } from "./data.js";
import { badge, clientName, code, CODE, ConfirmButton, Time } from "./parts.js";

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

const Name = ({ session, id }) =>
  h(
    "p",
    { className: "row" },
    h("strong", { id }, liveText(session.name || clientName(session))),
    session.current && badge(T("current"), "good"),
  );

const Device = ({ session, tab, end }) => {
  const id = `device-${session.id}`;
  return h(
    "li",
    { className: "device" },
    h(Name, { session, id }),
    h(
      "dl",
      null,
      h(Fact, { name: "address" }, code(session.ip)),
      h(Fact, { name: "since" }, h(Time, { at: session.created })),
      h(Fact, { name: "seen" }, h(Time, { at: session.last_seen })),
      h(Fact, { name: "method" }, code([session.provider, ...session.amr].join(" · "))),
      h(Fact, { name: "rev" }, code(session.rev)),
      h(Fact, { name: "tabs" }, h(Tabs, { session, tab })),
    ),
    h(ConfirmButton, {
      label: T("end"),
      question: T("ask_end", { name: clientName(session) }),
      act: () => end({ id: session.id }),
      "aria-describedby": id,
    }),
  );
};

export const DevicesTab = ({ sessions, tab, focusHeading }) => {
  const failed = failure.use();
  const list = useRef();
  const end = async (which) => {
    await endSessions(which);
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
