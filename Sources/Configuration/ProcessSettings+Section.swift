extension JournalSettings: Section {
    static var blank: Self { Self() }

    static var keys: [Key<Self>] {
        [
            .text(
                "path", "the directory that holds the journal; nobody else's", \.path,
                parse: filePath),
            .choice(
                "mode", "what a success tells the sender: stored, or taken by every sink", \.mode),
            .bytes(
                "bytesLimit", "the most that the journal may take on disk", \.bytesLimit,
                1 << 20...1 << 50),
            .duration(
                "keepDelivered", "how long delivered events are kept", \.keepDelivered,
                .zero...Duration.seconds(3650 * 86_400)),
            .duration(
                "keepUnrouted", "how long events that no route wants are kept", \.keepUnrouted,
                .zero...Duration.seconds(3650 * 86_400)),
            .bytes(
                "historyBytesLimit", "the most that delivered and unrouted events may take",
                \.historyBytesLimit, 1 << 20...1 << 50),
            .duration(
                "keepDeadLetters", "how long dead letters are kept; 0s keeps them for good",
                \.keepDeadLetters, .zero...Duration.seconds(3650 * 86_400)),
            .bytes(
                "queueBytes", "the most bytes of events that may wait to be stored",
                \.queueBytes, 1 << 20...1 << 34),
            .count(
                "queueRequests", "the most requests that may wait to be stored", \.queueRequests,
                1...1_000_000),
        ]
    }

    func check(_ node: Node, _ reader: Reader) {
        guard mode == .memory else { return }
        for key in ["keepDelivered", "keepUnrouted", "historyBytesLimit", "keepDeadLetters"] {
            guard let entry = node.entry(key) else { continue }
            reader.warning(
                .ignored, at: entry.keyPlace, "a journal in memory keeps nothing",
                hint: "remove '\(key)', or write mode: durable")
        }
    }
}

extension AdminSettings: Section {
    static var blank: Self { Self() }

    static var keys: [Key<Self>] {
        [
            .address("address", "where operators are served", \.address),
            .control("the socket in the file system that takes changes, or off", \.control),
            .auth("any one that succeeds lets a request in; left out, everyone is let in", \.auth),
        ]
    }

    func check(_ node: Node, _ reader: Reader) {
        for entry in reader.authEntries("clientCertificate", in: node) {
            reader.error(
                .conflict, at: entry.keyPlace, "this listener asks for no client certificates",
                hint: "use basic")
        }
        for entry in reader.authEntries("jwt", in: node) {
            reader.error(
                .conflict, at: entry.keyPlace, "this listener has no keys of issuers",
                hint: "use basic or bearer")
        }
    }
}

extension LogSettings: Section {
    static var blank: Self { Self() }

    static var keys: [Key<Self>] {
        [
            .choice("level", "the least grave that is logged", \.level),
            .choice("format", "how a line looks", \.format),
        ]
    }
}

extension ShutdownSettings: Section {
    static var blank: Self { Self() }

    static var keys: [Key<Self>] {
        let hour = Duration.seconds(3600)
        return [
            .duration(
                "delay", "how long listeners stay open after readiness was withdrawn", \.delay,
                .zero...hour),
            .duration(
                "timeout", "how long open requests and deliveries may take to end", \.timeout,
                .zero...hour),
        ]
    }
}
