"""The command line of a Callboard whose catalogue has one more entry: all that a second scheduler takes."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).parent.parent)

from models import IntegrationProvider  # noqa: E402 - found in the folder above
from resolvers.integrations import CATALOGUE, CatalogueEntry, IntegrationSection  # noqa: E402

# What one more line of the enum does.
OTHER = object.__new__(IntegrationProvider)
OTHER._name_ = OTHER._value_ = "OTHER"
IntegrationProvider._member_names_.append("OTHER")
IntegrationProvider._member_map_["OTHER"] = IntegrationProvider._value2member_map_["OTHER"] = OTHER

CATALOGUE[OTHER] = CatalogueEntry(
    name="Other",
    section=IntegrationSection.SCHEDULING,
    description="Schedule interviews in Other and see them here.",
    permissions=("Create, update and cancel interview panels",),
    link_base=lambda _: "https://other.example",
    link_template="/schedule/{candidate}?to={email}",
)

if __name__ == "__main__":
    import server

    server.main()
