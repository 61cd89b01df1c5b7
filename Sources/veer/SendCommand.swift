import ArgumentParser
import CloudEvents
import EventLoops
import Glibc
import HTTP
import Outbound

/// Builds events and posts them.
struct SendCommand: ParsableCommand {
    /// The content modes of the HTTP binding.
    enum Mode: String, ExpressibleByArgument, CaseIterable {
        case binary, structured, batch
    }

    static let configuration = CommandConfiguration(
        commandName: "send", abstract: "Builds events and posts them.",
        discussion: """
            With --count, ids are numbered and --concurrency requests are under way at one time.
            The exit status is 0 if every event was taken, 1 if one was refused, 69 if the receiver
            can't be reached, 65 if the event isn't valid.

            Example: veer send --to http://127.0.0.1:8080/webhook --type com.example.hello \\
                       --extension tenant=blue --data '{"hello":"world"}'
            """)

    @Option(help: "Where to post: an http or https URL.")
    var to: String

    @Option(help: "The content mode: binary, structured or batch.")
    var mode = Mode.binary

    @Option(help: "The event's id; made up if left out.")
    var id: String?

    @Option(help: "The event's source.")
    var source = "/veer/send"

    @Option(help: "The event's type.")
    var type = "com.example.hello"

    @Option(help: "The event's subject.")
    var subject: String?

    @Option(name: .customLong("extension"), help: "An extension attribute, as name=value.")
    var extensions: [String] = []

    @Option(help: "The data: a text, or @FILE; @- reads the standard input.")
    var data: String?

    @Option(help: "The type of the data; if left out, JSON where it is that, else text.")
    var datacontenttype: String?

    @Option(help: "A name and a password for Basic authentication, as name:password.")
    var user: String?

    @Option(help: "How many events.")
    var count = 1

    @Option(help: "At most so many events a second.")
    var rate: Double?

    @Option(help: "How many requests may be under way at one time.")
    var concurrency = 1

    @Flag(help: "Take any certificate.")
    var insecure = false

    @Option(help: "The form of the output: text or json.")
    var output = OutputForm.text

    func validate() throws {
        guard to.hasPrefix("http://") || to.hasPrefix("https://") else {
            throw ValidationError("--to is an http or https URL, not '\(to)'")
        }
        guard count > 0 else { throw ValidationError("--count is at least 1") }
        guard 1...1_024 ~= concurrency else { throw ValidationError("--concurrency is 1 to 1024") }
        guard rate.map({ $0 > 0 }) ?? true else { throw ValidationError("--rate is more than 0") }
        for text in extensions where !text.contains("=") {
            throw ValidationError("--extension is name=value, not '\(text)'")
        }
    }

    func run() throws {
        let events: [Event]
        do {
            events = try makeEvents()
        } catch let error as EventFailure {
            printError("the event is not valid: \(error.sentence)")
            throw ExitStatus.badData.code
        }
        let result = try post(requests(events))
        for note in result.notes { printError(note) }
        print(output == .json ? result.json : result.text)
        if result.unreachable > 0 { throw ExitStatus.unavailable.code }
        if result.refused > 0 { throw ExitStatus.checkFailed.code }
    }

    // MARK: - Events

    private func makeEvents() throws -> [Event] {
        let octets = try data.map(readData)
        let first = id ?? Self.randomID()
        return try (0..<count).map { number in
            var attributes = [
                ("specversion", "1.0"), ("id", count == 1 ? first : "\(first)-\(number + 1)"),
                ("source", source), ("type", type), ("time", Timestamp.now.text),
            ]
            if let subject { attributes.append(("subject", subject)) }
            for text in extensions {
                let parts = text.split(
                    separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                attributes.append((String(parts[0]), String(parts[1])))
            }
            return try makeEvent(attributes, octets)
        }
    }

    /// Data of no given type is JSON if it can be, and else text.
    private func makeEvent(
        _ attributes: [(name: String, value: String)], _ data: [UInt8]?
    ) throws(EventFailure) -> Event {
        guard let data, datacontenttype == nil else {
            let type = datacontenttype.map { [("datacontenttype", $0)] } ?? []
            return try Event(attributes: attributes + type, data: data)
        }
        do throws(EventFailure) {
            return try Event(
                attributes: attributes + [("datacontenttype", "application/json")], data: data)
        } catch  where error.code == .jsonMalformed {
            return try Event(
                attributes: attributes + [("datacontenttype", "text/plain")], data: data)
        }
    }

    private func readData(_ text: String) throws -> [UInt8] {
        guard text.hasPrefix("@") else { return Array(text.utf8) }
        do {
            return try ConfigurationFile.octets(of: String(text.dropFirst()))
        } catch {
            printError("\(text.dropFirst()): \(error)")
            throw ExitStatus.noInput.code
        }
    }

    private static func randomID() -> String {
        (0..<4).map { _ in
            let digits = String(UInt32.random(in: 0 ... .max), radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined()
    }
}
