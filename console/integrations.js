/** Settings, Integrations: the partner integrations, what each is permitted to do, and the switch. */

import { apiKeySection } from "/console/api-keys.js";
import { ask } from "/console/client.js";
import { openDialog } from "/console/dialog.js";
import { h, icon, swap } from "/console/element.js";
import { announce, emptyState, runAction } from "/console/page.js";
import { moment } from "/console/times.js";

const LIST = `
  query Integrations($withKeys: Boolean!) {
    integrations {
      id provider name section description permissions enabled enabledAt enabledBy { id name }
      apiKeys @include(if: $withKeys) { id prefix createdAt lastUsedAt expiresAt createdBy { id name } }
    }
  }`;

const SWITCH = `
  mutation Switch($provider: IntegrationProvider!, $enabled: Boolean!) {
    setIntegrationEnabled(provider: $provider, enabled: $enabled) { integration { id enabled } errors { message } }
  }`;

const SECTIONS = { SCHEDULING: "Scheduling" };

export default function show(page) {
  page.showHeading("Integrations", { parent: h("p.trail", null, "Settings") });
  if (page.viewer.role !== "INTERVIEWER") return new Integrations(page).show();
  page.show(
    emptyState(
      "lock",
      "Not available to Interviewers",
      "Super Admins manage the integrations of your account. Ask one of them to connect an application.",
    ),
  );
}

class Integrations {
  rows = new Map();

  constructor(page) {
    this.page = page;
    this.isSuperAdmin = page.viewer.role === "SUPER_ADMIN";
  }

  show() {
    this.page.load(
      () => ask(LIST, { withKeys: this.isSuperAdmin }),
      ({ integrations }) => this.draw(integrations),
    );
    this.page.on("integration", () => this.page.reload());
  }

  draw(integrations) {
    if (this.rows.size) return integrations.forEach((integration) => this.updateRow(integration));
    const sections = [...new Set(integrations.map(({ section }) => section))];
    this.page.show(
      h(
        "section.section.partners",
        { "aria-labelledby": "partners" },
        h("h2", { id: "partners" }, "Partner Integrations"),
        h("p.faint", null, "Applications that work with Callboard."),
        !this.isSuperAdmin && readOnlyNote(),
        sections.map((section) =>
          h(
            "section",
            { "aria-labelledby": section },
            h("h3", { id: section }, SECTIONS[section] ?? section),
            h(
              "div.cards",
              null,
              integrations.filter((entry) => entry.section === section).map((entry) => this.addRow(entry)),
            ),
          ),
        ),
      ),
    );
  }

  addRow(integration) {
    const element = integrationRow(integration, this.isSuperAdmin, () => this.page.reload());
    this.rows.set(integration.id, { integration, element });
    return element;
  }

  updateRow(integration) {
    const old = this.rows.get(integration.id);
    if (JSON.stringify(old.integration) === JSON.stringify(integration)) return;
    swap(old.element, this.addRow(integration));
    if (old.integration.enabled !== integration.enabled)
      announce(h("b", null, integration.name), integration.enabled ? " is on." : " is off.");
  }
}

const readOnlyNote = () =>
  h(
    "p.note.calm",
    null,
    icon("lock"),
    " Only Super Admins can switch integrations and see their keys. You can see which ones are on.",
  );

function integrationRow(integration, isSuperAdmin, reload) {
  const { provider, name, enabled } = integration;
  const titleId = `name-${provider}`;
  const toggle = h(
    "button.toggle",
    {
      role: "switch",
      "aria-checked": String(enabled),
      "aria-labelledby": titleId,
      "data-focus": "toggle",
      disabled: !isSuperAdmin,
      click: () => runAction(toggle, () => switchIntegration(integration, reload)),
    },
    h("span.knob"),
  );
  return h(
    "article.card.integration",
    { "aria-labelledby": titleId },
    h(
      "header",
      null,
      h("span.logo", { "aria-hidden": "true" }, name[0]),
      integrationTitle(integration, titleId),
      h("span.state", null, enabled ? "On" : "Off"),
      toggle,
    ),
    enabled && h("div.inside", null, permissionList(integration), isSuperAdmin && apiKeySection(integration, reload)),
    enabled && !isSuperAdmin && h("p.faint.inside", null, "Only Super Admins can see the keys."),
  );
}

const integrationTitle = ({ name, description, enabled, enabledAt, enabledBy }, id) =>
  h(
    "div",
    null,
    h("h4", { id }, name),
    h("p", null, description),
    enabled && enabledAt && h("p.faint", null, `On since ${moment(enabledAt)}`, enabledBy && `, by ${enabledBy.name}`),
  );

const permissionList = ({ name, permissions }) =>
  h(
    "div",
    null,
    h("h5", null, `${name} can`),
    h(
      "ul.ticks",
      null,
      permissions.map((permission) => h("li", null, icon("check"), permission)),
    ),
  );

async function switchIntegration({ provider, name, enabled, apiKeys }, reload) {
  if (enabled && apiKeys.length && !(await confirmSwitchingOff(name))) return;
  const { errors } = (await ask(SWITCH, { provider, enabled: !enabled })).setIntegrationEnabled;
  if (errors.length) announce(errors[0].message);
  await reload();
}

const confirmSwitchingOff = (name) =>
  new Promise((resolve) => {
    openDialog(
      `Switch ${name} off?`,
      ({ close }) => [
        h(
          "p",
          null,
          "Its API keys stop working until it is on again, and Schedule buttons open the ATS's own scheduler. ",
          "Interviews that are on profiles stay there.",
        ),
        h(
          "menu",
          null,
          h("button.quiet", { autofocus: true, click: () => (close(), resolve(false)) }, "Keep it on"),
          h("button.solid.danger", { click: () => (close(), resolve(true)) }, "Switch off"),
        ),
      ],
      { closed: () => resolve(false) },
    );
  });
