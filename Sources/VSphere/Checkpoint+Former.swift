internal import CloudEvents

extension VSphere {
    /// Makes a checkpoint of the one that VMware Event Router left in `cp-<host>.json`.
    ///
    /// - Returns: nothing where the file holds none: it's damaged, or nothing was read yet.
    public static func checkpoint(former file: [UInt8]) -> String? {
        let text = String(decoding: file, as: UTF8.self)
        guard let time = value(of: "lastEventKeyTimestamp", in: text),
            let read = EventTime(ArraySlice(time.utf8)),
            // The original's word for nothing.
            read.timestamp.seconds > 0,
            let key = value(of: "lastEventKey", in: text).flatMap({ Int32($0) })
        else { return nil }
        let last = VCenterEvent.Identity(key: key, microseconds: read.timestamp.microseconds)
        return Checkpoint(
            SeenEvents(since: read.timestamp, lastKey: key, recent: [last])
        ).text
    }

    /// Makes the checkpoint of one that has read everything until a time.
    ///
    /// - Parameter time: a timestamp of RFC 3339.
    /// - Returns: nothing if it isn't one.
    public static func checkpoint(at time: String) -> String? {
        EventTime(ArraySlice(time.utf8)).map { Checkpoint(SeenEvents(since: $0.timestamp)).text }
    }

    /// What a checkpoint says, for people; nothing if it isn't one.
    public static func description(ofCheckpoint text: String) -> String? {
        guard let seen = Checkpoint(text: text)?.seen else { return nil }
        let key = seen.lastKey.map { ", last key \($0)" } ?? ""
        return "read until \(seen.since.text)\(key), \(seen.recent.count) events remembered"
    }

    /// A member of a flat JSON object whose values need no escapes, as the original wrote it.
    private static func value(of name: String, in text: String) -> Substring? {
        guard let range = text.firstRange(of: "\"\(name)\":") else { return nil }
        let rest = text[range.upperBound...].drop { $0 == " " || $0 == "\"" }
        return rest.prefix { !"\",}".contains($0) }
    }
}
