import Admin
import EventLoops
import HTTP

/// What main asked of other threads and waits for.
///
/// Owner: main. Bounded: each request of the operators' waits for one answer, and their listeners
/// have a limit of connections.
final class Answers {
    private struct Parcel: Sendable {
        var ticket: Int
        var value: any Sendable
    }

    /// How long another thread may take; the journal's may wait for a slow disk.
    private static let patience = Duration.seconds(30)
    private static let limit = 4_096

    private let loop: EventLoop
    private let mailbox: Mailbox<Parcel>
    private var ticket = 0
    private var waiting: [Int: (any Sendable) -> Void] = [:]

    init(on loop: EventLoop) throws(SystemError) {
        let mailbox = try Mailbox<Parcel>(messagesLimit: Self.limit)
        self.loop = loop
        self.mailbox = mailbox
        try mailbox.receive(on: loop) { [unowned self] parcels in
            for parcel in parcels { waiting.removeValue(forKey: parcel.ticket)?(parcel.value) }
        }
    }

    /// Asks another thread for a value, and answers an operator with what is made of it.
    ///
    /// - Parameters:
    ///   - ask: hands the question over with what to call, on any thread, with the answer; says
    ///     whether there was room for it.
    ///   - body: makes the response, on main.
    func ask<Value: Sendable>(
        _ ask: (@escaping @Sendable (Value) -> Void) -> Bool, reply: @escaping AdminCall.Reply,
        _ body: @escaping (Value) -> Response
    ) {
        ticket += 1
        let (ticket, mailbox) = (ticket, mailbox)
        let isAsked = ask { _ = mailbox.send(Parcel(ticket: ticket, value: $0)) }
        guard isAsked, waiting.count < Self.limit else { return reply(Self.unanswered) }
        waiting[ticket] = { value in
            // A ticket is for one question, so its answer is of that type.
            if let value = value as? Value { reply(body(value)) }
        }
        loop.schedule(after: Self.patience) { [weak self] in
            guard self?.waiting.removeValue(forKey: ticket) != nil else { return }
            reply(Self.unanswered)
        }
    }

    private static var unanswered: Response {
        var response = Problem(
            status: 503, code: "no_answer",
            detail: "The part of the gateway that knows has no time to answer; try again."
        ).response
        response.add("Retry-After", "1")
        return response
    }
}
