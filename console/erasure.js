/** Erasing a candidate: what is personal goes for good, so the dialog says so and asks for the name once more. */

import { ask } from "/console/client.js";
import { openDialog } from "/console/dialog.js";
import { fill, h } from "/console/element.js";
import { announce, runAction } from "/console/page.js";

const ERASE = `
  mutation Erase($id: ID!) { eraseCandidate(id: $id) { candidate { id erasedAt } errors { message } } }`;

/** Opens the dialog. `erased()` is called once it is done. */
export function openEraseDialog({ id, name }, erased) {
  const problem = h("p.problem", { role: "alert" });
  const showError = ({ message }) => fill(problem, message);
  const field = h("input", {
    id: "confirm-name",
    autocomplete: "off",
    "aria-describedby": "confirm-hint",
    autofocus: true,
  });
  const { close } = openDialog(`Erase ${name} for good?`, (controls) => [
    h(
      "p",
      null,
      "Name, emails, headline, notes and feedback answers are erased everywhere, interviews to come are called off, ",
      "and no sync or push brings anything back.",
    ),
    h("p.note", null, h("b", null, "This is final. Nobody can undo it.")),
    h("label", { for: "confirm-name" }, "Type the candidate's name to confirm"),
    field,
    h("p.faint", { id: "confirm-hint" }, name),
    problem,
    h(
      "menu",
      null,
      h("button.quiet", { click: controls.close }, "Keep the candidate"),
      h("button.solid.danger", { click: ({ currentTarget }) => runAction(currentTarget, erase, showError) }, "Erase for good"),
    ),
  ]);

  async function erase() {
    if (field.value.trim() !== name.trim()) {
      field.focus();
      return showError({ message: "This isn't the candidate's name." });
    }
    const { errors } = (await ask(ERASE, { id })).eraseCandidate;
    if (errors.length) return showError(errors[0]);
    close();
    await erased();
    announce("The candidate is erased.");
  }
}
