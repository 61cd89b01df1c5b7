internal import CCurl

/// Header fields in memory that stays where it is, linked as curl reads them.
///
/// Kept from request to request, so that a field costs no allocation.
@safe final class FieldList {
    private var lines = UnsafeMutableRawBufferPointer.allocate(byteCount: 1024, alignment: 1)
    private var nodes = UnsafeMutableBufferPointer<curl_slist>.allocate(capacity: 16)

    deinit {
        unsafe lines.deallocate()
        unsafe nodes.deallocate()
    }

    /// Holds these fields and has `handle` send them; they may change when its request has ended.
    func apply(_ fields: HTTPFields, to handle: UnsafeMutableRawPointer) -> CURLcode {
        // curl adds fields of its own, which a name without a value takes out.
        let rest = fields.hasContentType ? Self.noExpect : Self.noExpectNorContentType
        let count = fields.count + (fields.hasContentType ? 1 : 2)
        makeRoom(bytes: fields.lines.count + rest.count, count: count)
        unsafe lines.copyBytes(from: fields.lines)
        unsafe UnsafeMutableRawBufferPointer(rebasing: lines[fields.lines.count...])
            .copyBytes(from: rest)
        unsafe curl_link_lines(nodes.baseAddress, lines.baseAddress, count)
        return unsafe curl_set_list(handle, CURLOPT_HTTPHEADER, nodes.baseAddress)
    }

    private func makeRoom(bytes: Int, count: Int) {
        if unsafe lines.count < bytes {
            unsafe lines.deallocate()
            unsafe lines = .allocate(byteCount: 2 * bytes, alignment: 1)
        }
        if unsafe nodes.count < count {
            unsafe nodes.deallocate()
            unsafe nodes = .allocate(capacity: 2 * count)
        }
    }

    private static let noExpect = Array("Expect:\u{0}".utf8)
    private static let noExpectNorContentType = Array("Expect:\u{0}Content-Type:\u{0}".utf8)
}
