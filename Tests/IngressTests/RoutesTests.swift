import CloudEvents
import Configuration
import Filters
import Journal
import Testing

@testable import Ingress

@Suite struct RoutesTests {
    /// Routes of two sources and four sinks.
    static func routes(_ routes: [(from: [Int], to: [Int], filter: FilterExpression?)]) throws
        -> Routes
    {
        var settings = Settings()
        settings.sources = [0, 1].map {
            SourceSettings(name: "source-\($0)", webhook: WebhookSettings(listeners: [0]))
        }
        settings.sinks = (0..<4).map { SinkSettings(name: "sink-\($0)", target: .discard) }
        settings.routes = try routes.enumerated().map { number, route in
            var settings = RouteSettings(
                name: "route-\(number)", sources: route.from, sinks: route.to)
            settings.filter = try route.filter.map { try Filter($0) }
            return settings
        }
        return Routes(settings)
    }

    static func event(_ type: String) throws -> Event {
        try Event(attributes: [("id", "1"), ("source", "/tests"), ("type", type)])
    }

    static func set(_ sinks: [Int]) -> SinkSet {
        sinks.reduce(into: []) { $0.insert(SinkSet(sink: $1)) }
    }

    @Test func `routes without filters depend on no event`() throws {
        let routes = try Self.routes([([0, 1], [0], nil), ([0], [2, 0], nil)])
        #expect(routes.sinksOfAllEvents(ofSource: 0) == Self.set([0, 2]))
        #expect(routes.sinksOfAllEvents(ofSource: 1) == Self.set([0]))
        #expect(routes.sinks(of: try Self.event("a"), ofSource: 0) == Self.set([0, 2]))
    }

    @Test func `a source without a route has no sinks`() throws {
        #expect(try Self.routes([([0], [0], nil)]).sinksOfAllEvents(ofSource: 1) == [])
    }

    @Test func `an event goes where a filter lets it, once`() throws {
        let routes = try Self.routes([
            ([0], [0, 1], .prefix([.init("type", "a")])),
            ([0, 1], [1, 2], .suffix([.init("type", "z")])),
            ([1], [3], nil),
        ])
        #expect(routes.sinksOfAllEvents(ofSource: 0) == nil)
        let expected: [(String, Int, [Int])] = [
            ("a", 0, [0, 1]), ("z", 0, [1, 2]), ("az", 0, [0, 1, 2]), ("b", 0, []),
            ("a", 1, [3]), ("z", 1, [1, 2, 3]),
        ]
        for (type, source, sinks) in expected {
            let event = try Self.event(type)
            #expect(
                routes.sinks(of: event, ofSource: source) == Self.set(sinks), "\(type), \(source)")
        }
    }

    /// Every route with a filter of its own: whichever types an event may have, exactly the sinks
    /// of the routes whose filter says yes get it.
    @Test(arguments: 0..<32)
    func `each event goes only to the sinks of the routes that want it`(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let words = ["a", "b", "ab", "ba", "aab"]
        let filters = (0..<6).map { _ -> FilterExpression in
            let attributes = [
                FilterExpression.Attribute("type", words.randomElement(using: &random)!)
            ]
            let leaf: [FilterExpression] = [
                .exact(attributes), .prefix(attributes), .suffix(attributes),
                .cesql("type LIKE '%\(attributes[0].value)%'"),
            ]
            let filter = leaf.randomElement(using: &random)!
            return Bool.random(using: &random) ? filter : .not(filter)
        }
        let targets = filters.map { _ in [Int.random(in: 0..<4, using: &random)] }
        let routes = try Self.routes(zip(filters, targets).map { ([0], $1, $0) })
        for word in words {
            let event = try Self.event(word)
            let wanted = try zip(filters, targets).filter { try Filter($0.0).matches(event) }
            #expect(
                routes.sinks(of: event, ofSource: 0) == Self.set(wanted.flatMap(\.1)), "\(word)")
        }
    }
}

/// A generator whose numbers are the same in every run.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
