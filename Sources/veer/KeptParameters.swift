import Admin
import CloudEvents
import Journal

/// The parameters of calls and commands that choose kept events.
enum KeptParameters {
    /// Those that choose events.
    static let filter: Set = [
        "sink", "code", "origin", "type", "source", "subject", "id", "since", "until",
    ]
    /// Those that choose a part of them.
    static let part: Set = ["after", "through", "limit"]

    /// What is asked for.
    static func query(
        _ kind: KeptKind, _ request: AdminRequest, limit: Int
    ) throws(AdminRefusal) -> KeptQuery {
        var query = KeptQuery(kind)
        let parameters = request.parameters
        query.filter.sink = parameters["sink"]
        query.filter.code = parameters["code"]
        query.filter.origin = parameters["origin"]
        query.filter.type = parameters["type"].map { TextPattern($0) }
        query.filter.source = parameters["source"].map { TextPattern($0) }
        query.filter.subject = parameters["subject"].map { TextPattern($0) }
        query.filter.id = parameters["id"]
        query.filter.since = try time("since", parameters)
        query.filter.until = try time("until", parameters)
        guard kind == .dead || query.filter.sink ?? query.filter.code == nil else {
            throw .parameter("sink and code", "they are of dead letters only")
        }
        query.after = try request.integer("after", in: 0...SequenceNumber.max) ?? 0
        query.through = try request.integer("through", in: 0...SequenceNumber.max) ?? .max
        let most = Int64(KeptRequest.eventsLimit)
        query.limit = Int(try request.integer("limit", in: 1...most) ?? Int64(limit))
        return query
    }

    private static func time(
        _ name: String, _ parameters: [String: String]
    ) throws(AdminRefusal) -> Int64? {
        guard let text = parameters[name] else { return nil }
        guard let time = time(text, now: .now) else {
            throw .parameter(name, "a time such as 2026-01-02T03:04:05Z, or 90m for so long ago")
        }
        return time
    }

    /// Milliseconds since 1970 of a timestamp, or of so many `s`, `m`, `h` or `d` ago.
    static func time(_ text: String, now: Timestamp) -> Int64? {
        if let timestamp = Timestamp(Array(text.utf8).span) { return timestamp.milliseconds }
        let seconds: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let unit = text.last.flatMap({ seconds[$0] }), let count = Int64(text.dropLast()),
            0...1_000_000 ~= count
        else { return nil }
        return now.milliseconds - count * unit * 1_000
    }
}

extension Timestamp {
    fileprivate var milliseconds: Int64 { seconds * 1_000 + Int64(nanoseconds / 1_000_000) }
}
