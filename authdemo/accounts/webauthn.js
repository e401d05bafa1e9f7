/** Has the browser make or use a passkey, and writes its answer as JSON. */

const decode = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) =>
    letter.charCodeAt(0),
  );

const encode = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

const decodeAll = (list) => list?.map((each) => ({ ...each, id: decode(each.id) }));

/** What `PublicKeyCredential.toJSON` does, which password managers don't always have. */
const toJson = ({ id, response }) => {
  const names = ["attestationObject", "authenticatorData", "signature", "userHandle"];
  const parts = names.filter((name) => response[name]).map((name) => [name, encode(response[name])]);
  return {
    id,
    response: {
      clientDataJSON: encode(response.clientDataJSON),
      transports: response.getTransports?.() ?? [],
      ...Object.fromEntries(parts),
    },
  };
};

const create = ({ challenge, user, excludeCredentials, ...others }, signal) =>
  navigator.credentials.create({
    publicKey: {
      ...others,
      challenge: decode(challenge),
      user: { ...user, id: decode(user.id) },
      excludeCredentials: decodeAll(excludeCredentials),
    },
    signal,
  });

const get = ({ challenge, allowCredentials, ...others }, signal, mediation) =>
  navigator.credentials.get({
    publicKey: {
      ...others,
      challenge: decode(challenge),
      allowCredentials: decodeAll(allowCredentials),
    },
    mediation,
    signal,
  });

export const run = async ({ kind, options }, signal) => {
  if (!window.PublicKeyCredential) throw new DOMException("", "NotSupportedError");
  if (kind === "create") return toJson(await create(options, signal));
  return toJson(await get(options, signal, kind === "offer" ? "conditional" : "optional"));
};
