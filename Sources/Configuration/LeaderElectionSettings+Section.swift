extension LeaderElectionSettings: Section {
    static var blank: Self { Self(lease: "") }

    static var keys: [Key<Self>] {
        [
            .text("lease", "the name of the Lease", \.lease, isRequired: true, parse: objectName),
            .optional(
                "namespace", "where the Lease is; the pod's namespace, if left out", \.namespace,
                parse: namespaceName),
            .optional(
                "identity", "who this is, for people; the host's name, if left out", \.identity,
                parse: holderName),
            .duration(
                "leaseDuration", "how long others wait after the last renewal that they saw",
                \.leaseDuration, .seconds(3)...(.seconds(600))),
            .duration(
                "renewDeadline", "how long the leader goes on after its last renewal",
                \.renewDeadline, .seconds(2)...(.seconds(600))),
            .duration(
                "retryPeriod", "how often the Lease is renewed, or looked at", \.retryPeriod,
                .milliseconds(500)...(.seconds(60))),
        ]
    }

    func check(_ node: Node, _ reader: Reader) {
        let whole = Duration.seconds(leaseDuration.components.seconds)
        if leaseDuration != whole {
            reader.error(
                .invalidValue, at: (node["leaseDuration"] ?? node).place,
                "leaseDuration is no whole number of seconds", hint: "a Lease knows no fractions")
        }
        if renewDeadline >= leaseDuration {
            reader.error(
                .conflict, at: (node["renewDeadline"] ?? node).place,
                "renewDeadline must be shorter than leaseDuration",
                hint: "the leader must stop before another may begin")
        }
        if retryPeriod * 2 >= renewDeadline {
            reader.error(
                .conflict, at: (node["retryPeriod"] ?? node).place,
                "retryPeriod must be shorter than half of renewDeadline",
                hint: "a renewal that fails once must not end a term")
        }
    }
}

extension Settings {
    /// Checks what leader election asks of the sources.
    func checkLeaderElection(_ node: Node, _ reader: Reader) {
        guard leaderElection != nil, let section = node["leaderElection"] else { return }
        let vcenters = sources.enumerated().filter { $0.element.vcenter != nil }
        if vcenters.isEmpty {
            reader.warning(
                .unused, at: section.place, "there is no vCenter to be read by a leader only",
                hint: "webhooks are served by every replica")
        }
        for (index, source) in vcenters where !isAnnotationName(source.name) {
            reader.error(
                .conflict, at: (node["sources"]?.items[index]["name"] ?? section).place,
                "with leaderElection, a vCenter's name begins and ends with a letter or digit",
                hint: "its checkpoint is kept in an annotation of that name")
        }
    }
}

private func isAnnotationName(_ name: String) -> Bool {
    !name.hasPrefix("-") && !name.hasSuffix("-")
}

private func holderName(_ text: String) throws(Complaint) -> String {
    guard 1...200 ~= text.utf8.count, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
        throw Complaint("\(quoted(text)) is not 1 to 200 visible characters")
    }
    return text
}
