/// Something that a place of a ``Template`` can stand for.
public protocol TemplatePlace: Sendable, Equatable {
    /// Whether what is within `[` and `]` is left out where a value in it is missing.
    static var hasOptionalParts: Bool { get }
    /// Reads what stands between the braces, or one of its alternatives.
    init?(_ text: Substring)
}

/// A text with places for values of a request: `com.example.{header:X-Event}[.{json:/action}]`.
///
/// A place may have alternatives, of which the first that has a value counts:
/// `{json:/id|sha256}`. What must stand as it is, is doubled: `{{`, `}}`, and `[[`, `]]` where
/// parts can be optional.
public struct Template<Place: TemplatePlace>: Sendable, Equatable {
    /// What a template consists of.
    enum Part: Sendable, Equatable {
        case text(String)
        case place([Place])
        case optional([Part])
    }

    /// Why a text is no template.
    public enum Failure: Error, Equatable, Sendable {
        /// A brace or bracket without its other half, or an optional part within another.
        case unbalanced
        /// Between braces stands what isn't known.
        case unknownPlace(String)
    }

    /// As it was written.
    public let text: String
    let parts: [Part]

    /// Reads a template.
    public init(_ text: String) throws(Failure) {
        self.text = text
        var reader = TemplateReader<Place>(text)
        parts = try reader.parts(isOptional: false)
    }

    /// A template that is written in the program, so that a mistake in it is ours.
    init(known text: String) {
        do throws(Failure) {
            try self.init(text)
        } catch {
            preconditionFailure("\(text): \(error)")
        }
    }

    /// Every place, with all its alternatives.
    public var places: [Place] { Self.places(of: parts) }

    /// Whether nothing may be left of it.
    var isOptional: Bool {
        parts.allSatisfy { part in
            if case .optional = part { true } else { false }
        }
    }

    private static func places(of parts: [Part]) -> [Place] {
        parts.flatMap { part -> [Place] in
            switch part {
            case .text: []
            case .place(let alternatives): alternatives
            case .optional(let parts): places(of: parts)
            }
        }
    }

    /// The text with its places filled in.
    ///
    /// - Parameter value: what a place stands for, if it has a value.
    /// - Throws: the first alternative of a place without one, outside of optional parts.
    func filled(with value: (Place) -> [UInt8]?) throws(MissingValue<Place>) -> [UInt8] {
        try Self.fill(parts, with: value)
    }

    private static func fill(
        _ parts: [Part], with value: (Place) -> [UInt8]?
    ) throws(MissingValue<Place>) -> [UInt8] {
        var filled: [UInt8] = []
        for part in parts {
            switch part {
            case .text(let text): filled += text.utf8
            case .optional(let parts): filled += (try? fill(parts, with: value)) ?? []
            case .place(let alternatives):
                guard let octets = alternatives.lazy.compactMap(value).first else {
                    throw MissingValue(place: alternatives[0])
                }
                filled += octets
            }
        }
        return filled
    }
}

/// A place of a template that has no value in a request.
struct MissingValue<Place: TemplatePlace>: Error {
    var place: Place
}

/// Reads a template from its first character to its last.
private struct TemplateReader<Place: TemplatePlace> {
    private var rest: Substring

    init(_ text: String) { rest = text[...] }

    mutating func parts(
        isOptional: Bool
    ) throws(Template<Place>.Failure) -> [Template<Place>.Part] {
        var parts: [Template<Place>.Part] = []
        var text = ""
        while let character = rest.popFirst() {
            guard isMark(character), !isDoubled(character) else {
                text.append(character)
                continue
            }
            if !text.isEmpty { parts.append(.text(text)) }
            text = ""
            switch character {
            case "{": parts.append(.place(try alternatives()))
            case "[" where !isOptional: parts.append(.optional(try self.parts(isOptional: true)))
            case "]" where isOptional: return parts
            default: throw .unbalanced
            }
        }
        guard !isOptional else { throw .unbalanced }
        return text.isEmpty ? parts : parts + [.text(text)]
    }

    private func isMark(_ character: Character) -> Bool {
        "{}".contains(character) || Place.hasOptionalParts && "[]".contains(character)
    }

    private mutating func isDoubled(_ character: Character) -> Bool {
        guard rest.first == character else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func alternatives() throws(Template<Place>.Failure) -> [Place] {
        guard let end = rest.firstIndex(of: "}") else { throw .unbalanced }
        let text = rest[..<end]
        rest = rest[rest.index(after: end)...]
        var places: [Place] = []
        for alternative in text.split(separator: "|", omittingEmptySubsequences: false) {
            guard let place = Place(alternative) else {
                throw .unknownPlace(String(alternative))
            }
            places.append(place)
        }
        return places
    }
}
