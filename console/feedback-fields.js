/** The inputs of a feedback form: one for each type of field. */

import { fill, h } from "/console/element.js";

const YES_NO = ["Yes", "No"];
const CHOICES = { SCORE: "radio", YES_NO: "radio", MULTIPLE_SELECT: "checkbox" };

/**
 * The input for a field. Returns its `element`, `values()` as the API takes them, `showErrors(messages)` and `focus()`,
 * with the `id` of the first input and the `field`.
 */
export function answerField(field, initial) {
  const id = `field-${field.id}`;
  const description = field.description && h("p.faint", { id: `${id}-about` }, field.description);
  const problem = h("p.problem", { id: `${id}-problem` });
  const parts = { id, description, problem, label: fieldLabel(field), describedBy: describedBy(id, description) };
  const { element, values, inputs } = CHOICES[field.type]
    ? choiceField(field, initial, parts)
    : textField(field, initial, parts);
  const showErrors = (messages) => {
    fill(problem, messages.join(" "));
    for (const input of inputs)
      if (messages.length) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
  };
  const focus = () => (inputs.find(({ checked }) => checked) ?? inputs[0]).focus();
  return { id, field, element, values, showErrors, focus };
}

const fieldLabel = ({ label, required }) => [
  label,
  required && [h("span.must", { "aria-hidden": "true" }, " *"), h("span.visually-hidden", null, " (required)")],
];

const describedBy = (id, description) => [description && `${id}-about`, `${id}-problem`].filter(Boolean).join(" ");

function choiceField(field, initial, { id, label, description, problem, describedBy }) {
  const type = CHOICES[field.type];
  const options = field.options.length ? field.options : YES_NO;
  const inputs = options.map((value, place) =>
    h("input", { type, name: id, value, checked: initial.includes(value), id: place ? `${id}-${place}` : id }),
  );
  const isRadio = type === "radio";
  const element = h(
    `fieldset.${field.type === "SCORE" ? "score" : "choice"}`,
    {
      "aria-describedby": describedBy,
      role: isRadio ? "radiogroup" : undefined,
      "aria-required": isRadio && field.required ? "true" : undefined,
    },
    h("legend", null, label),
    description,
    h(
      "div.options",
      null,
      inputs.map((input) => h("label.option", null, input, h("span", null, input.value))),
    ),
    problem,
  );
  return { element, inputs, values: () => inputs.filter(({ checked }) => checked).map(({ value }) => value) };
}

function textField(field, initial, { id, label, description, problem, describedBy }) {
  const aria = { "aria-describedby": describedBy, "aria-required": field.required ? "true" : undefined };
  const input = INPUTS[field.type]({ id, ...aria }, field);
  input.value = initial[0] ?? "";
  const element = h("div.field", null, h("label", { for: id }, label), description, input, problem);
  return { element, inputs: [input], values: () => (input.value.trim() ? [input.value] : []) };
}

const INPUTS = {
  TEXT: (attributes) => h("input", { type: "text", maxlength: "500", ...attributes }),
  DATE: (attributes) => h("input", { type: "date", ...attributes }),
  CODE: (attributes) => h("textarea.code", { rows: "8", spellcheck: "false", ...attributes }),
  TEXTAREA: (attributes) => h("textarea", { rows: "5", ...attributes }),
  DROPDOWN: (attributes, { options }) =>
    h(
      "select",
      attributes,
      h("option", { value: "" }, "Choose…"),
      options.map((option) => h("option", { value: option }, option)),
    ),
};
