import { createElement as h } from "react";
import { liveText } from "../../sessions/reflex/components/assets/i18n.js";
import { claimText, say, useCountdown, useInspection } from "./data.js";
import { badge, code, CODE, Time } from "./parts.js";

const T = say("token_details");

const MOMENTS = ["iat", "nbf", "exp"];

/** How long a part of the token is: JSON in base64url, without padding (RFC 7515). */
const lengthOf = (value) =>
  Math.ceil((new TextEncoder().encode(JSON.stringify(value)).length * 4) / 3);

const partsOf = ({ header, claims, size }) => {
  const [first, second] = [lengthOf(header), lengthOf(claims)];
  return { header: first, payload: second, signature: Math.max(0, size - first - second - 2) };
};

/** The token's three parts by their length; its text stays in its cookie. */
const Bar = ({ parts }) =>
  h(
    "div",
    { className: "bar-of-parts", "aria-hidden": true },
    Object.entries(parts).map(([name, length]) =>
      h("span", { key: name, className: name, style: { flexGrow: length } }, `${T(name)} ${length}`),
    ),
  );

const Block = ({ name, children }) =>
  h(
    "section",
    { className: `token-part ${name}`, "aria-label": T(name) },
    h("p", { className: "heading" }, liveText(T(name))),
    children,
  );

const Claim = ({ name, value }) =>
  h(
    "tr",
    null,
    h(
      "th",
      { scope: "row" },
      code(name),
      h("span", { className: "caption" }, liveText(claimText(name))),
    ),
    h(
      "td",
      null,
      h("span", { "data-claim": name }, code(typeof value === "object" ? JSON.stringify(value, null, 2) : value)),
      MOMENTS.includes(name) && h("span", { className: "moment" }, h(Time, { at: value, exact: true })),
    ),
  );

const Claims = ({ claims }) =>
  h(
    "div",
    { className: "scroll", role: "region", tabIndex: 0, "aria-label": T("claims") },
    h(
      "table",
      { className: "claims" },
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          ["claim", "value"].map((name) =>
            h("th", { key: name, scope: "col" }, liveText(T(name))),
          ),
        ),
      ),
      h(
        "tbody",
        null,
        Object.entries(claims).map(([name, value]) => h(Claim, { key: name, name, value })),
      ),
    ),
  );

const Fact = ({ name, children }) =>
  h("div", null, h("dt", null, liveText(T(name))), h("dd", { "data-fact": name }, children));

export const TokenTab = ({ session }) => {
  const inspection = useInspection(session);
  const { header, claims, size, limit, cookie } = inspection;
  const left = useCountdown(claims.exp);
  if (!size) return h("p", { className: "empty" }, liveText(say("devtools")(session.user ? "loading" : session.status)));
  return h(
    "div",
    { "data-testid": "token_details", className: "part" },
    h(Bar, { parts: partsOf(inspection) }),
    h(
      "p",
      { className: "line caption" },
      h(
        "span",
        { "data-fact": "size" },
        h("meter", { value: size, max: limit, high: limit * 0.8, "aria-label": T("size") }),
        " ",
        liveText(T("bytes", { size, limit })),
      ),
      h(
        "span",
        null,
        liveText(T("expires")),
        " ",
        h("strong", { "data-testid": "countdown" }, liveText(left)),
      ),
    ),
    h(Block, { name: "header" }, h("pre", CODE, JSON.stringify(header, null, 2))),
    h(Block, { name: "payload" }, h(Claims, { claims })),
    h(
      Block,
      { name: "signature" },
      h("p", null, badge(T("verified"), "good")),
      h(
        "dl",
        null,
        h(Fact, { name: "algorithm" }, code(header.alg)),
        h(Fact, { name: "key" }, code(header.kid)),
        h(Fact, { name: "cookie" }, code(cookie.name)),
        h(
          Fact,
          { name: "attributes" },
          cookie.attributes.map((each) => code(each, { key: each, className: "chip" })),
        ),
      ),
    ),
  );
};
