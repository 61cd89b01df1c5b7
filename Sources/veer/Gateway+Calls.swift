import Admin
import CloudEvents
import Configuration
import Delivery
import HTTP
import Journal

/// What operators can ask below `/api/v1`, and of whom it's asked.
///
/// A part with calls of its own gets a function here that makes them, and a line in ``all``.
struct Calls {
    let settings: Settings
    let journal: Journal
    let delivery: Delivery
    let answers: Answers
    /// When the process began, as a timestamp.
    let started: String
    /// Whether requests may be sent here.
    let readiness: () -> [AdminReadings.Check]

    /// All of them.
    var all: [AdminCall] { [status, sinks, enableSink] + kept }

    private var status: AdminCall {
        AdminCall(.get, "/api/v1/status") { _, reply in
            let figures = journal.figures
            let problems = readiness().compactMap { check in
                check.problem.map { JSONText.quoted("\(check.name): \($0)") }
            }
            let letters = figures.deadLetters.values.reduce(0, +)
            reply(
                .json(
                    "{\"version\":\"\(Version.number)\",\"started\":\"\(started)\","
                        + "\"ready\":\(problems.isEmpty),"
                        + "\"problems\":[\(problems.joined(separator: ","))],"
                        + "\"journal\":{\"mode\":\"\(settings.journal.mode.rawValue)\","
                        + "\"events\":\(figures.events),\"bytes\":\(figures.bytes),"
                        + "\"deadLetters\":\(letters)}}"))
        }
    }

    private var sinks: AdminCall {
        AdminCall(.get, "/api/v1/sinks") { _, reply in
            answers.ask({ delivery.inspect($0) }, reply: reply) { (found: [SinkStatus]) in
                let letters = journal.figures.deadLetters
                let items = zip(settings.sinks, found).map { sink, status in
                    "{\"name\":\(JSONText.quoted(sink.name)),"
                        + "\"address\":\(JSONText.quoted(status.address ?? sink.address)),"
                        + "\"up\":\(status.isUp),\"queueEvents\":\(status.queueEvents),"
                        + "\"underWay\":\(status.underWay),"
                        + "\"deadLetters\":\(letters[sink.name] ?? 0),"
                        + "\"disabled\":\(status.isDisabled),"
                        + "\"obstacle\":\(status.obstacle.map { JSONText.quoted($0) } ?? "null")}"
                }
                return .json("{\"sinks\":[\(items.joined(separator: ","))]}")
            }
        }
    }

    private var enableSink: AdminCall {
        AdminCall(.post, "/api/v1/sinks/{name}/enable") { request, reply throws(AdminRefusal) in
            let name = request.segment("name")
            guard let place = settings.sinks.firstIndex(where: { $0.name == name }) else {
                throw AdminRefusal(
                    status: 404, code: "no_sink",
                    detail: "No sink has this name; GET /api/v1/sinks tells which there are.")
            }
            guard delivery.enable(sink: place) else {
                throw AdminRefusal(
                    status: 503, code: "busy", detail: "The delivery is busy; try again.")
            }
            reply(.json("{\"enabled\":\(JSONText.quoted(name))}"))
        }
    }
}
