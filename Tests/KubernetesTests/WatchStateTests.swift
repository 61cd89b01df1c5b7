import Testing

@testable import Kubernetes

@Suite struct WatchStateTests {
    let start = ContinuousClock.now

    @Test func `it discovers, lists, watches, and goes on where it was`() {
        var state = WatchState()
        #expect(state.next == .discover)
        state.discovered()
        #expect(state.next == .list)
        state.listed("7")
        #expect(state.next == .watch(from: "7"))
        state.begins(now: start)
        state.noticed("9")
        #expect(state.ended(.ended, now: start, random: 0) == .zero)
        #expect(state.next == .watch(from: "9"))
    }

    @Test func `a version that is too old begins anew with a list`() {
        var state = watching()
        state.noticed("9")
        #expect(state.ended(.expired, now: start, random: 0) == .zero)
        #expect(state.next == .list)
    }

    @Test func `a watch that ends at once, again and again, is begun less and less`() {
        var state = watching()
        var waits: [Duration] = []
        for _ in 0..<9 {
            waits.append(state.ended(.ended, now: start, random: 1))
            state.begins(now: start)
        }
        #expect(
            waits == [0.5, 1, 2, 4, 8, 16, 30, 30, 30].map { .milliseconds(Int($0 * 1_000)) })
    }

    @Test func `a version that is too old again and again isn't asked for without end`() {
        var state = watching()
        #expect(state.ended(.expired, now: start, random: 0) == .milliseconds(250))
        state.listed("10")
        state.begins(now: start)
        #expect(state.ended(.expired, now: start, random: 0) == .milliseconds(500))
    }

    @Test func `a watch that was silent for a while was of use`() {
        var state = watching()
        let later = start + .seconds(10)
        #expect(state.ended(.ended, now: later, random: 1) == .zero)
    }

    @Test func `what fails waits, and what the server asks for counts`() {
        var state = watching()
        #expect(
            state.ended(.failed(retryAfter: nil), now: start, random: 0) == .milliseconds(250))
        #expect(
            state.ended(.failed(retryAfter: .seconds(9)), now: start, random: 0) == .seconds(9))
        #expect(
            state.ended(.failed(retryAfter: .seconds(9_000)), now: start, random: 0)
                == .seconds(300))
        #expect(state.next == .watch(from: "7"))
    }

    @Test func `a kind that is gone is discovered again, after a wait`() {
        var state = watching()
        state.noticed("8")
        #expect(state.ended(.unknownKind, now: start, random: 1) == .milliseconds(500))
        #expect(state.next == .discover)
    }

    private func watching() -> WatchState {
        var state = WatchState(isKindKnown: true)
        state.listed("7")
        state.begins(now: start)
        return state
    }
}

@Suite struct LineSplitterTests {
    @Test func `lines are found wherever the stream is cut`() {
        let text = Array("one\n\ntwo\nthree".utf8)
        for cut in 0...text.count {
            var splitter = LineSplitter(limit: 100)
            let lines =
                (splitter.take(Array(text[..<cut])) ?? [])
                + (splitter.take(Array(text[cut...])) ?? [])
            #expect(lines == [Array("one".utf8), Array("two".utf8)], "\(cut)")
        }
    }

    @Test(arguments: ["12345\n", "12345", "1\n12345\n"])
    func `a line that is too long is none`(text: String) {
        var splitter = LineSplitter(limit: 4)
        #expect(splitter.take(Array(text.utf8)) == nil)
    }

    @Test func `a line of the limit's length is one`() {
        var splitter = LineSplitter(limit: 4)
        #expect(splitter.take(Array("1234\n".utf8)) == [Array("1234".utf8)])
    }
}
