/** The viewer's preferences: the time zone and the clock in which times are shown. Kept in this browser. */

import { openDialog } from "/console/dialog.js";
import { h } from "/console/element.js";
import { browserZone, chosenTimes, chooseTimes, moment } from "/console/times.js";

const CLOCKS = [
  ["", "As the browser's language has it"],
  ["12", "12 hours: 2:30 pm"],
  ["24", "24 hours: 14:30"],
];

/** Opens the dialog. `changed()` is called once another zone or clock was chosen. */
export function openPreferences(changed) {
  const chosen = chosenTimes();
  const zones = Intl.supportedValuesOf("timeZone").map((zone) => [zone, zone.replaceAll("_", " ")]);
  const zone = select("zone", [["", `As this device has it (${browserZone.replaceAll("_", " ")})`], ...zones], chosen.zone);
  const clock = select("clock", CLOCKS, chosen.clock);
  const sample = h("p.faint", { role: "status" });
  const show = () => {
    chooseTimes({ zone: zone.value, clock: clock.value });
    sample.textContent = `Now it is ${moment(Date.now())}.`;
    changed();
  };
  openDialog("Times", ({ close }) => [
    h("p", null, "All times are shown in this zone and by this clock, in this browser."),
    h("label", { for: "zone" }, "Time zone"),
    zone,
    h("label", { for: "clock" }, "Clock"),
    clock,
    sample,
    h("menu", null, h("button.solid", { click: close }, "Done")),
  ]);
  for (const picker of [zone, clock]) picker.addEventListener("change", show);
}

function select(id, choices, value = "") {
  const picker = h(
    "select",
    { id },
    choices.map(([value, label]) => h("option", { value }, label)),
  );
  picker.value = value;
  return picker;
}
