/** When an interview is: on the viewer's clock, and on the panel's where that shows another time. */

import { h } from "/console/element.js";
import { date, differs, span, zoneName } from "/console/times.js";

/** `heading` is an instant of the day that is named above; an interview of another day names its own. */
export function whenCell({ startsAt, endsAt, timezone }, heading) {
  const place = timezone.split("/").at(-1).replaceAll("_", " ");
  return h(
    "div.when",
    null,
    date(startsAt) !== date(heading) && h("b", null, date(startsAt)),
    h("time", { datetime: startsAt }, span(startsAt, endsAt)),
    h("small", null, zoneName(startsAt)),
    differs(startsAt, timezone) &&
      h(
        "small.there",
        { title: timezone },
        date(startsAt, timezone) !== date(startsAt) && h("span", null, date(startsAt, timezone)),
        h("span", null, span(startsAt, endsAt, timezone)),
        h("span", null, `${zoneName(startsAt, timezone)} · ${place}`),
      ),
  );
}
