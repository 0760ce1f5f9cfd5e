import DeviceKit
import DeviceVocabulary
import ONVIFCodec
import RTSPCodec
import Testing

/// What arrives from outside ends in a value, whatever it is.
@Suite struct HostileTests {
  private static let envelope =
    "<?xml version=\"1.0\"?><E:Envelope xmlns:E=\"e\"><E:Header><RelatesTo>uuid:1</RelatesTo></E:Header><E:Body>"

  private static let answers = [
    envelope + "<GetSystemDateAndTimeResponse><UTCDateTime><Time><Hour>1</Hour><Minute>2</Minute><Second>3</Second></Time>"
      + "<Date><Year>2026</Year><Month>2</Month><Day>3</Day></Date></UTCDateTime></GetSystemDateAndTimeResponse></E:Body></E:Envelope>",
    envelope + "<GetCapabilitiesResponse><Capabilities><Media><XAddr>http://10.0.0.9:80/m?a=1&b=2</XAddr></Media></Capabilities>"
      + "</GetCapabilitiesResponse></E:Body></E:Envelope>",
    envelope + "<GetProfilesResponse><Profiles token=\"p\"><Name>main</Name><VideoEncoderConfiguration><Resolution>"
      + "<Width>1920</Width></Resolution></VideoEncoderConfiguration></Profiles></GetProfilesResponse></E:Body></E:Envelope>",
    envelope
      + "<GetStreamUriResponse><MediaUri><Uri>rtsp://[fe80::1]:554/x</Uri></MediaUri></GetStreamUriResponse></E:Body></E:Envelope>",
    envelope
      + "<GetPresetsResponse><Preset token=\"1\"><Name>&#x4E2D;</Name></Preset></GetPresetsResponse></E:Body></E:Envelope>",
    envelope + "<E:Fault><Code><Value>a:b</Value><Subcode><Value>ter:x</Value></Subcode></Code></E:Fault></E:Body></E:Envelope>",
    envelope + "<ProbeMatches><ProbeMatch><EndpointReference><Address>urn:1</Address></EndpointReference><Scopes>"
      + "onvif://www.onvif.org/name/a%20b%</Scopes><XAddrs>http://10.0.0.9/x http://[::1]/</XAddrs></ProbeMatch></ProbeMatches>"
      + "</E:Body></E:Envelope>",
    envelope + "<Security><UsernameToken><Username>u</Username><Password Type=\"#PasswordDigest\">x</Password><Nonce>AAAA</Nonce>"
      + "<Created>2026-11-23T21:35:03+00:00</Created></UsernameToken></Security></E:Body></E:Envelope>",
  ].map { Array($0.utf8) }

  /// Everything that is made of a document.
  private func readAll(_ body: [UInt8]) {
    _ = Discovery.matches(body, to: ["uuid:1"]).map { $0.address(answeredFrom: "10.0.0.1") }
    _ = Discovery.probeID(body)
    _ = CameraReply(WebResponse(500, "x", body: body))
    guard case .answer(let answer) = CameraReply(WebResponse(200, "OK", body: body)) else { return }
    _ = CameraAnswers.unixSeconds(answer)
    for service in CameraService.allCases { _ = CameraAnswers.address(of: service, answer) }
    _ = CameraAnswers.identity(answer)
    _ = CameraAnswers.profiles(answer).named("first")
    _ = CameraAnswers.streamAddress(answer).map { StreamAddress.reached($0, host: "h", ownNames: []) }
    for preset in CameraAnswers.presets(answer) { #expect(preset.name.unicodeScalars.allSatisfy { $0.isPlainText }) }
    _ = UsernameToken(answer)
    if let created = answer.find("Created")?.text { _ = CameraTime.seconds(created) }
  }

  @Test func cutOffAnswersTrapNothing() {
    for whole in Self.answers {
      for end in whole.indices { readAll(Array(whole[..<end])) }
      readAll(whole)
    }
  }

  @Test(arguments: 0..<8) func changedAnswersTrapNothing(seed: Int) {
    var random = SeededRandom(seed: UInt64(seed))
    func place(_ count: Int) -> Int { Int(random.below(UInt32(max(1, count)))) }
    let marks = Array("<>/&;\"'=:#%![]-?x0 \0\u{7F}".utf8) + [0xFF, 0xC3, 0x80]
    for _ in 0..<1_500 {
      var text = Self.answers[place(Self.answers.count)]
      for _ in 0...place(6) where !text.isEmpty {
        let at = place(text.count)
        switch place(5) {
        case 0: text[at] = UInt8(truncatingIfNeeded: random.next())
        case 1: text[at] = marks[place(marks.count)]
        case 2: text.remove(at: at)
        case 3: text.insert(marks[place(marks.count)], at: at)
        default:
          let from = place(text.count)
          text.replaceSubrange(at..<min(text.count, at + place(20)), with: text[from..<min(text.count, from + place(40))])
        }
      }
      readAll(text)
      var reader = WebReader()
      let head = place(2) == 0 ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" : ""
      #expect(reader.push(Array(head.utf8) + text).count <= text.count + 1)
      _ = reader.ended()
      let word = String(decoding: text.prefix(place(200)), as: UTF8.self)
      _ = (ServiceAddress("http://\(word)"), ServiceAddress(word), StreamAddress.masked(word), CameraTime.seconds(word))
      _ = (
        StreamAddress.reached("rtsp://\(word)", host: "h", ownNames: ["x"]),
        DigestChallenge(["Digest \(word)"])
      )
      _ = (Base64.decode(word), SOAPText.plain(word))
    }
  }

  @Test func noiseIsNoDocument() {
    var random = SeededRandom(seed: 9)
    for _ in 0..<300 {
      let noise = (0..<1_000).map { _ in UInt8(random.below(256)) }
      #expect((try? SOAPReader.read(noise)) == nil)
    }
  }
}
