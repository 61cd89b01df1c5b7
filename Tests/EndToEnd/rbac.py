"""Who may do what in a cluster: Roles as the API server understands them, and which were used."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Access:
    """What somebody wants to do."""

    verb: str
    group: str
    resource: str
    """With its part, as in `serviceaccounts/token`."""
    namespace: str
    name: str = ""
    """Empty where a whole collection is meant."""


@dataclasses.dataclass(frozen=True)
class Grant:
    """One thing that a rule of a Role allows; its name is empty where it allows all names."""

    role: str
    verb: str
    group: str
    resource: str
    name: str


class Roles:
    """The Roles and their bindings of a cluster, and the grants that were needed so far."""

    def __init__(self):
        self._roles = {}
        self._bindings = []
        self.used = set()
        self.denied = []

    def add(self, manifest):
        """Takes a Role, a ClusterRole or a binding of one; tells whether it was one."""
        metadata = manifest["metadata"]
        namespace = metadata.get("namespace", "")
        match manifest["kind"]:
            case "Role" | "ClusterRole":
                self._roles[manifest["kind"], namespace, metadata["name"]] = manifest["rules"]
            case "RoleBinding" | "ClusterRoleBinding":
                subjects = {
                    f"system:serviceaccount:{subject['namespace']}:{subject['name']}"
                    for subject in manifest["subjects"] if subject["kind"] == "ServiceAccount"
                }
                self._bindings.append((namespace, manifest["roleRef"], subjects))
            case _:
                return False
        return True

    def allows(self, subject, access):
        """Whether somebody may, and remembers which grant said so, or that none did."""
        for role, rules in self._roles_of(subject, access.namespace):
            for rule in rules:
                for grant in grants(role, rule):
                    if covers(grant, access):
                        self.used.add(grant)
                        return True
        self.denied.append((subject, access))
        return False

    def unused(self):
        """All that is granted to anybody and was never needed."""
        granted = {
            grant for (_, _, role), rules in self._roles.items() for rule in rules
            for grant in grants(role, rule)
        }
        return granted - self.used

    def _roles_of(self, subject, namespace):
        for place, reference, subjects in self._bindings:
            if subject not in subjects or place not in ("", namespace):
                continue
            kind, name = reference["kind"], reference["name"]
            rules = self._roles.get((kind, place if kind == "Role" else "", name))
            if rules is not None:
                yield name, rules


def grants(role, rule):
    """What a rule allows, one by one."""
    return [
        Grant(role, verb, group, resource, name)
        for verb in rule["verbs"] for group in rule["apiGroups"]
        for resource in rule["resources"] for name in rule.get("resourceNames", [""])
    ]


def covers(grant, access):
    """Whether a grant allows an access.

    A list or watch is of one name where its field selector says so, and only then.
    """
    return (
        grant.verb in ("*", access.verb) and grant.group in ("*", access.group)
        and grant.resource in ("*", access.resource) and grant.name in ("", access.name))
