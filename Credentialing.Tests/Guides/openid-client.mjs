// Gets a token with openid-client, and the vendor's status with the token: node openid-client.mjs basic|post
import * as client from "openid-client";

const { TOMS_URL, TOMS_USERNAME, TOMS_SECRET_KEY } = process.env;
const method = { basic: client.ClientSecretBasic, post: client.ClientSecretPost }[process.argv[2]];
const server = { issuer: TOMS_URL, token_endpoint: `${TOMS_URL}/token` };
const config = new client.Configuration(server, TOMS_USERNAME, undefined, method(TOMS_SECRET_KEY));
client.allowInsecureRequests(config); // the test's server has no TLS

const tokens = await client.clientCredentialsGrant(config);
const response = await client.fetchProtectedResource(config, tokens.access_token, new URL(`${TOMS_URL}/credential`), "GET");
console.log(tokens.expires_in, tokens.credential_expires_at, response.status, response.headers.get("credential-expires"));
