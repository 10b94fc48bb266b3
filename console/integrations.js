/** Settings > Integrations > Partner Integrations: what is connected, what it may do, and the keys it signs in with. */

import { ask } from "/console/client.js";
import { copy } from "/console/clipboard.js";
import { dialog } from "/console/dialog.js";
import { fill, h, icon, swap } from "/console/element.js";
import { announce, blank, chip, press } from "/console/page.js";
import { moment, relative } from "/console/times.js";

const KEY = `fragment Key on ApiKey { id prefix createdAt lastUsedAt expiresAt createdBy { id name } }`;

const list = (isSuper) => `${isSuper ? KEY : ""}
  query Integrations {
    integrations {
      id provider name section description permissions enabled enabledAt enabledBy { id name }
      ${isSuper ? "apiKeys { ...Key }" : ""}
    }
  }`;

const SWITCH = `
  mutation Switch($provider: IntegrationProvider!, $enabled: Boolean!) {
    setIntegrationEnabled(provider: $provider, enabled: $enabled) { integration { id enabled } errors { message } }
  }`;

const GENERATE = `
  mutation Generate($provider: IntegrationProvider!, $graceHours: Int!) {
    generateApiKey(provider: $provider, graceHours: $graceHours) { secret errors { message } }
  }`;

const REVOKE = `mutation Revoke($id: ID!) { revokeApiKey(id: $id) { errors { message } } }`;

const SECTIONS = { SCHEDULING: "Scheduling" };
const GRACES = [
  ["24", "For 24 hours more"],
  ["168", "For 7 days more"],
  ["1", "For 1 hour more"],
  ["0", "No longer: it ends at once"],
];

export default function show(page) {
  const isSuper = page.viewer.role === "SUPER_ADMIN";
  const rows = new Map();
  page.open("Integrations", { trail: h("p.trail", null, "Settings") });
  if (page.viewer.role === "INTERVIEWER") {
    return page.show(
      blank(
        "lock",
        "Not for Interviewers",
        "Integrations are looked after by the Super Admins of your account. Ask one of them if something should be connected.",
      ),
    );
  }
  page.load(
    () => ask(list(isSuper)),
    ({ integrations }) => {
      if (rows.size) return integrations.forEach(redraw);
      const sections = [...new Set(integrations.map(({ section }) => section))];
      page.show(
        h(
          "section.section.partners",
          { "aria-labelledby": "partners" },
          h("h2", { id: "partners" }, "Partner Integrations"),
          h("p.faint", null, "Applications that work with Callboard."),
          !isSuper &&
            h(
              "p.note.calm",
              null,
              icon("lock"),
              " Only Super Admins switch integrations and see their keys. You can see what is on.",
            ),
          sections.map((section) =>
            h(
              "section",
              { "aria-labelledby": section },
              h("h3", { id: section }, SECTIONS[section] ?? section),
              h("div.cards", null, integrations.filter((entry) => entry.section === section).map(draw)),
            ),
          ),
        ),
      );
    },
  );
  page.on("integration", () => page.reload());

  function draw(integration) {
    const element = integrationRow(integration, { isSuper, reload: page.reload });
    rows.set(integration.id, { integration, element });
    return element;
  }

  function redraw(integration) {
    const old = rows.get(integration.id);
    if (JSON.stringify(old.integration) === JSON.stringify(integration)) return;
    swap(old.element, draw(integration));
    if (old.integration.enabled !== integration.enabled)
      announce(h("b", null, integration.name), integration.enabled ? " is on." : " is off.");
  }
}

function integrationRow(integration, { isSuper, reload }) {
  const { provider, name, description, permissions, enabled, enabledAt, enabledBy, apiKeys } = integration;
  const titleId = `name-${provider}`;
  const toggle = h(
    "button.toggle",
    {
      role: "switch",
      "aria-checked": String(enabled),
      "aria-labelledby": titleId,
      "data-focus": "toggle",
      disabled: !isSuper,
      click: () => press(toggle, flip),
    },
    h("span.knob"),
  );
  const inside =
    enabled &&
    h(
      "div.inside",
      null,
      h(
        "div",
        null,
        h("h5", null, `${name} may`),
        h(
          "ul.ticks",
          null,
          permissions.map((permission) => h("li", null, icon("check"), permission)),
        ),
      ),
      isSuper && keys(integration, reload),
    );
  return h(
    "article.card.integration",
    { "aria-labelledby": titleId },
    h(
      "header",
      null,
      h("span.logo", { "aria-hidden": "true" }, name[0]),
      h(
        "div",
        null,
        h("h4", { id: titleId }, name),
        h("p", null, description),
        enabled &&
          enabledAt &&
          h("p.faint", null, `On since ${moment(enabledAt)}`, enabledBy && `, by ${enabledBy.name}`),
      ),
      h("span.state", null, enabled ? "On" : "Off"),
      toggle,
    ),
    inside,
    enabled && !isSuper && h("p.faint.inside", null, "Keys are seen by Super Admins only."),
  );

  async function flip() {
    if (enabled && apiKeys.length && !(await sureToSwitchOff(name))) return;
    const {
      setIntegrationEnabled: { errors },
    } = await ask(SWITCH, { provider, enabled: !enabled });
    if (errors.length) announce(errors[0].message);
    await reload();
  }
}

const sureToSwitchOff = (name) =>
  new Promise((resolve) => {
    dialog(
      `Switch ${name} off?`,
      ({ close }) => [
        h(
          "p",
          null,
          `Its keys are refused until it is on again, and the Schedule buttons lead to the ATS's own scheduler. Panels that are on profiles stay there.`,
        ),
        h(
          "menu",
          null,
          h("button.quiet", { autofocus: true, click: () => (close(), resolve(false)) }, "Leave it on"),
          h("button.solid.danger", { click: () => (close(), resolve(true)) }, "Switch off"),
        ),
      ],
      { closed: () => resolve(false) },
    );
  });

function keys(integration, reload) {
  const { name, apiKeys } = integration;
  const generate = h(
    "button.solid.small",
    { "data-focus": "generate", click: () => generateKey(integration, reload) },
    icon("key"),
    "Generate New Key",
  );
  return h(
    "div",
    null,
    h("div.between", null, h("h5", null, "API keys"), generate),
    apiKeys.length
      ? h(
          "div.scroller",
          { tabindex: "0", role: "region", "aria-label": `Keys of ${name}` },
          h(
            "table",
            null,
            h(
              "thead",
              null,
              h(
                "tr",
                null,
                ["Key", "Made", "Last used", "Expires", ""].map((title) =>
                  title ? h("th", { scope: "col" }, title) : h("td"),
                ),
              ),
            ),
            h(
              "tbody",
              null,
              apiKeys.map((key) => keyRow(key, name, reload)),
            ),
          ),
        )
      : h("p.faint", null, `No key yet: ${name} can't sign in until it has one.`),
    h(
      "p.faint",
      null,
      "To rotate: generate a new key and put it into ",
      name,
      ". The older one goes on working for a while, so that nothing stops in between. At most two work at a time.",
    ),
  );
}

function keyRow(key, name, reload) {
  const { prefix, createdAt, createdBy, lastUsedAt, expiresAt } = key;
  const isOver = expiresAt && new Date(expiresAt) < new Date();
  const cell = (label, ...content) => h("td", { "data-label": label }, content);
  const ago = (instant) => h("time", { datetime: instant, title: moment(instant) }, relative(instant));
  const never = () => h("span.faint", null, "Never");
  return h(
    "tr",
    null,
    h("th", { scope: "row" }, h("code", null, `${prefix}…`)),
    cell("Made", ago(createdAt), h("small", null, `by ${createdBy.name}`)),
    cell("Last used", lastUsedAt ? ago(lastUsedAt) : never()),
    cell("Expires", !expiresAt ? never() : isOver ? chip("bad", "Expired") : chip("warn", ago(expiresAt))),
    cell(
      null,
      !isOver &&
        h(
          "button.quiet.small.danger",
          { "data-focus": `revoke-${key.id}`, click: () => revoke(key, name, reload) },
          "Revoke",
          h("span.hushed", null, ` ${prefix}`),
        ),
    ),
  );
}

function generateKey({ provider, name, apiKeys }, reload) {
  const now = new Date().toISOString();
  const [newest, ...older] = apiKeys
    .filter(({ expiresAt }) => !expiresAt || expiresAt > now)
    .sort((one, other) => other.createdAt.localeCompare(one.createdAt));
  const grace = h(
    "select",
    { id: "grace" },
    GRACES.map(([hours, words]) => h("option", { value: hours }, words)),
  );
  const problem = h("p.problem", { role: "alert" });
  const tools = dialog("Generate New Key", ({ close }) => [
    h("p", null, `With this key ${name} signs in to your account and does what you allowed. It is shown once.`),
    newest && [
      h("label", { for: "grace" }, "How long the key ", h("code", null, `${newest.prefix}…`), " goes on working"),
      grace,
    ],
    older.length > 0 &&
      h(
        "p.note",
        null,
        "At most two keys work at a time: ",
        older.map(({ prefix }, place) => [place > 0 && ", ", h("code", null, `${prefix}…`)]),
        " ends at once.",
      ),
    problem,
    h(
      "menu",
      null,
      h("button.quiet", { click: close }, "Back"),
      h(
        "button.solid",
        { autofocus: true, click: ({ currentTarget }) => press(currentTarget, generate, say) },
        "Generate New Key",
      ),
    ),
  ]);

  function say({ message }) {
    fill(problem, message);
  }

  async function generate() {
    const {
      generateApiKey: { secret, errors },
    } = await ask(GENERATE, { provider, graceHours: Number(grace.value) });
    if (secret) showOnce(secret);
    else say(errors[0]);
  }

  function showOnce(secret) {
    const field = h("textarea.secret", {
      id: "secret",
      rows: "2",
      readonly: true,
      value: secret,
      spellcheck: "false",
      focus: () => field.select(),
    });
    const copied = h("span.hushed", { role: "status" });
    const copyButton = h("button.quiet", { click: copyKey }, icon("copy"), h("span", null, "Copy"));
    tools.firm();
    tools.retitle(`Your new ${name} key`);
    tools.redraw(
      h("label", { for: "secret" }, "API key"),
      field,
      copied,
      h(
        "p.note",
        null,
        h("b", null, "You will not have access to it again once you click Done."),
        ` Copy it now and put it into ${name}.`,
      ),
      h("menu", null, copyButton, h("button.solid", { click: () => (tools.close(), reload()) }, "Done")),
    );
    copyButton.focus();

    async function copyKey() {
      const isCopied = await copy(secret, field);
      fill(copyButton, icon(isCopied ? "check" : "cross"), h("span", null, isCopied ? "Copied" : "Not copied"));
      fill(copied, isCopied ? "The key is copied." : "The key is selected, but not copied.");
    }
  }
}

function revoke({ id, prefix }, name, reload) {
  const problem = h("p.problem", { role: "alert" });
  const { close } = dialog("Revoke this key?", ({ close }) => [
    h(
      "p",
      null,
      `From this moment ${name} can't sign in with `,
      h("code", null, `${prefix}…`),
      " any more. It can't be undone; a new key can be generated at any time.",
    ),
    problem,
    h(
      "menu",
      null,
      h("button.quiet", { autofocus: true, click: close }, "Keep it"),
      h("button.solid.danger", { click: ({ currentTarget }) => press(currentTarget, gone, say) }, "Revoke"),
    ),
  ]);

  function say({ message }) {
    fill(problem, message);
  }

  async function gone() {
    const {
      revokeApiKey: { errors },
    } = await ask(REVOKE, { id });
    if (errors.length) return say(errors[0]);
    close();
    announce("The key is revoked.");
    await reload();
  }
}
