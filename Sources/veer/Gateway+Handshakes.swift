import Admin
import CloudEvents
import HTTP
import Ingress

/// What operators can do about senders that wait for a consent.
struct HandshakeCalls {
    let consents: Consents

    /// All of them.
    var all: [AdminCall] { [list, approve, refuse] }

    private var list: AdminCall {
        AdminCall(.get, "/api/v1/handshakes") { _, reply in
            let items = consents.waiting.map { json($0) }
            reply(.json("{\"handshakes\":[\(items.joined(separator: ","))]}"))
        }
    }

    private var approve: AdminCall {
        AdminCall(.post, "/api/v1/handshakes/{id}/approve") { request, reply throws(AdminRefusal) in
            let id = request.segment("id")
            let isThere = consents.approve(id) { problem in
                guard let problem else {
                    return reply(.json("{\"approved\":\(JSONText.quoted(id))}"))
                }
                reply(Problem(status: 502, code: "callback_failed", detail: problem).response)
            }
            guard isThere else { throw nothing }
        }
    }

    private var refuse: AdminCall {
        AdminCall(.post, "/api/v1/handshakes/{id}/refuse") { request, reply throws(AdminRefusal) in
            let id = request.segment("id")
            guard consents.refuse(id) else { throw nothing }
            reply(.json("{\"refused\":\(JSONText.quoted(id))}"))
        }
    }

    private var nothing: AdminRefusal {
        AdminRefusal(
            status: 404, code: "no_handshake",
            detail: "No sender waits under this name; veer handshakes list tells who does.")
    }

    private func json(_ entry: PendingConsents.Entry) -> String {
        let request = entry.request
        let (kind, name) =
            switch request.sender {
            case .origin(let origin, _): ("origin", origin)
            case .topic(let topic): ("topic", topic)
            }
        return "{\"id\":\(JSONText.quoted(entry.id)),"
            + "\"source\":\(JSONText.quoted(consents.source(of: request))),"
            + "\"\(kind)\":\(JSONText.quoted(name)),"
            + "\"address\":\(JSONText.quoted(request.address)),"
            + "\"peer\":\(JSONText.quoted(request.peer)),"
            + "\"waitsSeconds\":\(consents.age(of: entry))}"
    }
}
