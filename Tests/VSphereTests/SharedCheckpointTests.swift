import CloudEvents
import Testing

@testable import VSphere

/// What a checkpoint says when it travels.
@Suite struct SharedCheckpointTests {
    private func checkpoint(since: Int64, seen: [Int32]) -> Checkpoint {
        Checkpoint(
            SeenEvents(
                since: Timestamp(microseconds: since), lastKey: seen.last,
                recent: seen.map { .init(key: $0, microseconds: since + Int64($0)) }))
    }

    @Test func `what fits is whole`() {
        let checkpoint = checkpoint(since: 1, seen: Array(1...100))
        #expect(checkpoint.text(bytes: checkpoint.text.utf8.count) == checkpoint.text)
    }

    @Test(arguments: [4_096, 1_000, 300, 100])
    func `what has no room is forgotten from the oldest event on`(limit: Int) throws {
        let whole = checkpoint(since: 1, seen: Array(1...500))
        let text = whole.text(bytes: limit)
        #expect(text.utf8.count <= limit)
        let seen = try #require(Checkpoint(text: text)).seen
        #expect(seen.since == whole.seen.since)
        #expect(seen.lastKey == 500)
        #expect(seen.recent == Array(whole.seen.recent.suffix(seen.recent.count)))
    }

    @Test func `a burst's events all have room`() throws {
        // As many as are remembered, some milliseconds apart.
        var recent: [SeenEvents.Identity] = []
        for number in 0..<2_000 as Range<Int64> {
            recent.append(
                .init(
                    key: .max &+ Int32(number),
                    microseconds: 1_900_000_000_000_000 + number * 5_003 - number % 3 * 20_000))
        }
        let whole = Checkpoint(
            SeenEvents(since: Timestamp(microseconds: 1), lastKey: 7, recent: recent))
        #expect(whole.text.utf8.count > 60_000)
        let text = whole.text(bytes: 32 * 1024)
        #expect(text.utf8.count <= 32 * 1024)
        #expect(Checkpoint(text: text) == whole)
    }

    @Test func `the one leads further that was read until later`() {
        let early = checkpoint(since: 10, seen: [1, 2]).text
        let late = checkpoint(since: 20, seen: []).text
        #expect(VSphere.further(early, late) == late)
        #expect(VSphere.further(late, early) == late)
    }

    @Test func `of two until the same moment, the one leads further that knows more`() {
        let few = checkpoint(since: 10, seen: [1, 2]).text
        let more = checkpoint(since: 10, seen: [1, 2, 3]).text
        let others = checkpoint(since: 10, seen: [7]).text
        #expect(VSphere.further(few, more) == more)
        #expect(VSphere.further(more, few) == more)
        #expect(VSphere.further(few, others) == few)
    }

    @Test func `what can't be read leads nowhere`() {
        let good = checkpoint(since: 10, seen: []).text
        #expect(VSphere.further(good, "?") == good)
        #expect(VSphere.further("?", good) == good)
    }
}
