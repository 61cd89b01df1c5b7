import Testing

@testable import Delivery

/// Tokens that somebody else gets.
@Suite struct SuppliedAuthorizationTests {
    @Test func `nothing is sent before there is a token, or it's known that none is wanted`() {
        let authorization = SuppliedAuthorization { true }
        var readyCount = 0
        authorization.onReady = { readyCount += 1 }
        #expect(authorization.obstacle != nil)
        authorization.take(obstacle: "asked for")
        #expect(authorization.obstacle == "asked for")
        authorization.take(token: "a")
        #expect(authorization.value == "Bearer a")
        #expect(authorization.obstacle == nil)
        authorization.take(token: nil)
        #expect(authorization.value == nil)
        #expect(authorization.obstacle == nil)
        #expect(readyCount == 2)
    }

    @Test func `a refused token is replaced, and only once for all who used it`() {
        var askedCount = 0
        let authorization = SuppliedAuthorization {
            askedCount += 1
            return true
        }
        authorization.take(token: "a")
        #expect(authorization.wasRefused("Bearer a"))
        #expect(authorization.wasRefused("Bearer a"))
        #expect(askedCount == 1)
        #expect(authorization.value == nil)
        #expect(authorization.obstacle != nil)
        authorization.take(token: "b")
        #expect(authorization.wasRefused("Bearer a"))
        #expect(askedCount == 1)
    }

    @Test func `a successor that is refused, too, is the sink's last word`() {
        let authorization = SuppliedAuthorization { true }
        authorization.take(token: "a")
        _ = authorization.wasRefused("Bearer a")
        authorization.take(token: "b")
        #expect(!authorization.wasRefused("Bearer b"))
        #expect(authorization.value == "Bearer b")
        authorization.wasTaken("Bearer b")
        #expect(authorization.wasRefused("Bearer b"))
    }

    @Test func `where nobody can be asked, the answer counts`() {
        let authorization = SuppliedAuthorization { false }
        authorization.take(token: "a")
        #expect(!authorization.wasRefused("Bearer a"))
        #expect(authorization.value == "Bearer a")
    }
}
