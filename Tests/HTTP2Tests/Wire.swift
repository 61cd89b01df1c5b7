import CNghttp2

// What a client puts on the wire, octet by octet, so that a test can also send what no library
// would.

/// A frame, as it's sent or was received.
struct Frame: Equatable {
    enum Kind: UInt8 {
        case data, headers, priority, reset, settings, pushPromise, ping, goaway, windowUpdate
        case continuation
    }

    var type: UInt8
    var flags: UInt8 = 0
    var stream: Int32 = 0
    var payload: [UInt8] = []

    var kind: Kind? { Kind(rawValue: type) }
    var isEnd: Bool { flags & 1 != 0 }
    /// The error of a RST_STREAM or GOAWAY.
    var code: UInt32? {
        switch kind {
        case .reset: number(at: 0)
        case .goaway: number(at: 4)
        default: nil
        }
    }

    func number(at place: Int) -> UInt32 {
        payload[place..<place + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    init(_ kind: Kind, flags: UInt8 = 0, stream: Int32 = 0, payload: [UInt8] = []) {
        type = kind.rawValue
        self.flags = flags
        self.stream = stream
        self.payload = payload
    }

    var octets: [UInt8] {
        bigEndian(UInt32(payload.count)).dropFirst() + [type, flags]
            + bigEndian(UInt32(bitPattern: stream)) + payload
    }

    /// The frames in these octets, which are whole ones.
    static func all(in octets: [UInt8]) -> [Frame] {
        var frames: [Frame] = []
        var rest = octets[...]
        while rest.count >= 9 {
            let header = Array(rest.prefix(9))
            let count = Int(header[0]) << 16 | Int(header[1]) << 8 | Int(header[2])
            var frame = Frame(
                .data, flags: header[4], payload: Array(rest.dropFirst(9).prefix(count)))
            frame.type = header[3]
            frame.stream = Int32(
                bitPattern: header[5...].reduce(0) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF)
            frames.append(frame)
            rest = rest.dropFirst(9 + count)
        }
        return frames
    }
}

func bigEndian(_ number: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
}

let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

/// Fields as literals that are never indexed, in the plainest form that HPACK has.
func block(_ fields: [(String, String)]) -> [UInt8] {
    fields.flatMap { name, value in [0] + text(name) + text(value) }
}

private func text(_ text: String) -> [UInt8] {
    // One octet for each character, which is one of the first 256.
    let octets = text.unicodeScalars.map { UInt8($0.value) }
    return integer(octets.count, prefix: 7, first: 0) + octets
}

/// A number as HPACK has it.
func integer(_ number: Int, prefix: Int, first: UInt8) -> [UInt8] {
    let most = 1 << prefix - 1
    guard number >= most else { return [first | UInt8(number)] }
    var rest = number - most
    var octets = [first | UInt8(most)]
    while rest >= 128 {
        octets.append(UInt8(rest & 127 | 128))
        rest >>= 7
    }
    return octets + [UInt8(rest)]
}

/// The pseudo-fields of a request.
func request(
    _ method: String = "POST", _ path: String = "/in", authority: String? = "veer.test",
    scheme: String = "http", _ fields: [(String, String)] = []
) -> [(String, String)] {
    [(":method", method), (":scheme", scheme), (":path", path)]
        + (authority.map { [(":authority", $0)] } ?? []) + fields
}

extension Frame {
    static func headers(
        _ stream: Int32, _ fields: [(String, String)] = request(), isEnd: Bool = false,
        isWhole: Bool = true
    ) -> Frame {
        Frame(
            .headers, flags: (isEnd ? 1 : 0) | (isWhole ? 4 : 0), stream: stream,
            payload: block(fields))
    }

    static func data(_ stream: Int32, _ octets: [UInt8], isEnd: Bool = false) -> Frame {
        Frame(.data, flags: isEnd ? 1 : 0, stream: stream, payload: octets)
    }

    static func settings(_ settings: [(UInt16, UInt32)] = []) -> Frame {
        Frame(
            .settings,
            payload: settings.flatMap { bigEndian(UInt32($0)).suffix(2) + bigEndian($1) })
    }

    static let settingsAcknowledgement = Frame(.settings, flags: 1)

    static func reset(_ stream: Int32, code: UInt32 = 8) -> Frame {
        Frame(.reset, stream: stream, payload: bigEndian(code))
    }

    static func windowUpdate(_ stream: Int32, _ bytes: UInt32) -> Frame {
        Frame(.windowUpdate, stream: stream, payload: bigEndian(bytes))
    }
}
