// The certified provider, with its own pages for signing in and consenting.
import Provider from "oidc-provider";

const [port, client, secret, app, demo] = process.argv.slice(2);

const provider = new Provider(`http://localhost:${port}`, {
  clients: [
    {
      client_id: client,
      client_secret: secret,
      redirect_uris: [
        `${app}/api/auth/callback/honest`,
        `${app}/api/auth/callback/leaving`,
        `${demo}/api/auth/callback/oidc`,
      ],
      backchannel_logout_uri: `${app}/api/auth/backchannel-logout/leaving`,
      backchannel_logout_session_required: true,
      post_logout_redirect_uris: [`${app}/api/auth/post-logout/leaving`],
    },
  ],
  claims: { email: ["email", "email_verified"], profile: ["name"] },
  features: { backchannelLogout: { enabled: true } },
  cookies: { keys: ["a key of the tests"] },
  pkce: { required: () => true },
  // Its own way keeps away from this machine's addresses, where the apps are.
  fetch: (url, { dispatcher, ...options }) => fetch(url, options),
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: `${id} of the provider`, email: `${id}@example.org`, email_verified: true }),
  }),
});
provider.on("server_error", (_, error) => console.error(error));
provider.on("backchannel.error", (_, error) => console.error(error));
provider.listen(port, "localhost", () => console.log("ready"));
