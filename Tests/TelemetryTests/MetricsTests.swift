import Telemetry
import Testing

@Suite struct MetricsTests {
    @Test func `the text has each family once, with all its series`() {
        let metrics = Metrics()
        metrics.counter("b_total", help: "All b.", ("kind", "x")).add()
        metrics.counter("b_total", help: "All b.", ("kind", "y"), ("place", "z")).add(2)
        metrics.gauge("c_bytes", help: "Bytes.").set(-3)
        metrics.reading("a_seconds", help: "Seconds.", ("of", "day")) { 1.5 }
        #expect(
            metrics.exposition() == """
                # HELP a_seconds Seconds.
                # TYPE a_seconds gauge
                a_seconds{of="day"} 1.5
                # HELP b_total All b.
                # TYPE b_total counter
                b_total{kind="x"} 1
                b_total{kind="y",place="z"} 2
                # HELP c_bytes Bytes.
                # TYPE c_bytes gauge
                c_bytes -3

                """)
    }

    @Test func `nothing has an empty text`() {
        #expect(Metrics().exposition() == "")
    }

    @Test func `whoever asks twice gets the same`() {
        let metrics = Metrics()
        let counter = metrics.counter("a_total", help: "A.", ("b", "c"))
        #expect(counter === metrics.counter("a_total", help: "A.", ("b", "c")))
        #expect(counter !== metrics.counter("a_total", help: "A.", ("b", "d")))
        #expect(metrics.gauge("g", help: "G.") === metrics.gauge("g", help: "G."))
        #expect(metrics.histogram("h", help: "H.") === metrics.histogram("h", help: "H."))
    }

    @Test(arguments: [
        ("plain", "plain"), ("a\"b", "a\\\"b"), ("a\\b", "a\\\\b"), ("a\nb", "a\\nb"),
        ("a\r\nb", "a\r\\nb"), ("é€", "é€"), ("", ""),
    ])
    func `a label's value is escaped`(value: String, escaped: String) {
        let metrics = Metrics()
        metrics.counter("a_total", help: "A.", ("b", value)).add()
        #expect(metrics.exposition().hasSuffix("\na_total{b=\"\(escaped)\"} 1\n"))
    }

    @Test func `a help text is escaped, but for its quotes`() {
        let metrics = Metrics()
        _ = metrics.counter("a_total", help: "A \"b\"\\c\nd.")
        #expect(metrics.exposition().hasPrefix("# HELP a_total A \"b\"\\\\c\\nd.\n"))
    }

    @Test(arguments: [
        (Double.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"), (0, "0.0"),
        (1e21, "1e+21"), (-0.25, "-0.25"),
    ])
    func `a reading is written as Prometheus reads it`(number: Double, text: String) {
        let metrics = Metrics()
        metrics.reading("a", help: "A.") { number }
        #expect(metrics.exposition().hasSuffix("\na \(text)\n"))
    }

    @Test func `a histogram counts each duration in its bucket and in all above`() {
        let metrics = Metrics()
        let histogram = metrics.histogram("a_seconds", help: "A.", ("b", "c"))
        for duration in [
            Duration.zero, .microseconds(500), .microseconds(501), .milliseconds(30),
            .seconds(60), .milliseconds(60_001),
        ] {
            histogram.observe(duration)
        }
        #expect(histogram.counts == [2, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1])
        #expect(histogram.sumInSeconds == 120.032_001)
        let bounds = [
            "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5",
            "1.0", "2.5", "5.0", "10.0", "30.0", "60.0", "+Inf",
        ]
        let totals = [2, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 5, 6]
        var text = "# HELP a_seconds A.\n# TYPE a_seconds histogram\n"
        for (bound, total) in zip(bounds, totals) {
            text += "a_seconds_bucket{b=\"c\",le=\"\(bound)\"} \(total)\n"
        }
        text += "a_seconds_sum{b=\"c\"} 120.032001\na_seconds_count{b=\"c\"} 6\n"
        #expect(metrics.exposition() == text)
    }

    @Test func `each bound is inclusive`() {
        let histogram = Histogram()
        for bound in Histogram.boundsInSeconds { histogram.observe(.seconds(bound)) }
        #expect(histogram.counts == Array(repeating: 1, count: 16) + [0])
        histogram.observe(.seconds(60) + .nanoseconds(1))
        #expect(histogram.counts.last == 1)
    }

    @Test func `threads that count at the same time lose nothing`() async {
        let counter = Counter()
        let gauge = Gauge()
        let histogram = Histogram()
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1_000 {
                        counter.add()
                        gauge.add(2)
                        gauge.add(-1)
                        histogram.observe(.milliseconds(1))
                    }
                }
            }
        }
        #expect(counter.value == 8_000)
        #expect(gauge.value == 8_000)
        #expect(histogram.counts.reduce(0, +) == 8_000)
        #expect(abs(histogram.sumInSeconds - 8) < 1e-9)
    }
}
