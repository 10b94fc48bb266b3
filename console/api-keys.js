/** The API keys of an integration: the table, generating a key and revoking one. */

import { ask } from "/console/client.js";
import { copy } from "/console/clipboard.js";
import { openDialog } from "/console/dialog.js";
import { fill, h, icon } from "/console/element.js";
import { announce, chip, runAction } from "/console/page.js";
import { moment, relative } from "/console/times.js";

const GENERATE = `
  mutation Generate($provider: IntegrationProvider!, $graceHours: Int!) {
    generateApiKey(provider: $provider, graceHours: $graceHours) { secret errors { message } }
  }`;

const REVOKE = `mutation Revoke($id: ID!) { revokeApiKey(id: $id) { errors { message } } }`;

const GRACE_HOURS = [
  ["24", "For 24 more hours"],
  ["168", "For 7 more days"],
  ["1", "For 1 more hour"],
  ["0", "No longer: it stops at once"],
];

/** The section with an integration's keys. `reload()` is called after a change. */
export function apiKeySection(integration, reload) {
  const { name, apiKeys: keys } = integration;
  const generate = h(
    "button.solid.small",
    { "data-focus": "generate", click: ({ currentTarget }) => startGenerating(currentTarget, integration, reload) },
    icon("key"),
    "Generate New Key",
  );
  return h(
    "div",
    null,
    h("div.between", null, h("h5", null, "API keys"), generate),
    keys.length
      ? keyTable(keys, name, reload)
      : h("p.faint", null, `There is no key yet. ${name} can't sign in without one.`),
    h(
      "p.faint",
      null,
      `To rotate the key, generate a new one and enter it in ${name}. The previous key keeps working for the time you `,
      "choose, so that nothing is interrupted. At most two keys work at a time.",
    ),
  );
}

function keyTable(keys, name, reload) {
  const titles = ["Key", "Created", "Last used", "Expires"];
  return h(
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
          titles.map((title) => h("th", { scope: "col" }, title)),
          h("td"),
        ),
      ),
      h(
        "tbody",
        null,
        keys.map((key) => keyRow(key, name, reload)),
      ),
    ),
  );
}

function keyRow(key, name, reload) {
  const { prefix, createdAt, createdBy, lastUsedAt, expiresAt } = key;
  const hasExpired = expiresAt && new Date(expiresAt) < new Date();
  const cell = (label, ...content) => h("td", { "data-label": label }, content);
  const time = (instant) => h("time", { datetime: instant, title: moment(instant) }, relative(instant));
  const never = () => h("span.faint", null, "Never");
  const revoke = { "data-focus": `revoke-${key.id}`, click: () => openRevokeDialog(key, name, reload) };
  return h(
    "tr",
    null,
    h("th", { scope: "row" }, h("code", null, `${prefix}…`)),
    cell("Created", time(createdAt), h("small", null, `by ${createdBy.name}`)),
    cell("Last used", lastUsedAt ? time(lastUsedAt) : never()),
    cell("Expires", !expiresAt ? never() : hasExpired ? chip("bad", "Expired") : chip("warn", time(expiresAt))),
    cell(
      null,
      !hasExpired && h("button.quiet.small.danger", revoke, "Revoke", h("span.visually-hidden", null, ` ${prefix}`)),
    ),
  );
}

/** Without a key that works there is nothing to choose: the new one is shown at once. */
function startGenerating(button, integration, reload) {
  if (workingKeys(integration).length) return openGenerateDialog(integration, reload);
  return runAction(button, async () => {
    const { secret, errors } = await generateKey(integration.provider, 0);
    if (!secret) return announce(errors[0].message);
    const dialog = openDialog("", () => []);
    showSecret(dialog, secret, integration.name, reload);
  });
}

const generateKey = async (provider, graceHours) => (await ask(GENERATE, { provider, graceHours })).generateApiKey;

function openGenerateDialog(integration, reload) {
  const { provider, name } = integration;
  const [newest, ...older] = workingKeys(integration);
  const grace = h(
    "select",
    { id: "grace" },
    GRACE_HOURS.map(([hours, label]) => h("option", { value: hours }, label)),
  );
  const problem = h("p.problem", { role: "alert" });
  const showError = ({ message }) => fill(problem, message);
  const dialog = openDialog("Generate New Key", ({ close }) => [
    h(
      "p",
      null,
      `${name} signs in to your account with this key, with the permissions listed above. It is shown once.`,
    ),
    newest && [h("label", { for: "grace" }, "Keep the key ", h("code", null, `${newest.prefix}…`), " working"), grace],
    older.length > 0 && endingKeysNote(older),
    problem,
    h(
      "menu",
      null,
      h("button.quiet", { click: close }, "Back"),
      h(
        "button.solid",
        { autofocus: true, click: ({ currentTarget }) => runAction(currentTarget, generate, showError) },
        "Generate New Key",
      ),
    ),
  ]);

  async function generate() {
    const { secret, errors } = await generateKey(provider, Number(grace.value));
    if (secret) showSecret(dialog, secret, name, reload);
    else showError(errors[0]);
  }
}

function workingKeys({ apiKeys: keys }) {
  const now = new Date().toISOString();
  return keys
    .filter(({ expiresAt }) => !expiresAt || expiresAt > now)
    .sort((one, other) => other.createdAt.localeCompare(one.createdAt));
}

const endingKeysNote = (keys) =>
  h(
    "p.note",
    null,
    "At most two keys work at a time: ",
    keys.map(({ prefix }, place) => [place > 0 && ", ", h("code", null, `${prefix}…`)]),
    " stops working at once.",
  );

/** Shows a new key in the dialog, which Escape no longer closes: the key can't be shown a second time. */
function showSecret(dialog, secret, name, reload) {
  const field = h("textarea.secret", {
    id: "secret",
    rows: "2",
    readonly: true,
    value: secret,
    spellcheck: "false",
    focus: () => field.select(),
  });
  const status = h("span.visually-hidden", { role: "status" });
  const copyButton = h("button.quiet", { click: copySecret }, icon("copy"), h("span", null, "Copy"));
  dialog.ignoreEscape();
  dialog.setTitle(`Your new ${name} key`);
  dialog.setContent(
    h("label", { for: "secret" }, "API key"),
    field,
    status,
    h(
      "p.note",
      null,
      h("b", null, "You will not have access to it again once you click Done."),
      " Copy it now.",
    ),
    h(
      "p",
      null,
      `In ${name}, open `,
      h("b", null, "Company Settings, ATS Integrations"),
      ", choose Callboard, paste the key and save.",
    ),
    h("menu", null, copyButton, h("button.solid", { click: () => (dialog.close(), reload()) }, "Done")),
  );
  copyButton.focus();

  async function copySecret() {
    const isCopied = await copy(secret, field);
    fill(copyButton, icon(isCopied ? "check" : "cross"), h("span", null, isCopied ? "Copied" : "Not copied"));
    fill(status, isCopied ? "The key is copied." : "The key could not be copied, but it is selected.");
  }
}

function openRevokeDialog({ id, prefix }, name, reload) {
  const problem = h("p.problem", { role: "alert" });
  const showError = ({ message }) => fill(problem, message);
  const dialog = openDialog("Revoke this key?", ({ close }) => [
    h(
      "p",
      null,
      `${name} can no longer sign in with `,
      h("code", null, `${prefix}…`),
      ". This can't be undone, but you can generate a new key at any time.",
    ),
    problem,
    h(
      "menu",
      null,
      h("button.quiet", { autofocus: true, click: close }, "Keep the key"),
      h("button.solid.danger", { click: ({ currentTarget }) => runAction(currentTarget, revoke, showError) }, "Revoke"),
    ),
  ]);

  async function revoke() {
    const { errors } = (await ask(REVOKE, { id })).revokeApiKey;
    if (errors.length) return showError(errors[0]);
    dialog.close();
    announce("The key is revoked.");
    await reload();
  }
}
