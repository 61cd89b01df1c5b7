internal import CloudEvents

/// How far a vCenter's events were read, as the journal keeps it.
///
/// A text of lines, so that operators can read it: a version, then words and numbers.
struct Checkpoint: Equatable, Sendable {
    var seen: SeenEvents

    init(_ seen: SeenEvents) { self.seen = seen }

    private static let header = "vcenter 1"

    /// Reads a checkpoint.
    ///
    /// - Returns: nothing if it isn't one, or one of a later version.
    init?(text: String) {
        var lines = text.split(separator: "\n")[...]
        guard lines.popFirst() == Self.header[...] else { return nil }
        var since: Timestamp?
        var lastKey: Int32?
        var keysSince = Int64.min
        var recent: [SeenEvents.Identity] = []
        for line in lines {
            let words = line.split(separator: " ")
            switch (words.first, words.count) {
            case ("since", 2): since = Timestamp(Array(words[1].utf8).span)
            case ("last", 2): lastKey = Int32(words[1])
            case ("keys", 2): keysSince = Int64(words[1]) ?? .min
            case ("seen", 3), ("+", 3):
                guard let key = Int32(words[1]), let time = Int64(words[2]) else { return nil }
                let base = words[0] == "+" ? recent.last : nil
                recent.append(
                    .init(
                        key: (base?.key ?? 0) &+ key,
                        microseconds: (base?.microseconds ?? 0) &+ time))
            default: return nil
            }
        }
        guard let since, recent.count <= 2 * SeenEvents.recentLimit else { return nil }
        seen = SeenEvents(
            since: since, lastKey: lastKey, keysSince: keysSince, recent: recent)
    }

    /// The text of at most so many octets.
    ///
    /// Where it isn't short enough, events are told by what they differ in from the one before: a
    /// third of the octets. What has no room then is forgotten from the oldest event on: such an
    /// event is read again rather than passed over.
    func text(bytes limit: Int) -> String {
        let whole = text
        guard whole.utf8.count > limit else { return whole }
        var bytes = head.utf8.count
        var first = ""
        var steps: [String] = []
        for (place, event) in seen.recent.enumerated().reversed() {
            let line = Self.line(event)
            var step = ""
            if place + 1 < seen.recent.count {
                let next = seen.recent[place + 1]
                step = "+ \(next.key &- event.key) \(next.microseconds &- event.microseconds)\n"
            }
            guard bytes + line.utf8.count + step.utf8.count <= limit else { break }
            bytes += step.utf8.count
            steps.append(step)
            first = line
        }
        return head + first + steps.reversed().joined()
    }

    var text: String { seen.recent.reduce(into: head) { $0 += Self.line($1) } }

    private var head: String {
        var text = "\(Self.header)\nsince \(seen.since.text)\n"
        if let lastKey = seen.lastKey { text += "last \(lastKey)\n" }
        if seen.keysSince > .min { text += "keys \(seen.keysSince)\n" }
        return text
    }

    private static func line(_ event: SeenEvents.Identity) -> String {
        "seen \(event.key) \(event.microseconds)\n"
    }
}
