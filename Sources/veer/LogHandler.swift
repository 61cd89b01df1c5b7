import CloudEvents
import Configuration
import EventLoops
import Glibc
import HTTP
import Logging
import Synchronization

/// Where log lines go: the standard error, by a writer that never blocks the one who logs.
///
/// Lines have the form that the original router's had, so that what reads those reads these.
final class LogOutput: Sendable {
    private let writer: LineWriter
    private let format: LogSettings.Format
    private let leftOut = Atomic<Int>(0)

    init(format: LogSettings.Format) throws(SystemError) {
        self.format = format
        writer = try LineWriter(number: STDERR_FILENO, name: "veer-log")
    }

    /// Writes what waits; nothing is logged after it.
    func stop() { writer.stop() }

    func write(_ event: LogEvent, label: String, metadata: Logger.Metadata) {
        var fields = metadata.merging(event.metadata ?? [:]) { $1 }
        let leftOutBefore = leftOut.exchange(0, ordering: .relaxed)
        if leftOutBefore > 0 { fields["linesLeftOut"] = "\(leftOutBefore)" }
        let sorted = fields.sorted { $0.key < $1.key }
        let pairs = sorted.map { "\(JSONText.quoted($0.key)):\(JSONText.quoted("\($0.value)"))" }
        let time = Timestamp.now.millisecondsText
        let line =
            switch format {
            case .json:
                "{"
                    + ([
                        "\"level\":\"\(event.level)\"", "\"ts\":\"\(time)\"",
                        "\"logger\":\(JSONText.quoted(label))",
                        "\"msg\":\(JSONText.quoted(event.message.description))",
                    ] + pairs).joined(separator: ",") + "}\n"
            case .console:
                "\(time)\t\(event.level.rawValue.uppercased())\t[\(label)]\t"
                    + EventText.printable(event.message.description)
                    + (pairs.isEmpty ? "" : "\t{\(pairs.joined(separator: ","))}") + "\n"
            }
        if !writer.write(Array(line.utf8)) {
            leftOut.add(leftOutBefore + 1, ordering: .relaxed)
        }
    }
}

/// One logger's handler; all write to the same ``LogOutput``.
struct VeerLogHandler: LogHandler {
    let label: String
    let output: LogOutput
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        output.write(event, label: label, metadata: metadata)
    }
}

extension Logger.Level {
    init(_ level: LogSettings.Level) {
        self =
            switch level {
            case .trace: .trace
            case .debug: .debug
            case .info: .info
            case .warning: .warning
            case .error: .error
            }
    }
}
