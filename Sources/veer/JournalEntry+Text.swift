import CloudEvents
import HTTP
import Journal

extension JournalEntry {
    /// A line of a list.
    var line: String {
        let sinks = pendingSinks + deadLetters.map { "\($0.sink)(\($0.reason.code))" }
        let received = Timestamp(milliseconds: receivedMilliseconds).millisecondsText
        return [
            "\(sequence)", received, state.rawValue, origin, EventText.printable(type),
            EventText.printable(source),
            EventText.printable(id), sinks.joined(separator: ","),
        ].joined(separator: "\t")
    }

    /// All that is known, for people.
    var text: String {
        var lines = [
            "number    \(sequence)",
            "received  \(Timestamp(milliseconds: receivedMilliseconds).text) from \(origin)",
            "state     \(state.rawValue)",
        ]
        lines += pendingSinks.map { "waits     for \($0)" }
        for letter in deadLetters {
            let reason = letter.reason
            let status = reason.status.map { ", status \($0)" } ?? ""
            lines.append(
                "dead      at \(letter.sink), \(reason.code)\(status) after \(reason.attempts) "
                    + "attempts, \(Timestamp(milliseconds: letter.failedMilliseconds).text)")
            if !reason.detail.isEmpty {
                lines.append("          \(EventText.printable(reason.detail))")
            }
        }
        guard let event else { return (lines + ["the event is damaged"]).joined(separator: "\n") }
        return (lines + [EventText.lines(of: event)]).joined(separator: "\n")
    }

    /// All that is known, for programs.
    func json(withEvent: Bool) -> String {
        var members = [
            "\"sequence\":\(sequence)",
            "\"received\":\"\(Timestamp(milliseconds: receivedMilliseconds).text)\"",
            "\"origin\":\(JSONText.quoted(origin))", "\"state\":\"\(state.rawValue)\"",
            "\"id\":\(JSONText.quoted(id))", "\"source\":\(JSONText.quoted(source))",
            "\"type\":\(JSONText.quoted(type))",
            "\"pendingSinks\":[\(pendingSinks.map { JSONText.quoted($0) }.joined(separator: ","))]",
            "\"deadLetters\":[\(deadLetters.map(\.json).joined(separator: ","))]",
        ]
        if withEvent {
            let text = event.map { String(decoding: $0.structuredJSON, as: UTF8.self) }
            members.append("\"event\":\(text ?? "null")")
        }
        return "{\(members.joined(separator: ","))}"
    }
}

extension JournalEntry.DeadLetter {
    fileprivate var json: String {
        "{\"sink\":\(JSONText.quoted(sink)),\"code\":\"\(reason.code)\","
            + "\"status\":\(reason.status.map { "\($0)" } ?? "null"),"
            + "\"attempts\":\(reason.attempts),\"detail\":\(JSONText.quoted(reason.detail)),"
            + "\"failed\":\"\(Timestamp(milliseconds: failedMilliseconds).text)\"}"
    }
}
