/// Names that are stored once and then spoken of by number: sinks by bit, origins from 1.
struct Names: Equatable {
    private(set) var byNumber: [Int64: String] = [:]
    private var numbers: [String: Int64] = [:]

    /// The number that stands for a name.
    func number(of name: String) -> Int64? { numbers[name] }

    /// Takes note of a number's name.
    mutating func set(_ name: String, at number: Int64) {
        byNumber[number] = name
        numbers[name] = number
    }

    /// Gives a new name the next number.
    mutating func add(_ name: String) -> Int64 {
        let number = Int64(byNumber.count) + 1
        set(name, at: number)
        return number
    }

    /// The checksum beside a name, which no other table's row has.
    static func checksum(_ table: String, _ name: String, at number: Int64) -> Int64 {
        let octets = Array(table.utf8) + Array(name.utf8)
        return Int64(bitPattern: Checksum.of(octets.span, seed: UInt64(bitPattern: number)))
    }

    /// Reads a table of number, name and checksum.
    ///
    /// - Returns: nothing if a row isn't what was written.
    static func read(_ table: String, from database: Database) throws(DatabaseError) -> Names? {
        var names = Names()
        let rows = try database.prepare("SELECT * FROM \(table)")
        while try rows.step() {
            let (number, name) = (rows.integer(0), rows.text(1))
            guard checksum(table, name, at: number) == rows.integer(2) else { return nil }
            names.set(name, at: number)
        }
        return names
    }
}
