// The identity provider of the tests: oidc-provider behind the addresses that Microsoft's has, one tenant a path.
//
//   node provider.mjs MODULES CONFIG
//
// MODULES is the folder with node_modules; CONFIG a JSON file: chain (PEM: key and certificates), users
// ({address: {name, oid}}), mail (who may ask /introspect: {id, secret}). Prints its port when it listens.
//
//   POST /control/tenants            makes a tenant (see `Tenant.register` in tenant.py for the fields)
//   POST /control/tenants/ID/VERB    withdraw {what: access|refresh}, answer {status, body}, log, secrets, codes
//   POST /introspect                 Exchange's part: is this token good for sending mail, and whose mailbox is it?
//   /TENANT/...                      the provider's own endpoints; discovery with and without /v2.0 before it
//
// Rules: it listens on 127.0.0.1 alone and keeps all in memory. A tenant's tokens are its own.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { createRequire } from 'node:module';
import { generateKeyPairSync } from 'node:crypto';
import { pathToFileURL } from 'node:url';

// Nobody reads stdout once the port has been told; the provider's advice to its operators goes to the log.
console.info = console.error;
console.log = console.error;
console.warn = console.error;

const [modules, configFile] = process.argv.slice(2);
const find = createRequire(pathToFileURL(`${modules}/`));
const { Provider } = await import(pathToFileURL(find.resolve('oidc-provider')));
const { createLocalJWKSet, decodeJwt, jwtVerify } = await import(pathToFileURL(find.resolve('jose')));

const config = JSON.parse(readFileSync(configFile, 'utf-8'));
let origin;
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const named = { kid: 'tests', use: 'sig', alg: 'RS256' };
const signingKey = { ...privateKey.export({ format: 'jwk' }), ...named };
const verifyingKeys = createLocalJWKSet({ keys: [{ ...publicKey.export({ format: 'jwk' }), ...named }] });
const tenants = new Map();

// Outlook's resource has two names: one for people's tokens, one for applications'.
const MAIL = ['https://outlook.office.com', 'https://outlook.office365.com'];
const PERMISSIONS = ['.default', 'SMTP.Send', 'Mail.Send', 'Mail.ReadWrite', 'User.Read'];
const SIGN_IN = new Set(['openid', 'profile', 'email', 'offline_access']);

class Tenant {
  constructor(spec) {
    this.id = spec.id;
    this.lifetime = spec.lifetime;
    this.format = spec.format;
    this.mailboxes = Object.fromEntries(spec.clients.map((client) => [client.client_id, client.mailbox]));
    this.roles = Object.fromEntries(spec.clients.map((client) => [client.client_id, client.roles]));
    this.withdrawn = new Set();
    this.issued = new Set();
    this.refreshTokens = new Set();
    this.planned = [];
    this.log = [];
    this.secrets = [];
    this.codes = [];
    this.provider = new Provider(`${origin}/${spec.id}`, this.#configuration(spec));
    this.provider.on('refresh_token.saved', (token) => this.refreshTokens.add(token));
    this.provider.on('grant.success', (ctx) => this.log.push(ctx.oidc.params.grant_type));
    this.provider.on('grant.error', (ctx, error) => this.log.push(`${ctx.oidc?.params?.grant_type}: ${error.error}`));
    this.provider.on('authorization_code.saved', (code) => this.secrets.push(code.jti));
    this.provider.use(async (ctx, next) => {
      await next();
      if (ctx.oidc?.route === 'device_authorization' && ctx.body?.device_code) {
        // msal asks every five seconds unless told otherwise.
        ctx.body = { ...ctx.body, interval: 1, expires_in: spec.code_lifetime };
        this.codes.push(ctx.body);
      }
      const { access_token, refresh_token, id_token, device_code } = ctx.body ?? {};
      this.secrets.push(...[access_token, refresh_token, id_token, device_code].filter(Boolean));
    });
  }

  #configuration(spec) {
    return {
      clients: spec.clients.map(asRegistered),
      jwks: { keys: [signingKey] },
      cookies: { keys: ['tests'] },
      discovery: spec.discovery,
      scopes: [...SIGN_IN],
      claims: { profile: ['preferred_username', 'name', 'oid', 'tid'], email: ['email'] },
      conformIdTokenClaims: false,
      findAccount: (ctx, address) => this.#account(address),
      extraTokenClaims: (ctx, token) => this.#claims(token),
      // As Microsoft: a refresh token stays good when it has been used, for another process may hold it too.
      rotateRefreshToken: false,
      expiresWithSession: () => false,
      ttl: { RefreshToken: spec.refresh_lifetime, DeviceCode: spec.code_lifetime, Grant: 86400, Session: 86400 },
      routes: {
        authorization: '/oauth2/v2.0/authorize',
        token: '/oauth2/v2.0/token',
        device_authorization: '/oauth2/v2.0/devicecode',
        code_verification: '/oauth2/deviceauth',
        jwks: '/discovery/v2.0/keys',
      },
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: true },
        deviceFlow: { enabled: true },
        userinfo: { enabled: false },
        resourceIndicators: {
          enabled: true,
          defaultResource: (ctx, client, oneOf) => oneOf?.[0] ?? resourceOf(ctx.oidc.params.scope),
          useGrantedResource: () => true,
          getResourceServerInfo: (ctx, resource) => this.#resource(resource),
        },
      },
    };
  }

  #account(address) {
    const user = config.users[address];
    if (!user) return undefined;
    const claims = { sub: address, preferred_username: address, email: address, ...user, tid: this.id };
    return { accountId: address, claims: () => claims };
  }

  #resource(resource) {
    return {
      scope: PERMISSIONS.map((name) => `${resource}/${name}`).join(' '),
      audience: resource,
      accessTokenTTL: this.lifetime,
      accessTokenFormat: this.format,
      jwt: { sign: { alg: 'RS256' } },
    };
  }

  // The claims that Microsoft's access tokens have and that a mail server needs.
  #claims(token) {
    const uti = `${this.issued.size}-${Math.random().toString(36).slice(2)}`;
    this.issued.add(uti);
    const common = { uti, tid: this.id, appid: token.clientId, ver: '1.0' };
    if (!token.accountId) {
      return { ...common, idtyp: 'app', roles: this.roles[token.clientId], email: this.mailboxes[token.clientId] };
    }
    const scp = [...token.scopes].filter((scope) => !SIGN_IN.has(scope)).map((scope) => scope.split('/').pop());
    return { ...common, scp: scp.join(' '), upn: token.accountId, email: token.accountId };
  }

  async introspect(value) {
    const claims = value.split('.').length === 3
      ? (await jwtVerify(value, verifyingKeys)).payload
      : await this.#find(value);
    if (claims?.tid !== this.id) return { active: false };
    const may = (claims.scp ?? '').split(' ').includes('SMTP.Send') || claims.roles?.includes('SMTP.SendAsApp');
    if (!may || !MAIL.includes(claims.aud) || this.withdrawn.has(claims.uti)) return { active: false };
    return { active: true, ...claims };
  }

  async #find(value) {
    const { AccessToken, ClientCredentials } = this.provider;
    const token = await AccessToken.find(value) ?? await ClientCredentials.find(value);
    return token && { ...token.extra, aud: token.aud, exp: token.exp, scope: token.scope };
  }

  async control(verb, wanted) {
    if (['log', 'secrets', 'codes'].includes(verb)) return this[verb];
    if (verb === 'answer') this.planned.push(wanted);
    else if (wanted.what === 'access') this.withdrawn = new Set(this.issued);
    else await Promise.all([...this.refreshTokens].map((token) => token.destroy()));
    return {};
  }

  serve(req, res, path) {
    const answer = path.startsWith('/oauth2/v2.0/token') && this.planned.shift();
    if (answer) return say(res, answer.status, answer.body);
    const [bare, query] = path.split('?', 2);
    const asked = bare.endsWith('/authorize') ? `${bare}?${asMicrosoft(query)}` : path;
    req.originalUrl = `/${this.id}${asked}`;
    req.url = asked;
    return this.provider.callback()(req, res);
  }
}

function asRegistered({ client_id, secret, jwk }) {
  if (!secret && !jwk) {
    return {
      client_id,
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      redirect_uris: ['http://localhost'],
    };
  }
  const proof = secret
    ? { client_secret: secret, token_endpoint_auth_method: 'client_secret_post' }
    : { jwks: { keys: [jwk] }, token_endpoint_auth_method: 'private_key_jwt' };
  return { client_id, ...proof, grant_types: ['client_credentials'], response_types: [], redirect_uris: [] };
}

// Microsoft names the resource within the scope: https://outlook.office.com/SMTP.Send.
function resourceOf(scope) {
  const named = (scope ?? '').split(' ').find((one) => one.startsWith('https://'));
  return named && named.slice(0, named.lastIndexOf('/'));
}

// Microsoft gives a refresh token without asking for consent anew; OpenID Connect Core 11 wants the prompt.
function asMicrosoft(query) {
  const params = new URLSearchParams(query);
  params.set('prompt', 'consent');
  return params;
}

function say(res, status, body) {
  res.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  res.end(JSON.stringify(body));
}

async function bodyOf(req) {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf-8');
}

async function control(req, res, [, , id, verb]) {
  const wanted = JSON.parse(await bodyOf(req) || '{}');
  if (id) return say(res, 200, await tenants.get(id).control(verb, wanted));
  tenants.set(wanted.id, new Tenant(wanted));
  return say(res, 201, {});
}

async function introspect(req, res) {
  const { id, secret } = config.mail;
  const expected = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  if (req.headers.authorization !== expected) return say(res, 401, { error: 'invalid_client' });
  return say(res, 200, await verdict(new URLSearchParams(await bodyOf(req)).get('token') ?? ''));
}

// A JWT tells whose it is; an opaque token is known to one tenant.
async function verdict(token) {
  try {
    if (token.split('.').length === 3) {
      return await tenants.get(new URL(decodeJwt(token).iss).pathname.slice(1)).introspect(token);
    }
  } catch {
    return { active: false };
  }
  const all = await Promise.all([...tenants.values()].map((tenant) => tenant.introspect(token)));
  return all.find((one) => one.active) ?? { active: false };
}

async function route(req, res) {
  const parts = req.url.split('?', 1)[0].split('/').slice(1);
  if (parts[0] === 'control') return control(req, res, parts);
  if (parts[0] === 'introspect') return introspect(req, res);
  const tenant = tenants.get(parts[0]);
  if (!tenant) {
    // The words of Microsoft's answer to a tenant that isn't there.
    return say(res, 400, { error: 'invalid_tenant', error_description: `AADSTS90002: Tenant '${parts[0]}' not found.` });
  }
  return tenant.serve(req, res, req.url.slice(parts[0].length + 1).replace(/^\/v2\.0(?=\/\.well-known)/, ''));
}

const pem = readFileSync(config.chain);
const server = createServer({ key: pem, cert: pem }, (req, res) => {
  Promise.resolve(route(req, res)).catch((error) => {
    console.error(error);
    res.destroy();
  });
});
server.listen(0, '127.0.0.1', () => {
  origin = `https://localhost:${server.address().port}`;
  process.stdout.write(`${server.address().port}\n`);
});
