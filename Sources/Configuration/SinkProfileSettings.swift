/// A sink that wants to be asked before it's sent anything.
///
/// Spec: CloudEvents Webhook §4
public struct SinkWebhookSettings: Sendable, Equatable {
    /// The name of the system that sends, as a DNS name.
    public var origin = ""
    /// How many requests a minute are asked for; 0 asks for no rate.
    public var rate = 0
    /// How long a permission is good, before it's asked for again.
    public var validity = Duration.seconds(86_400)

    /// Settings without a name yet.
    public init() {}
}

/// How many events go in one request.
public struct BatchSettings: Sendable, Equatable {
    /// The most events.
    public var events = 100
    /// The most bytes of events, as Veer holds them; one larger event goes alone.
    public var bytes = 256 * 1024

    /// The defaults.
    public init() {}
}

/// How many retries a sink gets beside the first attempts, as long as it isn't down.
public struct RetryBudgetSettings: Sendable, Equatable {
    /// Retries for a hundred first attempts.
    public var percent = 20
    /// Retries a second that are always possible, so that little traffic is retried, too.
    public var perSecond = 10

    /// The defaults.
    public init() {}
}

extension SinkWebhookSettings: Section {
    static var blank: Self { Self() }

    static var keys: [Key<Self>] {
        [
            .text(
                "origin", "the name of the system that sends", \.origin, isRequired: true,
                parse: dnsName),
            .count("rate", "requests a minute to ask for; 0 asks for none", \.rate, 0...1_000_000),
            .duration(
                "validity", "how long a permission is good", \.validity,
                .seconds(1)...Duration.seconds(2_592_000)),
        ]
    }
}

extension BatchSettings: Section {
    static var blank: Self { Self() }

    static var keys: [Key<Self>] {
        [
            .count("events", "the most events of a request", \.events, 1...10_000),
            .bytes("bytes", "the most bytes of events of a request", \.bytes, 1 << 10...64 << 20),
        ]
    }
}

extension RetryBudgetSettings: Section {
    static var blank: Self { Self() }

    static var keys: [Key<Self>] {
        [
            .count("percent", "retries for a hundred first attempts", \.percent, 0...10_000),
            .count(
                "perSecond", "retries a second that are always possible", \.perSecond,
                1...1_000_000),
        ]
    }
}

/// Reads the name of a system: labels of letters, digits and `-`, with dots between them.
///
/// Spec: RFC 1035 §2.3.1
private func dnsName(_ text: String) throws(Complaint) -> String {
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    let isName = labels.allSatisfy { label in
        1...63 ~= label.utf8.count && !label.hasPrefix("-") && !label.hasSuffix("-")
            && label.utf8.allSatisfy { $0.isLetterOrDigit || $0 == UInt8(ascii: "-") }
    }
    guard isName, text.utf8.count <= 253 else {
        throw Complaint(
            "\(quoted(text)) is not a name of a system", hint: "write it like events.example.com")
    }
    return text.lowercased()
}

/// Reads the attribute whose value says which events keep their order.
///
/// Spec: CloudEvents §3.1
func orderingAttribute(_ text: String) throws(Complaint) -> String {
    let isName =
        1...20 ~= text.utf8.count && text.utf8.allSatisfy { $0.isDigit || 0x61...0x7A ~= $0 }
    guard isName, text != "data" else {
        throw Complaint(
            "\(quoted(text)) is no attribute of an event",
            hint: "write partitionkey, subject, source, or another attribute")
    }
    return text
}
