# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the recording does not fix: values that depend on ids drawn at random by the server, on
objects that only the recorded workspace had, or on writes between two recorded exchanges."""
import re

# The page's order follows ids that the server drew at random: the rows themselves are free.
ID_ORDER = {
    "list-default", "list-limit-3", "list-order-default-nulls", "list-limit-200", "list-limit-1000",
    "list-limit-float", "list-filter-is-null", "list-filter-is-not-null", "list-filter-like",
    "list-filter-ilike", "list-filter-startsWith", "http-accept-gzip", "oauth-rest-read",
}
# Lists of the whole data model: the look-alike has fewer standard objects.
DATA_MODEL = {"meta-objects-list", "rate-metadata-not-limited", "newmeta-objects-list",
              "newmeta-fields-list", "fields-list-filter"}
# Pages over rows of which the recording shows only some; pairs are found by these keys.
ANY_ORDER = {
    "list-filter-in": lambda row: row["name"], "group-by": lambda row: str(row),
    "ledger-read-back": lambda row: row["node"]["id"],
    "batch-one-id-exists-check": lambda row: row["name"], "delete-many-no-filter-check": lambda row: row["name"],
    "record-hard-deleted-rows": lambda row: row["node"]["id"],
}
# A field of the data model has these keys only where they have a value.
OPTIONAL = {"description", "icon", "shortcut", "defaultValue", "settings", "imageIdentifierFieldMetadataId"}
PLACE = re.compile(r"\[\d+\]")


class Rules:
    def __init__(self, name, positions_known):
        self.name = name
        self.positions_known = positions_known
        self.model = name.startswith(("meta-", "newmeta-", "relation-", "rate-metadata", "fields-list"))
        by_name = (lambda row: row.get("name")) if self.model else (lambda row: str(row.get("groupByDimensionValues")))
        self.order_key = ANY_ORDER.get(name, by_name)

    def free(self, path):
        """The value is free; its type is not."""
        key = path.rsplit(".", 1)[-1]
        if key.endswith("niversalIdentifier") or key in ("applicationId", "metadataVersion"):
            return True
        if ".currentWorkspace." in path and key in ("displayName", "subdomain"):
            return True  # its owner's choice
        if key == "position" and not self.positions_known:
            return True
        if self.name in ID_ORDER and re.search(r"\.(data\.\w+\[|pageInfo\.\w+Cursor)", path):
            return True
        if self.name in ANY_ORDER and ".pageInfo." in path:
            return True
        return self.name in DATA_MODEL

    def free_time(self, path):
        """Members and data model were not made by recorded requests alone."""
        return self.model or "workspaceMember" in path or ".timelineActivities" in path

    def may_be_either(self, path, recorded, given):
        """A free row may have null where the recorded one had a value."""
        return (self.name in ID_ORDER and re.search(r"\.data\.\w+\[", path) is not None
                and (recorded is None or given is None)) or \
            (self.name in DATA_MODEL and (recorded is None or given is None or "defaultValue" in path))

    def optional(self, path, key):
        if self.name in ID_ORDER and "ursor" in path:
            return False
        if self.name in DATA_MODEL and ("settings" in path or "defaultValue" in path):
            return True
        return self.name in DATA_MODEL and key in OPTIONAL

    def any_length(self, path):
        return self.name in DATA_MODEL

    def any_order(self, path):
        if "GroupBy" in path and PLACE.sub("", path).endswith("GroupBy"):
            return True
        if self.name not in ANY_ORDER:
            return self.model and path.endswith(".fields")
        return not path.endswith("groupByDimensionValues")
