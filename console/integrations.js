/** Settings, Integrations: the partner integrations, what each is permitted to do, and the switch. */

import { apiKeySection } from "/console/api-keys.js";
import { ask } from "/console/client.js";
import { openDialog } from "/console/dialog.js";
import { h, icon, swap } from "/console/element.js";
import { HEALTH, aDayAgo, healthSection, isWaiting, showRefused } from "/console/integration-health.js";
import { announce, emptyState, runAction } from "/console/page.js";
import { moment } from "/console/times.js";

const LIST = `${HEALTH}
  query Integrations($withKeys: Boolean!, $since: DateTime!) {
    integrations {
      id provider name section description permissions preferred enabled enabledAt enabledBy { id name }
      ...Health
      apiKeys @include(if: $withKeys) { id prefix createdAt lastUsedAt expiresAt createdBy { id name } }
    }
  }`;

const SWITCH = `
  mutation Switch($provider: IntegrationProvider!, $enabled: Boolean!) {
    setIntegrationEnabled(provider: $provider, enabled: $enabled) { integration { id enabled } errors { message } }
  }`;

const PREFER = `
  mutation Prefer($provider: IntegrationProvider!) {
    preferIntegration(provider: $provider) { integration { id preferred } errors { message } }
  }`;

const SECONDS_BETWEEN = { waiting: 5, connected: 60 };

const TABS = [
  ["", "Partner Integrations"],
  ["refused", "Refused pushes"],
];

const SECTIONS = { SCHEDULING: "Scheduling" };

export default function show(page) {
  page.showHeading("Integrations", { parent: h("p.trail", null, "Settings") });
  if (page.viewer.role !== "INTERVIEWER") return showTab(page);
  page.show(
    emptyState(
      "lock",
      "Not available to Interviewers",
      "Super Admins manage the integrations of your account. Ask one of them to connect an application.",
    ),
  );
}

function showTab(page) {
  const current = new URLSearchParams(location.search).get("tab") === "refused" ? "refused" : "";
  const link = ([tab, label]) => {
    const href = `/settings/integrations${tab && `?tab=${tab}`}`;
    return h("li", null, h("a", { href, "aria-current": tab === current && "page" }, label));
  };
  page.heading.closest(".head").after(h("ul.views", { "aria-label": "Integrations" }, TABS.map(link)));
  if (current) showRefused(page, sectionHead);
  else new Integrations(page).show();
}

const sectionHead = (title, lead) => h("div", null, h("h2", { id: "partners" }, title), h("p.faint", null, lead));

class Integrations {
  rows = new Map();

  constructor(page) {
    this.page = page;
    this.isSuperAdmin = page.viewer.role === "SUPER_ADMIN";
  }

  show() {
    this.page.load(
      () => ask(LIST, { withKeys: this.isSuperAdmin, since: aDayAgo() }),
      ({ integrations }) => (this.draw(integrations), this.lookAgain()),
    );
    this.page.on("integration", () => this.page.reload());
  }

  /** No change is told of a call or of a refusal, so the rows are read again: soon while a first call is awaited. */
  lookAgain() {
    const isFirstAwaited = [...this.rows.values()].some(({ integration }) => isWaiting(integration));
    clearTimeout(this.timer);
    const seconds = SECONDS_BETWEEN[isFirstAwaited ? "waiting" : "connected"];
    this.timer = setTimeout(async () => {
      if (this.page.signal.aborted) return;
      if (!document.hidden) await this.page.reload();
      this.lookAgain();
    }, seconds * 1000);
  }

  draw(integrations) {
    this.areSeveral = integrations.length > 1;
    if (this.rows.size) return integrations.forEach((integration) => this.updateRow(integration));
    const sections = [...new Set(integrations.map(({ section }) => section))];
    this.page.show(
      h(
        "section.section.partners",
        { "aria-labelledby": "partners" },
        sectionHead("Partner Integrations", "Applications that work with Callboard."),
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
    const element = integrationRow(integration, this, () => this.page.reload());
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

function integrationRow(integration, { isSuperAdmin, areSeveral }, reload) {
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
    h(
      "div.inside",
      null,
      permissionList(integration),
      enabled && healthSection(integration),
      enabled && areSeveral && preference(integration, isSuperAdmin, reload),
      enabled && isSuperAdmin && apiKeySection(integration, reload),
      enabled && !isSuperAdmin && h("p.faint", null, "Only Super Admins can see the keys."),
    ),
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

const permissionList = ({ name, permissions, enabled }) =>
  h(
    "div",
    null,
    h("h5", null, enabled ? `${name} can` : `Once it is on, ${name} can`),
    h(
      "ul.ticks",
      null,
      permissions.map((permission) => h("li", null, icon("check"), permission)),
    ),
  );

/** Which of several schedulers the Schedule buttons open. */
function preference({ provider, name, preferred }, isSuperAdmin, reload) {
  const prefer = async () => {
    const { errors } = (await ask(PREFER, { provider })).preferIntegration;
    announce(errors.length ? errors[0].message : `Schedule buttons open ${name} now.`);
    await reload();
  };
  const click = ({ currentTarget }) => runAction(currentTarget, prefer);
  return h(
    "div.between",
    null,
    h("p", null, preferred ? "Schedule buttons open it while it is on." : "Schedule buttons may open another scheduler."),
    isSuperAdmin &&
      !preferred &&
      h("button.quiet.small", { click, "data-focus": `prefer-${provider}` }, "Open it from Schedule buttons"),
  );
}

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
