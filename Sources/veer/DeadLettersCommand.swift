import ArgumentParser
import Journal

/// Looks after events that a sink didn't take.
struct DeadLettersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deadletters",
        abstract: "Lists, replays and purges events that sinks gave up.",
        discussion: """
            list and show read the journal, also beside a running gateway or without one; replay
            and purge ask the gateway on its control socket.

            Example: veer deadletters list --sink broker --since 24h
            """,
        subcommands: [
            ListCommand.self, ShowCommand.self, ReplayCommand.self, PurgeCommand.self,
        ])

    /// Lists dead letters.
    struct ListCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Lists dead letters, one a line, oldest first.",
            discussion: "Example: veer deadletters list --code refused --type 'com.vmware.*'")
        @OptionGroup var place: KeptReading
        @OptionGroup var filter: KeptOptions
        @OptionGroup var letters: LetterOptions

        @Option(help: "Only events after this number.")
        var after: SequenceNumber = 0

        @Option(help: "At most so many.")
        var limit = 100

        func run() throws {
            let filter = try filter.filter(letters)
            try place.reader().list(.dead, filter, after: after, limit: limit)
        }

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit is at least 1") }
        }
    }

    /// Shows a dead letter.
    struct ShowCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Shows an event, and why it was given up.",
            discussion: "Example: veer deadletters show 42 --output json")
        @OptionGroup var place: KeptReading

        @Argument(help: "The event's number.")
        var number: SequenceNumber

        func run() throws { try place.reader().show(.dead, number) }
    }

    /// Sends dead letters again.
    struct ReplayCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "replay", abstract: "Has dead letters delivered again.",
            discussion: """
                Each goes to the sink that gave it up, or to those that --to names, under a new
                number; it's then no dead letter any more. Without numbers a filter says which,
                or --all.

                Example: veer deadletters replay --sink broker --since 2h --dry-run
                """)
        @OptionGroup var work: KeptWork
        @OptionGroup var filter: KeptOptions
        @OptionGroup var letters: LetterOptions

        @Option(help: "A sink that gets them, in place of the one that gave them up; repeatable.")
        var to: [String] = []

        @Argument(help: "The events' numbers.")
        var numbers: [SequenceNumber] = []

        func validate() throws { try work.check(numbers, filter, letters) }

        func run() throws {
            let parameters = filter.parameters + letters.parameters
            try work.run("/api/v1/deadletters", .replay, numbers, parameters, to: to)
        }
    }

    /// Takes dead letters away.
    struct PurgeCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "purge", abstract: "Takes dead letters away for good.",
            discussion: """
                Without numbers a filter says which, or --all.

                Example: veer deadletters purge --until 30d
                """)
        @OptionGroup var work: KeptWork
        @OptionGroup var filter: KeptOptions
        @OptionGroup var letters: LetterOptions

        @Argument(help: "The events' numbers.")
        var numbers: [SequenceNumber] = []

        func validate() throws { try work.check(numbers, filter, letters) }

        func run() throws {
            let parameters = filter.parameters + letters.parameters
            try work.run("/api/v1/deadletters", .purge, numbers, parameters)
        }
    }
}

/// Sends kept events again.
struct ReplayCommand: ParsableCommand {
    /// Which of the kept events.
    enum State: String, ExpressibleByArgument, CaseIterable {
        case delivered, unrouted
    }

    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Delivers events again that the journal keeps.",
        discussion: """
            Delivered events are kept for journal.keepDelivered, those that no route wanted for
            journal.keepUnrouted. The running gateway is asked on its control socket; --list reads
            the journal only. Without numbers a filter says which, or --all.

            Example: veer replay --to audit --type 'com.vmware.*' --since 2h --dry-run
            """)
    @OptionGroup var work: KeptWork
    @OptionGroup var filter: KeptOptions

    @Option(help: "Which events: delivered or unrouted.")
    var state = State.delivered

    @Option(help: "A sink that gets them; repeatable.")
    var to: [String] = []

    @Flag(help: "List the events in place of sending them.")
    var list = false

    @Argument(help: "The events' numbers.")
    var numbers: [SequenceNumber] = []

    func validate() throws {
        guard !list else { return }
        guard !to.isEmpty else { throw ValidationError("name a sink with --to") }
        try work.check(numbers, filter, nil)
    }

    func run() throws {
        let parameters = filter.parameters + [("state", state.rawValue)]
        guard list else {
            return try work.run("/api/v1/history", .replay, numbers, parameters, to: to)
        }
        let reader = KeptReader(
            path: try ConfigurationFile.journalPath(work.options.config), output: work.output)
        try reader.list(
            state == .delivered ? .delivered : .unrouted, filter.filter(nil), after: 0,
            limit: .max)
    }
}
