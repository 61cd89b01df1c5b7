import Testing

@testable import Ingress

/// Who waits for an operator, and for how long.
@Suite struct PendingConsentsTests {
    private func request(
        _ origin: String, source: Int = 0, at address: String = "https://a.example/"
    ) -> ConsentRequest {
        ConsentRequest(
            source: source, sender: .origin(origin, rate: nil), address: address,
            isAutomatic: false, peer: "192.0.2.1:1")
    }

    @Test func `whoever asks again waits already`() {
        var pending = PendingConsents()
        guard case .new(let entry, nil) = pending.add(request("a"), id: "1", now: 0) else {
            Issue.record("not new")
            return
        }
        let again = pending.add(request("a"), id: "2", now: 5)
        #expect(again == .known(entry))
        let waiting = pending.waiting(now: 5)
        #expect(waiting == [entry])
    }

    /// Or whoever makes a known name up could have its own address called.
    @Test func `the same name with another address is another one`() {
        var pending = PendingConsents()
        _ = pending.add(request("a"), id: "1", now: 0)
        _ = pending.add(request("a", at: "https://evil.example/"), id: "2", now: 0)
        _ = pending.add(request("a", source: 1), id: "3", now: 0)
        let waiting = pending.waiting(now: 0).map(\.id)
        #expect(waiting == ["1", "2", "3"])
    }

    @Test func `a source has room for a few, and the oldest makes room`() {
        var pending = PendingConsents()
        _ = pending.add(request("other", source: 1), id: "other", now: 0)
        for place in 0..<PendingConsents.perSourceLimit {
            _ = pending.add(request("\(place)"), id: "\(place)", now: place)
        }
        guard case .new(_, let evicted?) = pending.add(request("new"), id: "new", now: 50) else {
            Issue.record("nothing made room")
            return
        }
        #expect(evicted.id == "0")
        let waiting = pending.waiting(now: 50).map(\.id)
        #expect(waiting.count == PendingConsents.perSourceLimit + 1)
        #expect(waiting.first == "other" && waiting.last == "new")
    }

    @Test func `nobody waits for ever, and nobody is taken out twice`() {
        var pending = PendingConsents()
        _ = pending.add(request("a"), id: "1", now: 0)
        _ = pending.add(request("b"), id: "2", now: 10)
        let (first, second) = (pending.remove("2", now: 10), pending.remove("2", now: 10))
        #expect(first?.request == request("b") && second == nil)
        let waiting = pending.waiting(now: PendingConsents.lifetime - 1).map(\.id)
        #expect(waiting == ["1"])
        let late = pending.remove("1", now: PendingConsents.lifetime)
        let left = pending.waiting(now: PendingConsents.lifetime)
        #expect(late == nil && left.isEmpty)
    }
}
