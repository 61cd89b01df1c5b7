import Telemetry
import Testing

@Suite struct LabelledCountersTests {
    private func counter(_ counters: inout LabelledCounters, _ value: String) -> Counter {
        let octets = Array(value.utf8)
        return counters.counter(for: octets.span)
    }

    @Test func `a value has its counter, over all loops`() {
        let metrics = Metrics()
        var one = LabelledCounters(metrics, "a_total", help: "A.", label: "b", labels: ("c", "d"))
        var other = LabelledCounters(
            metrics, "a_total", help: "A.", label: "b", labels: ("c", "d"))
        counter(&one, "x").add()
        counter(&one, "x").add()
        counter(&other, "x").add()
        counter(&other, "y").add()
        #expect(
            metrics.exposition() == """
                # HELP a_total A.
                # TYPE a_total counter
                a_total{c="d",b="x"} 3
                a_total{c="d",b="y"} 1

                """)
    }

    @Test func `values after the limit are counted together`() {
        let metrics = Metrics()
        var counters = LabelledCounters(
            metrics, "a_total", help: "A.", label: "b", valuesLimit: 2)
        for value in ["x", "y", "z", "", "x", "w"] { counter(&counters, value).add() }
        #expect(
            metrics.exposition() == """
                # HELP a_total A.
                # TYPE a_total counter
                a_total{b="x"} 2
                a_total{b="y"} 1
                a_total{b="other"} 3

                """)
    }

    @Test func `as many values as the limit says are told apart`() {
        let metrics = Metrics()
        var counters = LabelledCounters(
            metrics, "a_total", help: "A.", label: "b", valuesLimit: 1_000)
        for number in 0..<1_000 { counter(&counters, "\(number)").add() }
        for number in 0..<1_000 { #expect(counter(&counters, "\(number)").value == 1) }
        for number in 1_000..<5_000 { counter(&counters, "\(number)").add() }
        #expect(metrics.exposition().contains("\na_total{b=\"other\"} 4000\n"))
    }

    @Test func `octets that are no text are counted all the same`() {
        let metrics = Metrics()
        var counters = LabelledCounters(metrics, "a_total", help: "A.", label: "b")
        let octets: [UInt8] = [0xFF, 0x0A, 0x22]
        counters.counter(for: octets.span).add()
        #expect(metrics.exposition().hasSuffix("\na_total{b=\"\u{FFFD}\\n\\\"\"} 1\n"))
    }
}
