import CloudEvents
import Filters
import Testing

@Suite struct TCKTests {
    /// The one case that contradicts the specification, in which every Integer has a Boolean: it
    /// wants `NOT 10` to be a cast error.
    static let contradiction = "NOT 10"

    @Test func `the kit has the cases it's known for`() throws {
        let cases = try TCKCase.all.get()
        #expect(cases.count == 275)
        #expect(cases.filter { $0.error != nil }.count == 35)
        #expect(cases.filter { $0.expression == Self.contradiction }.count == 1)
    }

    @Test(arguments: (try? TCKCase.all.get()) ?? [])
    func `a case of the kit comes to what it says`(_ test: TCKCase) throws {
        let outcome: (value: CESQL.Value, error: String?)
        do {
            let result = try CESQL(test.expression).evaluate(test.event)
            outcome = (result.value, result.error?.code)
        } catch {
            outcome = (.boolean(false), error.code.rawValue)
        }
        guard test.expression != Self.contradiction else {
            #expect(outcome == (.boolean(false), nil))
            return
        }
        if let result = test.result { #expect(outcome.value == result.value) }
        #expect(outcome.error?.replacing("_", with: "") == test.error?.lowercased())
    }
}
