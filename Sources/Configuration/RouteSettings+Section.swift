extension RouteSettings: Section {
    static var blank: Self { Self(name: "", sources: [], sinks: []) }

    static var keys: [Key<Self>] {
        [
            .name("its name in logs and metrics", \.name),
            .names("from", "the names of its sources; all, if left out") { route, settings in
                route.sources.map { settings.sources[$0].name }
            },
            .filters("filters", "which events it takes; all, if left out", \.filter),
            .names("to", "the names of its sinks", isRequired: true) { route, settings in
                route.sinks.map { settings.sinks[$0].name }
            },
            .section("delivery", "how hard to try", \.delivery),
        ]
    }
}

extension DeliverySettings: Section {
    static var blank: Self { Self() }

    static var keys: [Key<Self>] {
        let day = Duration.seconds(86_400)
        return [
            .count("retry", "retries after the first attempt", \.retry, 0...1_000),
            .choice("backoffPolicy", "how the waits grow", \.backoffPolicy),
            .duration(
                "backoffDelay", "the first wait", \.backoffDelay, .milliseconds(1)...day),
            .duration(
                "backoffDelayMax", "the longest wait that a back-off asks for",
                \.backoffDelayMax, .milliseconds(1)...day),
            .choice("jitter", "how far waits are spread", \.jitter),
            .duration(
                "maxAge", "how old an event must be, besides, to be given up; 0s: any age",
                \.maxAge, .zero...(day * 30)),
            .statuses("statuses", "what certain statuses come to", \.statuses),
            .duration("timeout", "for one request", \.timeout, .milliseconds(10)...day),
            .duration(
                "retryAfterMax", "the longest wait that Retry-After can ask for; 0s ignores it",
                \.retryAfterMax, .zero...day),
            .deadLetterSink("the name of the sink that gets what another gives up"),
        ]
    }

    func check(_ node: Node, _ reader: Reader) {
        guard backoffDelay > backoffDelayMax else { return }
        let place = (node["backoffDelay"] ?? node["backoffDelayMax"] ?? node).place
        reader.error(
            .conflict, at: place,
            "backoffDelay (\(durationText(backoffDelay))) is longer than backoffDelayMax"
                + " (\(durationText(backoffDelayMax)))")
    }
}
