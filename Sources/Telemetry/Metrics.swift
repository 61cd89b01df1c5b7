internal import Synchronization

/// Every metric of the process, and the text in which Prometheus reads them.
///
/// Metrics are made once, while the parts are set up, and handed to those who count. Asked twice
/// for the same name and labels, it gives the same metric. Labels come from the configuration;
/// a label whose values come from outside is bounded by its ``LabelledCounters``.
///
/// Spec: Prometheus §text-format-0.0.4
public final class Metrics: Sendable {
    /// A label's name and value.
    public typealias Label = (name: String, value: String)

    private enum Metric: Sendable {
        case counter(Counter)
        case gauge(Gauge)
        case reading(@Sendable () -> Double)
        case histogram(Histogram)

        var type: String {
            switch self {
            case .counter: "counter"
            case .gauge, .reading: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    private struct Family: Sendable {
        var help: String
        var series: [(labels: String, metric: Metric)] = []
    }

    private let families = Mutex<[String: Family]>([:])

    /// A registry with nothing in it.
    public init() {}

    /// A counter; its name ends in `_total`.
    public func counter(_ name: String, help: String, _ labels: Label...) -> Counter {
        counter(name, help: help, labels: labels)
    }

    func counter(_ name: String, help: String, labels: [Label]) -> Counter {
        let new = Metric.counter(Counter())
        guard case .counter(let counter) = register(name, help, labels, new)
        else { preconditionFailure("\(name) is no counter") }
        return counter
    }

    /// A gauge; its name ends in its unit.
    public func gauge(_ name: String, help: String, _ labels: Label...) -> Gauge {
        let new = Metric.gauge(Gauge())
        guard case .gauge(let gauge) = register(name, help, labels, new)
        else { preconditionFailure("\(name) is no gauge") }
        return gauge
    }

    /// A gauge that is read when it's asked for, on the asking thread.
    public func reading(
        _ name: String, help: String, _ labels: Label..., read: @escaping @Sendable () -> Double
    ) {
        _ = register(name, help, labels, .reading(read))
    }

    /// A histogram of durations; its name ends in `_seconds`.
    public func histogram(_ name: String, help: String, _ labels: Label...) -> Histogram {
        let new = Metric.histogram(Histogram())
        guard case .histogram(let histogram) = register(name, help, labels, new)
        else { preconditionFailure("\(name) is no histogram") }
        return histogram
    }

    private func register(
        _ name: String, _ help: String, _ labels: [Label], _ new: Metric
    ) -> Metric {
        let text = labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",")
        return families.withLock { families in
            let series = families[name]?.series ?? []
            if let known = series.first(where: { $0.labels == text }) { return known.metric }
            precondition(series.allSatisfy { $0.metric.type == new.type }, "\(name) has a type")
            families[name, default: Family(help: help)].series.append((text, new))
            return new
        }
    }

    /// All metrics in the text format, families in the order of their names.
    public func exposition() -> String {
        let families = families.withLock { $0 }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            guard let type = family.series.first?.metric.type else { continue }
            text += "# HELP \(name) \(escaped(family.help, quote: "\""))\n# TYPE \(name) \(type)\n"
            for (labels, metric) in family.series {
                let suffix = labels.isEmpty ? "" : "{\(labels)}"
                switch metric {
                case .counter(let counter): text += "\(name)\(suffix) \(counter.value)\n"
                case .gauge(let gauge): text += "\(name)\(suffix) \(gauge.value)\n"
                case .reading(let read): text += "\(name)\(suffix) \(literal(read()))\n"
                case .histogram(let histogram): text += lines(of: histogram, name, labels)
                }
            }
        }
        return text
    }

    private func lines(of histogram: Histogram, _ name: String, _ labels: String) -> String {
        let prefix = labels.isEmpty ? "" : labels + ","
        let bounds = Histogram.boundsInSeconds.map { "\($0)" } + ["+Inf"]
        var total = 0
        var text = ""
        for (bound, count) in zip(bounds, histogram.counts) {
            total += count
            text += "\(name)_bucket{\(prefix)le=\"\(bound)\"} \(total)\n"
        }
        let suffix = labels.isEmpty ? "" : "{\(labels)}"
        return text + "\(name)_sum\(suffix) \(histogram.sumInSeconds)\n"
            + "\(name)_count\(suffix) \(total)\n"
    }
}

/// A number as the format has it, also one that is none.
private func literal(_ number: Double) -> String {
    guard number.isFinite else { return number.isNaN ? "NaN" : number > 0 ? "+Inf" : "-Inf" }
    return "\(number)"
}

/// - Parameter quote: what a quotation mark becomes; in a help text it stays what it is.
private func escaped(_ text: String, quote: String = "\\\"") -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\\": escaped += "\\\\"
        case "\"": escaped += quote
        case "\n": escaped += "\\n"
        default: escaped.unicodeScalars.append(scalar)
        }
    }
    return escaped
}
