import SOAP
import Testing

@testable import VSphere

@Suite struct SessionStateTests {
    private let start = ContinuousClock.now
    private let gone = VCenterFailure.fault(SOAPFault(type: "NotAuthenticated"))
    private let refused = VCenterFailure.fault(SOAPFault(type: "InvalidLogin"))
    private let unreachable = VCenterFailure.unreachable("connect: refused")

    private func open() -> SessionState {
        var state = SessionState()
        state.succeeded(.retrieveServiceContent)
        state.succeeded(.login)
        state.succeeded(.currentTime)
        return state
    }

    @Test func `a session is opened step by step`() {
        var state = SessionState()
        #expect(state.step(now: start) == .call(.retrieveServiceContent))
        state.succeeded(.retrieveServiceContent)
        #expect(state.step(now: start) == .call(.login))
        state.succeeded(.login)
        #expect(state.step(now: start) == .isOpen)
    }

    @Test func `a session that ran out is opened again at once`() {
        var state = open()
        #expect(state.failed(.latestEvent, gone, now: start, jitter: 1) == .sessionGone)
        #expect(state.step(now: start) == .call(.retrieveServiceContent))
        state.succeeded(.retrieveServiceContent)
        state.succeeded(.login)
        // One that runs out at once, again and again, isn't.
        #expect(state.failed(.latestEvent, gone, now: start, jitter: 1) == .sessionGone)
        #expect(state.step(now: start) == .wait(until: start + .seconds(2)))
    }

    @Test func `waits double up to a limit, and begin anew with a success`() {
        var state = open()
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
            #expect(state.failed(.latestEvent, unreachable, now: start, jitter: 1) == .retry)
            let until = start + .seconds(seconds)
            #expect(state.step(now: start) == .wait(until: until))
            #expect(state.step(now: until) == .isOpen)
        }
        state.succeeded(.latestEvent)
        _ = state.failed(.latestEvent, unreachable, now: start, jitter: 0)
        #expect(state.step(now: start) == .wait(until: start + .milliseconds(500)))
    }

    @Test func `wrong credentials never lock an account`() {
        var state = SessionState()
        state.succeeded(.retrieveServiceContent)
        var now = start
        for minutes in [5, 10, 20, 30, 30] {
            #expect(state.failed(.login, refused, now: now, jitter: 0) == .refused)
            let until = now + .seconds(60 * minutes)
            #expect(state.step(now: until - .seconds(1)) == .wait(until: until))
            #expect(state.step(now: until) == .call(.login))
            now = until
        }
    }

    @Test func `a login that fails for another reason is tried again soon`() {
        var state = SessionState()
        state.succeeded(.retrieveServiceContent)
        #expect(state.failed(.login, unreachable, now: start, jitter: 1) == .retry)
        #expect(state.step(now: start + .seconds(1)) == .call(.login))
    }
}
