import CNghttp2
import HTTP

@testable import HTTP2

/// A client with its server, joined in memory.
final class Peer {
    var session: HTTP2Session
    var now = 0
    /// What the server has sent.
    var frames: [Frame] = []
    var steps: [HTTP2Session.Step] = []
    private var inflater: OpaquePointer?

    /// Requests as they were reported.
    struct Request: Equatable {
        var method = ""
        var path = ""
        var query: String?
        var host: String?
        var fields: [String] = []
        var body: [UInt8] = []
    }

    /// - Parameter greets: whether the connection's beginning is sent.
    init(_ limits: HTTP2Limits = HTTP2Limits(), greets: Bool = true) {
        session = HTTP2Session(limits, now: 0)
        session.date = Array("Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n".utf8)
        nghttp2_hd_inflate_new(&inflater)
        guard greets else { return }
        send(octets: preface)
        send(.settings(), .settingsAcknowledgement)
    }

    deinit { nghttp2_hd_inflate_del(inflater) }

    func send(_ frames: Frame...) { send(octets: frames.flatMap(\.octets)) }

    func send(octets: [UInt8]) {
        session.receive(octets.span, now: now)
        turn()
    }

    /// Takes the steps and the output.
    func turn() {
        while let step = session.nextStep() { steps.append(step) }
        var output: [UInt8] = []
        session.write(into: &output, limit: .max)
        frames += Frame.all(in: output)
        while let step = session.nextStep() { steps.append(step) }
    }

    func pass(seconds: Double) {
        now += Int(seconds * 1e9)
        session.checkTime(now: now)
        turn()
    }

    func respond(_ stream: Int32, _ response: Response) {
        session.respond(stream, response)
        turn()
    }

    func take(_ stream: Int32) -> Request? {
        let request = session.withRequest(stream) { head, message, body in
            func text(_ range: Range<Int>) -> String {
                String(decoding: range.map { message[$0] }, as: UTF8.self)
            }
            return Request(
                method: text(head.methodName), path: text(head.path), query: head.query.map(text),
                host: head.host.map(text),
                fields: head.fields.map { text($0.name) + "=" + text($0.value) },
                body: body.map { message[$0] })
        }
        session.release(stream)
        return request
    }

    // MARK: - What the session says

    // An expectation can't look into what isn't copied.
    var isIdle: Bool { session.isIdle }
    var isOver: Bool { session.isOver }
    var hasOutput: Bool { session.hasOutput }
    var wantsInput: Bool { session.wantsInput }
    var openStreamsCount: Int { session.openStreamsCount }
    var heldHeadBytes: Int { session.heldHeadBytes }
    var streams: [HTTP2Stream] { session.streams }

    // MARK: - What came back

    func frames(_ kind: Frame.Kind, of stream: Int32? = nil) -> [Frame] {
        frames.filter { $0.kind == kind && (stream == nil || $0.stream == stream) }
    }

    var goaway: UInt32? { frames(.goaway).last?.code }

    func resetCode(of stream: Int32) -> UInt32? { frames(.reset, of: stream).first?.code }

    func body(of stream: Int32) -> [UInt8] { frames(.data, of: stream).flatMap(\.payload) }

    /// The fields of the stream's responses, as lines; to be asked for in the order they came.
    func nextFields() -> [String]? {
        guard let index = frames.firstIndex(where: { $0.kind == .headers }) else { return nil }
        return inflate(frames.remove(at: index).payload)
    }

    private func inflate(_ payload: [UInt8]) -> [String] {
        var fields: [String] = []
        var payload = payload
        payload.withUnsafeMutableBufferPointer { octets in
            var offset = 0
            while true {
                var field = nghttp2_nv()
                var flags: CInt = 0
                let count = nghttp2_hd_inflate_hd2(
                    inflater, &field, &flags, octets.baseAddress.map { $0 + offset },
                    octets.count - offset, 1)
                guard count >= 0 else { return }
                offset += count
                if flags & CInt(NGHTTP2_HD_INFLATE_EMIT.rawValue) != 0 {
                    let name = UnsafeBufferPointer(start: field.name, count: field.namelen)
                    let value = UnsafeBufferPointer(start: field.value, count: field.valuelen)
                    fields.append(
                        String(decoding: name, as: UTF8.self) + ": "
                            + String(decoding: value, as: UTF8.self))
                }
                if flags & CInt(NGHTTP2_HD_INFLATE_FINAL.rawValue) != 0 {
                    nghttp2_hd_inflate_end_headers(inflater)
                    return
                }
                if count == 0 { return }
            }
        }
        return fields
    }
}
