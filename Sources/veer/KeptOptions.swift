import ArgumentParser
import CloudEvents
import HTTP
import Journal

/// Which kept events a command is about.
struct KeptOptions: ParsableArguments {
    @Option(help: "Only events of this type; a * at the end stands for any rest.")
    var type: String?

    @Option(help: "Only events with this source; a * at the end stands for any rest.")
    var source: String?

    @Option(help: "Only events with this subject; a * at the end stands for any rest.")
    var subject: String?

    @Option(help: "Only events with this id.")
    var id: String?

    @Option(help: "Only events that this source of the configuration took in.")
    var origin: String?

    @Option(help: "Not before this time, such as 2026-01-02T03:04:05Z, or 2h for so long ago.")
    var since: String?

    @Option(help: "Before this time, written in the same way.")
    var until: String?

    /// As calls have them.
    var parameters: [(String, String?)] {
        [
            ("type", type), ("source", source), ("subject", subject), ("id", id),
            ("origin", origin), ("since", since), ("until", until),
        ]
    }

    func validate() throws {
        for text in [since, until].compactMap({ $0 })
        where KeptParameters.time(text, now: .now) == nil {
            throw ValidationError("'\(text)' is no time; write 2026-01-02T03:04:05Z or 2h")
        }
    }

    /// The same for a journal that is read here.
    func filter(_ letters: LetterOptions?) throws -> KeptFilter {
        var filter = KeptFilter()
        filter.sink = letters?.sink
        filter.code = letters?.code
        filter.type = type.map { TextPattern($0) }
        filter.source = source.map { TextPattern($0) }
        filter.subject = subject.map { TextPattern($0) }
        filter.id = id
        filter.origin = origin
        filter.since = since.flatMap { KeptParameters.time($0, now: .now) }
        filter.until = until.flatMap { KeptParameters.time($0, now: .now) }
        return filter
    }
}

/// Which dead letters a command is about, besides.
struct LetterOptions: ParsableArguments {
    @Option(help: "Only those that this sink gave up.")
    var sink: String?

    @Option(help: "Only those given up for this reason, such as refused or attempts_exhausted.")
    var code: String?

    /// As calls have them.
    var parameters: [(String, String?)] { [("sink", sink), ("code", code)] }
}

/// How kept events are read from the journal's file.
struct KeptReading: ParsableArguments {
    @Option(help: "The gateway's configuration, to learn of its journal.")
    var config: String?

    @Option(help: "The journal's directory; if left out, as --config says, or ./data.")
    var path: String?

    @Option(help: "The form of the output: text or json.")
    var output = OutputForm.text

    /// Reads the journal.
    func reader() throws -> KeptReader {
        let path = try path ?? ConfigurationFile.journalPath(config)
        return KeptReader(path: path, output: output)
    }
}

/// Reads kept events from the journal's file, beside a running gateway or without one.
struct KeptReader {
    /// The journal's directory.
    var path: String
    /// The form of the output.
    var output: OutputForm

    /// Prints events, oldest first.
    func list(_ kind: KeptKind, _ filter: KeptFilter, after: SequenceNumber, limit: Int) throws {
        var query = KeptQuery(kind)
        query.filter = filter
        query.after = after
        var left = limit
        try reading { file in
            while left > 0 {
                query.limit = min(left, KeptRequest.eventsLimit)
                let (entries, next) = try file.kept(query)
                for entry in entries {
                    print(output == .json ? entry.json(withEvent: false) : entry.line)
                }
                left -= entries.count
                guard let next else { return }
                query.after = next
            }
            printError("there may be more; go on with --after \(query.after) or a higher --limit")
        }
    }

    /// Prints an event.
    func show(_ kind: KeptKind, _ number: SequenceNumber) throws {
        var query = KeptQuery(kind)
        query.after = max(number, 1) - 1
        query.through = number
        try reading { file in
            guard let entry = try file.kept(query).entries.first else {
                printError("the journal has no \(kind.rawValue) event \(number)")
                throw ExitStatus.checkFailed.code
            }
            print(output == .json ? entry.json(withEvent: true) : entry.text)
        }
    }

    private func reading(_ body: (JournalFile) throws -> Void) throws {
        do {
            try body(JournalFile(directory: path))
        } catch let error as JournalError {
            printError("\(error)")
            throw ExitStatus.noInput.code
        }
    }
}

/// How a gateway is told to do something with kept events, a part at a time.
struct KeptWork: ParsableArguments {
    /// What to do.
    enum Action {
        case replay, purge
    }

    @OptionGroup var options: ControlClient.Options

    @Flag(help: "All of them.")
    var all = false

    @Flag(help: "Count only; change nothing.")
    var dryRun = false

    @Option(help: "The form of the output: text or json.")
    var output = OutputForm.text

    /// Says which events are meant, or refuses to guess.
    func check(_ numbers: [SequenceNumber], _ filter: KeptOptions, _ letters: LetterOptions?) throws
    {
        let parameters = filter.parameters + (letters?.parameters ?? [])
        let isFiltered = parameters.contains { $0.1 != nil }
        guard all || isFiltered || !numbers.isEmpty else {
            throw ValidationError("say which events: numbers, a filter, or --all")
        }
        guard numbers.isEmpty || !all else {
            throw ValidationError("either numbers or --all, not both")
        }
        let others = filter.parameters.contains { $0.1 != nil } || letters?.code != nil
        guard numbers.isEmpty || !others else {
            throw ValidationError("either numbers or a filter, not both")
        }
    }

    /// Has it done, and tells how it goes.
    func run(
        _ path: String, _ action: Action, _ numbers: [SequenceNumber],
        _ parameters: [(String, String?)], to sinks: [String] = []
    ) throws {
        let client = try ControlClient(options)
        var common: [(String, String?)] = [("dryRun", dryRun ? "true" : nil)]
        if !sinks.isEmpty { common.append(("to", sinks.joined(separator: ","))) }
        var sum = Sum()
        let method = action == .replay ? "POST" : "DELETE"
        let end = action == .replay ? "/replay" : ""
        for number in numbers {
            let chosen = parameters.filter { ["sink", "state"].contains($0.0) }
            let answer = try client.ask(method, "\(path)/\(number)\(end)", chosen + common)
            sum.add(answer.span)
        }
        if numbers.isEmpty {
            common.append(("all", all ? "true" : nil))
            var after: String? = "0"
            var through: String?
            while let position = after {
                let part = [("after", position), ("through", through)]
                let answer = try client.ask(method, path + end, parameters + common + part)
                sum.add(answer.span)
                after = answer.span.text("/next")
                // What is stored from now on isn't meant.
                through = through ?? answer.span.text("/last")
                if after != nil { printError("\(sum.done) events so far") }
            }
        }
        print(output == .json ? sum.json(isDryRun: dryRun) : sum.text(action, isDryRun: dryRun))
        guard sum.skipped.allSatisfy({ $0.count == 0 }) else { throw ExitStatus.checkFailed.code }
    }

    /// What came of all requests.
    private struct Sum {
        var done = 0
        var skipped: [(name: String, count: Int)] = [("damaged", 0), ("sink_removed", 0)]

        mutating func add(_ answer: Span<UInt8>) {
            done += answer.itemsCount("/replayed") + answer.itemsCount("/purged")
            for place in skipped.indices {
                let text = answer.text("/skipped/\(skipped[place].name)")
                skipped[place].count += text.flatMap { Int($0) } ?? 0
            }
        }

        func json(isDryRun: Bool) -> String {
            let skipped = skipped.map { "\"\($0.name)\":\($0.count)" }.joined(separator: ",")
            return "{\"events\":\(done),\"skipped\":{\(skipped)},\"dryRun\":\(isDryRun)}"
        }

        func text(_ action: Action, isDryRun: Bool) -> String {
            let verb = action == .replay ? "replayed" : "purged"
            let skipped = skipped.filter { $0.count > 0 }.map { "; \($0.count) left: \($0.name)" }
            return "\(done) events \(isDryRun ? "would be \(verb)" : verb)" + skipped.joined()
        }
    }
}
