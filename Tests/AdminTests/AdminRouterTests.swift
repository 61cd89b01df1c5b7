import HTTP
import Testing

@testable import Admin

@Suite struct AdminRouterTests {
    private let router = AdminRouter([
        AdminCall(.get, "/api/v1/sinks") { _, _ in },
        AdminCall(.get, "/api/v1/letters/{number}") { _, _ in },
        AdminCall(.delete, "/api/v1/letters/{number}") { _, _ in },
        AdminCall(.post, "/api/v1/sinks/{name}/enable") { _, _ in },
    ])

    private func found(_ method: String, _ path: String) -> String {
        switch router.find(method, path) {
        case .call(let call, let segments):
            "\(call.method.rawValue) \(call.path) \(segments.sorted { $0.key < $1.key })"
        case .otherMethods(let methods): methods.joined(separator: ",")
        case .nothing: "nothing"
        }
    }

    @Test(arguments: [
        ("GET", "/api/v1/sinks", "GET /api/v1/sinks []"),
        ("HEAD", "/api/v1/sinks", "GET /api/v1/sinks []"),
        ("POST", "/api/v1/sinks", "GET,HEAD"),
        ("PUT", "/api/v1/letters/7", "GET,HEAD,DELETE"),
        ("GET", "/api/v1/letters/", "nothing"),
        ("GET", "/api/v1/letters/%ZZ", "nothing"),
        ("GET", "/api/v1/sinks/", "nothing"),
        ("GET", "/api/v1/nothing", "nothing"),
    ])
    func `a call is found by method and path`(method: String, path: String, expected: String) {
        #expect(found(method, path) == expected)
    }

    @Test func `a segment in braces is decoded and told`() {
        #expect(
            found("POST", "/api/v1/sinks/a%2Fb+c/enable")
                == "POST /api/v1/sinks/{name}/enable [(key: \"name\", value: \"a/b+c\")]")
    }

    @Test func `a query's parameters are decoded`() throws {
        #expect(
            try AdminRouter.parameters(of: "a=1&b=x%20y+z%2B&c&d=")
                == ["a": "1", "b": "x y z+", "c": "", "d": ""])
        #expect(try AdminRouter.parameters(of: "").isEmpty)
    }

    @Test(arguments: ["a=1&a=2", "a=%", "a=%4", "a=%+1", "a=%FF"])
    func `a query that is ambiguous or no text is refused`(query: String) {
        #expect(throws: AdminRefusal.self) { try AdminRouter.parameters(of: query) }
    }

    @Test func `a parameter that is no number of its range is refused`() throws {
        var request = AdminRequest()
        request.parameters = ["limit": "5", "dryRun": "true"]
        #expect(try request.integer("limit", in: 1...5) == 5)
        #expect(try request.integer("after", in: 1...5) == nil)
        #expect(try request.flag("dryRun"))
        #expect(throws: AdminRefusal.self) { try request.integer("limit", in: 1...4) }
        #expect(throws: AdminRefusal.self) { try request.flag("limit") }
    }
}
