import Authentication
import Testing

@Suite struct TokenResponseTests {
    @Test(arguments: [
        (#"{"access_token":"abc","token_type":"Bearer","expires_in":3600}"#, "abc", 3600),
        (#"{"access_token":"a.b-c","token_type":"bearer","expires_in":"60"}"#, "a.b-c", 60),
        (#"{"access_token":"abc","expires_in":-5,"other":[{}]}"#, "abc", 0),
        (#"{"access_token":"abc"}"#, "abc", nil as Int?),
        (#"{"access_token":"abc","expires_in":1.5}"#, "abc", nil),
        (#"{"access_token":"abc","expires_in":"soon"}"#, "abc", nil),
    ])
    func `a token is read, and how long it's good`(text: String, token: String, seconds: Int?) {
        let response = TokenResponse(Array(text.utf8))
        #expect(response?.token == token)
        #expect(response?.lifetimeSeconds == seconds)
    }

    @Test(arguments: [
        "", "abc", "[]", "{}", #"{"access_token":""}"#, #"{"access_token":5}"#,
        #"{"access_token":"a b"}"#, #"{"access_token":"a\r\nX: y"}"#, #"{"access_token":"é"}"#,
        #"{"access_token":"abc","token_type":"mac"}"#,
        #"{"access_token":"abc","access_token":"def"}"#,
        #"{"access_token":"\#(String(repeating: "a", count: 16_385))"}"#,
    ])
    func `what holds no bearer token is none`(text: String) {
        #expect(TokenResponse(Array(text.utf8)) == nil)
    }

    @Test func `an error's word is read, and nothing longer`() {
        #expect(
            TokenResponse.error(in: Array(#"{"error":"invalid_client"}"#.utf8)) == "invalid_client")
        let long = String(repeating: "x", count: 65)
        for text in [#"{"error":"a b"}"#, #"{"error":1}"#, "no", #"{"error":"\#(long)"}"#] {
            #expect(TokenResponse.error(in: Array(text.utf8)) == nil)
        }
    }
}
