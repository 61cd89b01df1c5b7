import HTTP
import HTTP2

private let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]

/// Frames after a good beginning: what is held stays within its bounds, and everything ends.
func checkFrames(_ octets: [UInt8]) {
    var limits = HTTP2Limits()
    limits.bodyBytes = 4_096
    var session = HTTP2Session(limits, now: 0)
    var requests = 0
    var output: [UInt8] = []
    for part in [preface] + halves(octets) {
        guard session.wantsInput else { break }
        session.receive(part.span, now: 0)
        turn(&session, &requests, &output)
    }
    precondition(session.openStreamsCount <= limits.streams + requests + 1)
    precondition(output.count < 1_000_000)
    // Long after, nothing is left of it.
    for minute in 1...10 {
        session.checkTime(now: minute * 60_000_000_000)
        turn(&session, &requests, &output)
    }
}

private func turn(
    _ session: inout HTTP2Session, _ requests: inout Int, _ output: inout [UInt8]
) {
    while let step = session.nextStep() {
        guard case .request(let stream) = step else { continue }
        requests += 1
        _ = session.withRequest(stream) { head, message, body in
            precondition(body.upperBound <= message.count && body.count <= 4_096)
            for field in head.fields { precondition(field.value.upperBound <= message.count) }
        }
        session.respond(stream, Response(status: 202))
        session.release(stream)
    }
    session.write(into: &output, limit: 65_536)
}
