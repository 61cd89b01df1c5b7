import Testing

@testable import HTTP

/// Whole connections, cut in all ways, without a socket.
@Suite struct RequestReaderTests {
    private let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
    private let post = "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
    private let chunked =
        "PUT /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "2;x\r\nhe\r\n3\r\nllo\r\n0\r\nTrailer: x\r\n\r\n"

    @Test func `each request is given once, with its body in one place`() throws {
        for input in [get, post, chunked, post + get, chunked + post, get + chunked + get] {
            let expected = try read([octets(input)])
            #expect(!expected.isEmpty)
            for reads in cuts(of: input) { #expect(try read(reads) == expected, "\(reads)") }
        }
        #expect(
            try read([octets(get + post + chunked + get)]) == [
                "GET /a ", "POST /b hello", "PUT /c hello", "GET /a ",
            ])
    }

    @Test func `a head is read the same, whatever head came before it`() throws {
        let heads = [
            "GET /a HTTP/1.1\r\nHost: a\r\n\r\n", "GET /b HTTP/1.1\r\nHost: a\r\n\r\n",
            "\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a HTTP/1.1\r\nHost: a\r\nA:\r\n\r\n",
            "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\nA: \(String(repeating: "a", count: 4_000))\r\n\r\n",
        ]
        for head in heads {
            let expected = try decodeHead([octets(head)]).head
            for before in heads {
                #expect(
                    try readHeads([octets(before + head + head)])[1...] == [expected, expected])
            }
            for reads in cuts(of: head) {
                let all = try readHeads([octets(head)] + reads + [octets(head)])
                #expect(all == [expected, expected, expected])
            }
        }
    }

    @Test func `empty lines between requests are passed over`() throws {
        for reads in cuts(of: post + "\r\n" + get + "\r\n\r\n" + get) {
            #expect(try read(reads) == ["POST /b hello", "GET /a ", "GET /a "])
        }
    }

    @Test func `no part of a request is taken for the whole`() throws {
        for input in [get, post, chunked] {
            let whole = octets(input)
            for count in whole.indices { #expect(try read([Array(whole[..<count])]) == []) }
        }
    }

    @Test func `a body's length is what the field says, and the rest is the next request`() {
        for reads in cuts(of: post + "!!\r\n\r\n") {
            #expect(throws: RequestFailure.malformedRequestLine) { try read(reads) }
        }
        for reads in cuts(of: "POST / HTTP/1.1\r\nHost: a\r\n\r\n{}") {
            #expect(throws: RequestFailure.malformedRequestLine) { try read(reads) }
        }
    }

    @Test func `a request within a body is never a request`() throws {
        let inner = post
        let outer = "POST /outer HTTP/1.1\r\nHost: a\r\nContent-Length: \(inner.utf8.count)\r\n\r\n"
        for reads in cuts(of: outer + inner) {
            #expect(try read(reads) == ["POST /outer " + inner])
        }
    }

    @Test func `a length over the limit is refused with the head`() throws {
        #expect(try read([octets(post)], bodyBytesLimit: 5) == ["POST /b hello"])
        for reads in cuts(of: post) {
            #expect(throws: RequestFailure.bodyTooLarge) { try read(reads, bodyBytesLimit: 4) }
        }
    }

    @Test func `chunks over the limit are refused`() throws {
        #expect(try read([octets(chunked)], bodyBytesLimit: 5) == ["PUT /c hello"])
        for reads in cuts(of: chunked) {
            #expect(throws: RequestFailure.bodyTooLarge) { try read(reads, bodyBytesLimit: 4) }
        }
    }

    @Test func `what a coding adds to a body is limited too`() {
        for reads in cuts(of: chunked) {
            #expect(throws: RequestFailure.chunkOverheadTooLarge) {
                try read(reads, chunkOverheadBytesLimit: 4)
            }
        }
    }

    @Test func `a chunked body needs no more room than it has octets`() throws {
        var reader = makeReader(chunkOverheadBytesLimit: 1 << 20)
        var buffer = ReadBuffer(bytes: 256)
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        let chunks = String(repeating: "1;a=b\r\nx\r\n", count: 1_000)
        var body: Range<Int>?
        for part in [head, chunks, "0\r\n\r\n"] {
            for octet in octets(part) {
                buffer.append([octet])
                if case .request(let range) = try step(&reader, &buffer) { body = range }
            }
        }
        #expect(body?.count == 1_000)
        #expect(buffer.octets.count <= 2 * (1_000 + head.utf8.count + 20))
    }

    @Test func `the head is told before the body comes`() throws {
        var reader = makeReader()
        var buffer = ReadBuffer(bytes: 256)
        #expect(try reader.next(in: &buffer) == .needsInput(bytes: 4 * 1024))
        #expect(!reader.isWithinRequest(buffer))
        buffer.append(octets("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"))
        #expect(reader.isWithinRequest(buffer))
        #expect(!reader.isWithinBody)
        #expect(try reader.next(in: &buffer) == .head)
        #expect(reader.isWithinBody)
        #expect(reader.isBodyMissing(buffer))
        #expect(try reader.next(in: &buffer) == .needsInput(bytes: 5))
        buffer.append(octets("he"))
        #expect(!reader.isBodyMissing(buffer))
        #expect(try reader.next(in: &buffer) == .needsInput(bytes: 3))
        buffer.append(octets("llo"))
        guard case .request(let body) = try reader.next(in: &buffer) else {
            Issue.record("no request")
            return
        }
        #expect(text(buffer.octets[buffer.unread][body]) == "hello")
        #expect(!reader.isWithinBody)
        reader.finish(&buffer)
        #expect(buffer.isEmpty)
        #expect(!reader.isWithinRequest(buffer))
    }

    // MARK: - Helpers

    private func makeReader(
        bodyBytesLimit: Int = 1_024, chunkOverheadBytesLimit: Int = 1_024
    ) -> RequestReader {
        RequestReader(
            limits: RequestHeadLimits(), bodyBytesLimit: bodyBytesLimit,
            chunkOverheadBytesLimit: chunkOverheadBytesLimit)
    }

    private func step(
        _ reader: inout RequestReader, _ buffer: inout ReadBuffer
    ) throws(RequestFailure) -> RequestReader.Step {
        while true {
            let step = try reader.next(in: &buffer)
            if step != .head { return step }
        }
    }

    /// The heads of requests without bodies.
    private func readHeads(_ reads: [[UInt8]]) throws -> [RequestHead] {
        var reader = makeReader()
        var buffer = ReadBuffer(bytes: 16)
        var heads: [RequestHead] = []
        for read in reads {
            buffer.append(read)
            while case .request = try step(&reader, &buffer) {
                heads.append(reader.head)
                reader.finish(&buffer)
            }
        }
        return heads
    }

    /// Method, path and body of each request.
    private func read(
        _ reads: [[UInt8]], bodyBytesLimit: Int = 1_024, chunkOverheadBytesLimit: Int = 1_024
    ) throws -> [String] {
        var reader = makeReader(
            bodyBytesLimit: bodyBytesLimit, chunkOverheadBytesLimit: chunkOverheadBytesLimit)
        // Small, so that it must move and grow.
        var buffer = ReadBuffer(bytes: 16)
        var requests: [String] = []
        for read in reads {
            buffer.append(read)
            while case .request(let body) = try step(&reader, &buffer) {
                let message = Array(buffer.octets[buffer.unread])
                let head = reader.head
                requests.append(
                    [head.methodName, head.path, body].map { text(message[$0]) }
                        .joined(separator: " "))
                reader.finish(&buffer)
            }
        }
        return requests
    }
}
