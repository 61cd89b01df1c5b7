import Admin
import HTTP
import Journal

/// Dead letters, delivered events and unrouted ones: looked at, sent again, taken away.
extension Calls {
    /// What a call of this kind is about.
    private struct Subject {
        var path: String
        /// Which kind a request means.
        var kind: (AdminRequest) throws(AdminRefusal) -> KeptKind
        /// The parameters that only this subject has.
        var parameters: Set<String> = []
    }

    /// How many events a call does something with, if it doesn't say.
    private static let usualLimit = 250

    /// All calls about kept events.
    var kept: [AdminCall] {
        let letters = Subject(path: "/api/v1/deadletters", kind: { _ in .dead })
        let history = Subject(
            path: "/api/v1/history", kind: Self.historyKind, parameters: ["state"])
        return [letters, history].flatMap { subject in
            [
                list(subject), show(subject), replay(subject), replayOne(subject), purge(subject),
                purgeOne(subject),
            ]
        }
    }

    private static func historyKind(
        _ request: AdminRequest
    ) throws(AdminRefusal) -> KeptKind {
        switch request.parameters["state"] ?? "delivered" {
        case "delivered": return .delivered
        case "unrouted": return .unrouted
        default: throw .parameter("state", "delivered or unrouted")
        }
    }

    // MARK: - Looking

    private func list(_ subject: Subject) -> AdminCall {
        let known = KeptParameters.filter.union(KeptParameters.part).union(subject.parameters)
        return AdminCall(.get, subject.path, parameters: known) {
            (request, reply) throws(AdminRefusal) in
            let query = try KeptParameters.query(subject.kind(request), request, limit: 100)
            ask(query, .list, reply) { report in
                let entries = report.entries.map { $0.json(withEvent: false) }
                return .json(
                    "{\"events\":[\(entries.joined(separator: ","))],\(report.progress)}")
            }
        }
    }

    private func show(_ subject: Subject) -> AdminCall {
        let path = subject.path + "/{number}"
        return AdminCall(.get, path, parameters: subject.parameters) {
            (request, reply) throws(AdminRefusal) in
            let query = try one(subject, request)
            ask(query, .list, reply) { report in
                report.entries.first.map { .json($0.json(withEvent: true)) } ?? Self.nothing
            }
        }
    }

    // MARK: - Changing

    private func replay(_ subject: Subject) -> AdminCall {
        AdminCall(.post, subject.path + "/replay", parameters: changing(subject, ["to"])) {
            (request, reply) throws(AdminRefusal) in
            let query = try many(subject, request)
            let action = try replayAction(query.kind, request)
            ask(query, action, isDryRun: try request.flag("dryRun"), reply) { .json($0.json) }
        }
    }

    private func replayOne(_ subject: Subject) -> AdminCall {
        let known = subject.parameters.union(["to", "sink", "dryRun"])
        return AdminCall(.post, subject.path + "/{number}/replay", parameters: known) {
            (request, reply) throws(AdminRefusal) in
            let query = try one(subject, request)
            let action = try replayAction(query.kind, request)
            ask(query, action, isDryRun: try request.flag("dryRun"), reply) { report in
                report.isEmpty ? Self.nothing : .json(report.json)
            }
        }
    }

    private func purge(_ subject: Subject) -> AdminCall {
        AdminCall(.delete, subject.path, parameters: changing(subject, [])) {
            (request, reply) throws(AdminRefusal) in
            let query = try many(subject, request)
            ask(query, .purge, isDryRun: try request.flag("dryRun"), reply) { .json($0.json) }
        }
    }

    private func purgeOne(_ subject: Subject) -> AdminCall {
        let known = subject.parameters.union(["sink", "dryRun"])
        return AdminCall(.delete, subject.path + "/{number}", parameters: known) {
            (request, reply) throws(AdminRefusal) in
            let query = try one(subject, request)
            ask(query, .purge, isDryRun: try request.flag("dryRun"), reply) { report in
                report.isEmpty ? Self.nothing : .json(report.json)
            }
        }
    }

    // MARK: - Parts

    private func changing(_ subject: Subject, _ others: Set<String>) -> Set<String> {
        KeptParameters.filter.union(KeptParameters.part).union(subject.parameters)
            .union(["all", "dryRun"]).union(others)
    }

    /// The event that the path names.
    private func one(
        _ subject: Subject, _ request: AdminRequest
    ) throws(AdminRefusal) -> KeptQuery {
        guard let number = SequenceNumber(request.segment("number")), number > 0 else {
            throw .parameter("the event's number", "a whole number from 1 on")
        }
        var query = try KeptParameters.query(subject.kind(request), request, limit: 1)
        query.after = number - 1
        query.through = number
        return query
    }

    /// The events that a filter names; all only where that is said.
    private func many(
        _ subject: Subject, _ request: AdminRequest
    ) throws(AdminRefusal) -> KeptQuery {
        let query = try KeptParameters.query(
            subject.kind(request), request, limit: Self.usualLimit)
        let isAll = try request.flag("all")
        guard isAll || query.filter != KeptFilter() else {
            throw AdminRefusal(
                status: 400, code: "too_many_meant",
                detail: "Say which events are meant by a parameter, or all=true.")
        }
        return query
    }

    private func replayAction(
        _ kind: KeptKind, _ request: AdminRequest
    ) throws(AdminRefusal) -> KeptAction {
        let names = (request.parameters["to"] ?? "").split(separator: ",").map(String.init)
        guard kind == .dead || !names.isEmpty else {
            throw .parameter("to", "name the sinks that are to get the events")
        }
        return .replay(to: names)
    }

    private func ask(
        _ query: KeptQuery, _ action: KeptAction, isDryRun: Bool = false,
        _ reply: @escaping AdminCall.Reply, _ body: @escaping (KeptReport) -> Response
    ) {
        answers.ask(
            { answer in
                journal.send(
                    .kept(KeptRequest(query, action, isDryRun: isDryRun, answer: answer)))
            }, reply: reply
        ) { (report: KeptReport) in
            report.refusal.map { $0.problem.response } ?? body(report)
        }
    }

    private static var nothing: Response {
        Problem(
            status: 404, code: "no_such_event",
            detail: "The journal keeps no event of this number and kind."
        ).response
    }
}

extension KeptReport {
    /// Whether no event was found.
    fileprivate var isEmpty: Bool { replays.isEmpty && purged.isEmpty && obstacles.isEmpty }

    /// Where to go on, and up to where there was something at the beginning.
    fileprivate var progress: String {
        "\"next\":\(next.map { "\($0)" } ?? "null"),\"last\":\(last)"
    }

    /// What was done.
    fileprivate var json: String {
        let replays = replays.map { replay in
            let sinks = replay.sinks.map { JSONText.quoted($0) }.joined(separator: ",")
            return "{\"sequence\":\(replay.sequence),"
                + "\"stored\":\(replay.stored.map { "\($0)" } ?? "null"),\"sinks\":[\(sinks)]}"
        }
        let purged = purged.map { "\($0)" }
        let skipped = Obstacle.allCases.compactMap { obstacle in
            obstacles[obstacle].map { "\"\(obstacle.rawValue)\":\($0)" }
        }
        return "{\"replayed\":[\(replays.joined(separator: ","))],"
            + "\"purged\":[\(purged.joined(separator: ","))],"
            + "\"skipped\":{\(skipped.joined(separator: ","))},\(progress)}"
    }
}

extension KeptReport.Refusal {
    fileprivate var problem: Problem {
        switch self {
        case .memory:
            Problem(
                status: 404, code: "nothing_kept",
                detail: "With a journal in memory no event is kept.")
        case .unknownSink(let name):
            AdminRefusal.parameter("to", "no sink is named \(name)").problem
        case .journal(let reason, let detail):
            Problem(status: 503, code: reason.rawValue, detail: detail)
        }
    }
}
