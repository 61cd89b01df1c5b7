extension SNSSettings: Section {
    static var blank: Self { Self() }

    static var keys: [Key<Self>] {
        [
            .values(
                "topics", "the topics' names; one that ends with * is for all that begin so",
                \.topics, count: 1...1_000, item: [("type", .text("string"))],
                parse: topic, show: { $0 }),
            .choice(
                "confirmation", "what becomes of a topic that asks whether it may send",
                \.confirmation),
            .path(
                "certificate",
                "a PEM file with the only certificates that count; fetched, if left out",
                \.certificate),
            .values(
                "hosts", "hosts to trust as Amazon's own, with a port where it isn't 443",
                \.hosts, count: 0...100, item: [("type", .text("string"))],
                parse: trustedHost, show: { $0 }),
            .path("ca", "a PEM file with the only authorities to trust at these hosts", \.ca),
        ]
    }
}

/// Reads a topic's name; what a star stands for is a part of the topic's own name, so that nobody
/// lets in whoever has an account.
private func topic(_ text: String) throws(Complaint) -> String {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let isName =
        parts.count == 6 && parts[0] == "arn" && parts[2] == "sns"
        && parts.dropFirst().allSatisfy { !$0.isEmpty }
        && text.utf8.allSatisfy { 0x21...0x7E ~= $0 } && text.utf8.count <= 512
        && !text.dropLast().contains("*")
    guard isName else {
        throw Complaint(
            "\(quoted(text)) is not a topic's name",
            hint: "write it like arn:aws:sns:eu-west-1:123456789012:alarms")
    }
    return text
}

/// Reads a host's name, or an IPv4 address, with or without a port.
func trustedHost(_ text: String) throws(Complaint) -> String {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let isHost =
        parts[0].utf8.count <= 253
        && parts[0].split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            1...63 ~= label.utf8.count
                && label.utf8.allSatisfy { $0.isLetterOrDigit || $0 == UInt8(ascii: "-") }
        }
    let isPort = parts.count == 1 || parts.count == 2 && (1...65_535).contains(Int(parts[1]) ?? 0)
    guard isHost, isPort else {
        throw Complaint(
            "\(quoted(text)) is not a host", hint: "write it like sns.example.com or host:8443")
    }
    return text.lowercased()
}
