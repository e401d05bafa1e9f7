import { createElement as h, useState } from "react";
import { explain, liveText } from "../../sessions/reflex/components/assets/i18n.js";
import {
  asCurl,
  asTest,
  asText,
  clientUpdate,
  dropConnection,
  endSessions,
  failure,
  readJson,
  say,
  signOut,
  useArrivals,
  useCountdown,
  useFastUpdates,
  useRepresentations,
} from "./data.js";
import { badge, button, CODE, ConfirmButton, Copy } from "./parts.js";

const T = say("devtools");
const R = say("representations");

const FACES = ["view", "json", "token"];
const NAMES = ["Ada Lovelace", "Grace Hopper", "Alan Turing", "Barbara Liskov"];

/** A name that an update changes the present one to. */
const anotherName = (name) => NAMES[(NAMES.indexOf(name) + 1) % NAMES.length];

const Head = ({ name, face, arrival }) =>
  h(
    "th",
    { scope: "col", title: R(`${name}_where`) },
    h(
      "span",
      { className: "line" },
      h("span", { className: "face" }, liveText(R(name))),
      face.behind > 0
        ? badge(R("behind", { behind: face.behind }), "late")
        : badge(R("current"), "good"),
    ),
    h(
      "span",
      { className: "line" },
      h("strong", { "data-representation": name }, liveText(say("timeline")("rev", { rev: face.rev }))),
      arrival &&
        h("span", { className: "took", ...lit(arrival) }, liveText(T("ms", { ms: arrival.ms }))),
    ),
  );

/** Lights an element up, again with each change: two animations take turns. */
const lit = (arrival) => arrival && { "data-lit": arrival.count % 2 };

const Cell = ({ value, arrival, field }) => {
  const text = asText(value);
  return h("td", { ...CODE, ...lit(arrival), title: text }, h("span", { "data-field": field }, text));
};

const Faces = ({ faces, arrivals, isPage }) => {
  const fields = [...new Set(FACES.flatMap((name) => Object.keys(faces[name].fields)))];
  return h(
    "div",
    { className: "scroll", role: "region", tabIndex: 0, "aria-label": R("title") },
    h(
      "table",
      { className: "faces", "data-testid": isPage ? "client-session" : undefined },
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          h("th", { scope: "col" }, liveText(T("field"))),
          FACES.map((name) => h(Head, { key: name, name, face: faces[name], arrival: arrivals[name] })),
        ),
      ),
      h(
        "tbody",
        null,
        fields.map((field) =>
          h(
            "tr",
            { key: field },
            h("th", { scope: "row", ...CODE }, field),
            FACES.map((name) =>
              h(Cell, {
                key: name,
                field: name === "view" ? field : undefined,
                value: faces[name].fields[field],
                arrival: arrivals[`${name}.${field}`],
              }),
            ),
          ),
        ),
      ),
    ),
  );
};

/** The fields that an update can name: in development all, so that one sees what is rejected. */
const choices = (user, fields, isOpen) =>
  isOpen ? Object.keys(user).filter((name) => name !== "id") : fields;

const Update = ({ session, fields, isOpen, onAct, say: report }) => {
  const { user } = session;
  const names = choices(user, fields, isOpen);
  const [chosen, setField] = useState("");
  const [typed, setTyped] = useState("");
  const field = names.includes(chosen) ? chosen : names.includes("name") ? "name" : names[0];
  const value = typed || (field === "name" ? anotherName(user.name) : "");
  const isSame = typed && asText(user[field]) === value;
  const server = () => {
    report(isSame ? T("same") : "");
    onAct("update", field, value);
  };
  const client = async () => {
    report("");
    const answer = await clientUpdate({ [field]: value });
    if (answer?.rev === session.rev) report(T("same"));
  };
  return h(
    "form",
    {
      className: "row",
      onSubmit: (event) => {
        event.preventDefault();
        client();
      },
    },
    h(
      "label",
      null,
      h("span", { className: "hidden" }, T("field")),
      h(
        "select",
        { value: field, onChange: ({ target }) => setField(target.value), ...CODE },
        names.map((name) => h("option", { key: name, value: name }, name)),
      ),
    ),
    h(
      "label",
      { className: "grow" },
      h("span", { className: "hidden" }, T("value")),
      h("input", {
        value: typed,
        placeholder: value,
        autoComplete: "off",
        spellCheck: false,
        onChange: ({ target }) => setTyped(target.value),
      }),
    ),
    button(T("client_update"), undefined, { type: "submit", className: "main" }),
    button(T("server_update"), server, { className: "main" }),
  );
};

const withoutStatus = ({ status, ...session }) => session;

const Actions = ({ session, sessions, isOpen, model, onAct, say: report }) => {
  const own = sessions.find(({ current }) => current);
  const { user } = session;
  const renew = async () => {
    report("");
    if (await clientUpdate(null)) report(T("renewed"));
  };
  const role = user.role === "admin" ? "user" : "admin";
  const act = (...what) => () => {
    report("");
    onAct(...what);
  };
  return h(
    "div",
    { className: "row" },
    button(T("refresh"), act("refresh", "", "")),
    button(T("renew"), renew),
    button(T("expire"), act("expire", "", "")),
    isOpen && "role" in user && button(T("change_role", { role }), act("update", "role", role)),
    button(T("drop"), dropConnection),
    own && button(T("revoke"), () => endSessions("session", { id: own.id })),
    h(ConfirmButton, { label: T("sign_out"), question: T("ask_sign_out"), act: signOut }),
    button(R("read"), readJson),
    h("span", { className: "caption" }, liveText(T("copy"))),
    h(Copy, { label: "curl", text: () => asCurl() }),
    h(Copy, { label: "JSON", text: () => JSON.stringify(withoutStatus(session), null, 2) }),
    h(Copy, { label: T("test"), text: () => asTest(user, model) }),
  );
};

export const SessionTab = (props) => {
  const { view, error, isPage } = props;
  const { session, took, ...faces } = useRepresentations(view);
  const arrivals = useArrivals(faces);
  const failed = failure.use().session;
  useFastUpdates();
  const [said, setSaid] = useState("");
  const left = useCountdown(session.expires ? Math.floor(Date.parse(session.expires) / 1000) : 0);
  if (!session.user) return h("p", { className: "empty" }, liveText(T(session.status)));
  const why = explain(failed ?? error);
  const lag = took == null ? R("together") : R("caught_up", { milliseconds: took });
  const parts = { ...props, session, say: setSaid };
  return h(
    "div",
    { "data-testid": "representations", className: "part" },
    h(Faces, { faces, arrivals, isPage }),
    h(
      "p",
      { className: "caption line" },
      h("span", { role: "status" }, liveText(said || lag)),
      h("span", null, liveText(T("ends_in", { left }))),
    ),
    h("p", { role: "alert", className: "alarm" }, liveText(why)),
    h(Update, parts),
    h(Actions, parts),
  );
};
