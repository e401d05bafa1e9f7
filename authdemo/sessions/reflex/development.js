import { createHash } from "node:crypto";

const INLINE = /<script(?![^>]*\bsrc=)[^>]*>([^]*?)<\/script>/g;
const HEAD = /<head\b[^>]*>/;

/** The hashes of a document's inline scripts, which React Router and Vite write for each page. */
const hashesOf = (document) => {
  const scripts = [...document.matchAll(INLINE)].map(([, script]) => script);
  const digest = (script) => createHash("sha256").update(script).digest("base64");
  return [...new Set(scripts)].map((script) => `'sha256-${digest(script)}'`).join(" ");
};

/** Sends the policy of production with the pages of Vite's server, where it only reports. */
export default (policy, recorder) => ({
  name: "content-policy",
  apply: "serve",
  configureServer: (server) => {
    server.middlewares.use((request, response, next) => {
      if (!request.headers.accept?.includes("text/html")) return next();
      const { writeHead, write, end } = response;
      const chunks = [];
      let head = [];
      const keep = (chunk) => {
        if (chunk?.length) chunks.push(Buffer.from(chunk));
        return true;
      };
      const finish = (chunk) => {
        keep(chunk);
        Object.assign(response, { writeHead, write, end });
        for (const [name, value] of Object.entries(head.at(-1) ?? {})) response.setHeader(name, value);
        let body = Buffer.concat(chunks);
        if (String(response.getHeader("content-type")).startsWith("text/html")) {
          const document = body.toString().replace(HEAD, (tag) => tag + recorder);
          const allowed = policy.replace("script-src", `script-src ${hashesOf(document)}`);
          response.setHeader("content-security-policy-report-only", allowed);
          response.removeHeader("content-length");
          body = Buffer.from(document);
        }
        if (head.length) response.writeHead(head[0]);
        return response.end(body);
      };
      const hold = (...args) => {
        head = args;
        return response;
      };
      Object.assign(response, { writeHead: hold, write: keep, end: finish });
      next();
    });
  },
});
