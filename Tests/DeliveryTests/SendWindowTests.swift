import Testing

@testable import Delivery

@Suite struct SendWindowTests {
    @Test func `a cut halves the window, down to one`() {
        var window = SendWindow(limit: 32)
        var sizes = [window.size]
        for _ in 0..<6 {
            window.slowedDown(round: window.round)
            sizes.append(window.size)
        }
        #expect(sizes == [32, 16, 8, 4, 2, 1, 1])
        #expect(!window.isProbing)
    }

    @Test func `what was sent before a cut doesn't cut again`() {
        var window = SendWindow(limit: 32)
        for _ in 0..<32 { window.unanswered(round: 0) }
        #expect(window.size == 16)
        #expect(window.silences == 1)
        window.slowedDown(round: 0)
        #expect(window.size == 16)
    }

    @Test func `three silences make a probing window, one answer ends it`() {
        var window = SendWindow(limit: 32)
        for round in 0..<3 {
            #expect(!window.isProbing)
            let isNews = window.unanswered(round: round)
            #expect(isNews)
        }
        #expect(window.isProbing)
        #expect(window.size == 1)
        window.answered()
        #expect(!window.isProbing)
        #expect(window.size == 2)
    }

    /// A few failures may be the fault of their events.
    @Test func `whole windows of failures in a row are as good as silence`() {
        var window = SendWindow(limit: 8)
        for _ in 0..<7 { check(!window.failed(round: window.round)) }
        window.answered()
        for _ in 0..<7 { check(!window.failed(round: window.round)) }
        #expect(window.size == 8)
        check(window.failed(round: window.round))
        #expect((window.size, window.silences) == (4, 1))
        // What was sent before the cut says nothing new.
        for _ in 0..<9 { check(!window.failed(round: 0)) }
        for _ in 0..<4 { window.failed(round: window.round) }
        for _ in 0..<3 { window.failed(round: window.round) }
        #expect(window.isProbing)
        #expect(window.size == 1)
        check(window.failed(round: window.round))
        window.answered()
        #expect(!window.isProbing)
    }

    @Test func `one event that fails again and again stops no others`() {
        var window = SendWindow(limit: 32)
        for _ in 0..<11 { window.failed(round: window.round) }
        #expect(window.size == 32)
    }

    @Test func `a sink that does nothing but ask for less is probed`() {
        var window = SendWindow(limit: 1)
        for _ in 0..<9 {
            #expect(!window.isProbing)
            window.slowedDown(round: window.round)
        }
        #expect(window.isProbing)
    }

    @Test func `the window widens by one for each whole window of answers`() {
        var window = SendWindow(limit: 4)
        window.slowedDown(round: 0)
        window.slowedDown(round: 1)
        #expect(window.size == 1)
        var sizes: [Int] = []
        for _ in 0..<12 {
            window.answered()
            sizes.append(window.size)
        }
        #expect(sizes == [2, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4])
    }
}
