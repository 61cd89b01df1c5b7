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
