extension Span<UInt8> {
    /// The scalar that is encoded at `offset`, or nothing where that isn't well-formed UTF-8.
    ///
    /// Overlong forms, surrogates and what lies beyond U+10FFFF aren't well-formed.
    func scalar(at offset: Int) -> Unicode.Scalar? {
        let lead = self[offset]
        let (length, bits, least): (Int, UInt8, UInt32) =
            switch lead {
            case 0x00...0x7F: (1, 0x7F, 0)
            case 0xC2...0xDF: (2, 0x1F, 0x80)
            case 0xE0...0xEF: (3, 0x0F, 0x800)
            case 0xF0...0xF4: (4, 0x07, 0x10000)
            default: (0, 0, 0)
            }
        guard length > 0, length <= count - offset else { return nil }
        var value = UInt32(lead & bits)
        for place in 1..<length {
            let octet = self[offset + place]
            guard octet & 0xC0 == 0x80 else { return nil }
            value = value << 6 | UInt32(octet & 0x3F)
        }
        return value >= least ? Unicode.Scalar(value) : nil
    }

    /// Whether all of it is well-formed UTF-8.
    var isUTF8: Bool {
        var offset = 0
        while offset < count {
            guard let scalar = scalar(at: offset) else { return false }
            offset += UTF8.width(scalar)
        }
        return true
    }

    /// Checks that all of it may stand in an attribute's value.
    ///
    /// Spec: CloudEvents §3.1 (String)
    func checkAttributeText() throws(EventFailure.Code) {
        var offset = 0
        while offset < count {
            if vectorIfPresent(at: offset)?.textMarks(escape: 0).isEmpty == true {
                offset += 16
                continue
            }
            guard let scalar = scalar(at: offset) else { throw .encodingInvalid }
            guard scalar.isAttributeText else { throw .characterForbidden }
            offset += UTF8.width(scalar)
        }
    }
}

extension Unicode.Scalar {
    /// Neither a control character nor a noncharacter.
    var isAttributeText: Bool {
        switch value {
        case 0x00...0x1F, 0x7F...0x9F, 0xFDD0...0xFDEF: false
        default: value & 0xFFFE != 0xFFFE
        }
    }
}
