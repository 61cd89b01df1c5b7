import Configuration
import Glibc
import HTTP
import Ingress
import Telemetry

/// The statistics that the original router tells on `/stats`, in its names and its order.
///
/// With a `RouterConfig` there is one provider and one processor, named by their types; with a
/// `Gateway` there is an entry for each source and each sink, by its name.
struct Statistics {
    /// One sink's deliveries, by the events' subject.
    typealias Invocations = [(subject: String, succeeded: Int, failed: Int)]

    let settings: Settings
    let sources: [SourceStatistics]
    let started: String
    let startedSeconds: Int
    /// Asked for each sink.
    let invocations: (Int) -> Invocations

    var json: String {
        let arguments = CommandLine.arguments.map { JSONText.quoted($0) }
        let loads = Process.loads
        let memory = Process.residentBytes
        let lines = [
            ("cmdline", "[\(arguments.joined(separator: ","))]"),
            (
                "memstats",
                "{\"Alloc\":\(memory),\"HeapAlloc\":\(memory),\"Sys\":\(Process.virtualBytes)}"
            ),
            (
                "system.allLoad",
                "{\"Load1\":\(loads[0]),\"Load5\":\(loads[1]),\"Load15\":\(loads[2])}"
            ),
            ("system.lastLoad", "\(loads[0])"),
            ("system.numberOfSeconds", "\(uptimeSeconds)"),
            ("system.programName", JSONText.quoted(CommandLine.arguments[0])),
            ("vmware.event.router.stats", "{\(entries.joined(separator: ","))}"),
        ]
        return "{\n" + lines.map { "\(JSONText.quoted($0)): \($1)" }.joined(separator: ",\n")
            + "\n}\n"
    }

    private var uptimeSeconds: Int { max(Int(time(nil)) - startedSeconds, 0) }

    private var entries: [String] {
        let providers = settings.sources.indices.map { index in
            provider(
                settings.router?.providerType ?? settings.sources[index].name,
                address: settings.router?.providerAddress ?? settings.sources[index].address,
                sources[index])
        }
        let processors = settings.sinks.indices.map { index in
            processor(
                settings.router?.processorType ?? settings.sinks[index].name,
                address: settings.router?.processorAddress ?? settings.sinks[index].address,
                invocations(index))
        }
        return providers + processors
    }

    private func provider(
        _ key: String, address: String, _ statistics: SourceStatistics
    ) -> String {
        let total = statistics.received.value + statistics.failed.value
        let rate = Double(total) / Double(max(uptimeSeconds, 1))
        return JSONText.quoted(key) + ":{\"type\":\"EventProvider\",\"address\":"
            + "\(JSONText.quoted(address)),\"started\":\"\(started)\",\"events_total\":\(total),"
            + "\"events_err\":\(statistics.failed.value),"
            + "\"events_per_sec\":\((rate * 100).rounded() / 100)}"
    }

    private func processor(
        _ key: String, address: String, _ invocations: Invocations
    ) -> String {
        let counts = invocations.map { subject, succeeded, failed in
            JSONText.quoted(subject)
                + ":{\"SuccessCount\":\(succeeded),\"FailureCount\":\(failed)}"
        }
        let member = counts.isEmpty ? "" : ",\"invocations\":{\(counts.joined(separator: ","))}"
        return JSONText.quoted(key) + ":{\"type\":\"EventProcessor\",\"address\":"
            + "\(JSONText.quoted(address)),\"started\":\"\(started)\"\(member)}"
    }
}

extension SourceSettings {
    /// Where it is, for people.
    var address: String {
        switch kind {
        case .webhook(let webhook): webhook.path
        case .vcenter(let vcenter): vcenter.address
        }
    }
}

extension SinkSettings {
    /// Where it is, for people.
    var address: String {
        switch target {
        case .uri(let http): http.reference?.description ?? http.uri
        case .console: "console"
        case .discard: "discard"
        }
    }
}
