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
            case ("seen", 3):
                guard let key = Int32(words[1]), let time = Int64(words[2]) else { return nil }
                recent.append(.init(key: key, microseconds: time))
            default: return nil
            }
        }
        guard let since, recent.count <= 2 * SeenEvents.recentLimit else { return nil }
        seen = SeenEvents(
            since: since, lastKey: lastKey, keysSince: keysSince, recent: recent)
    }

    /// The text of at most so many octets.
    ///
    /// What has no room is forgotten from the oldest event on: such an event is read again rather
    /// than passed over.
    func text(bytes limit: Int) -> String {
        let whole = text
        guard whole.utf8.count > limit else { return whole }
        var lines = whole.split(separator: "\n", omittingEmptySubsequences: false)[...]
        let first = lines.firstIndex { $0.hasPrefix("seen ") } ?? lines.endIndex
        var bytes = whole.utf8.count
        var end = first
        while bytes > limit, end < lines.endIndex, lines[end].hasPrefix("seen ") {
            bytes -= lines[end].utf8.count + 1
            end += 1
        }
        lines.removeSubrange(first..<end)
        return lines.joined(separator: "\n")
    }

    var text: String {
        var text = "\(Self.header)\nsince \(seen.since.text)\n"
        if let lastKey = seen.lastKey { text += "last \(lastKey)\n" }
        if seen.keysSince > .min { text += "keys \(seen.keysSince)\n" }
        for event in seen.recent { text += "seen \(event.key) \(event.microseconds)\n" }
        return text
    }
}
