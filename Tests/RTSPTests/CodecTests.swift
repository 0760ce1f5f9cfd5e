import Crypto
import DeviceKit
import Foundation
import RTSPCodec
import Testing

@Sendable func md5(_ bytes: [UInt8]) -> [UInt8] { Array(Insecure.MD5.hash(data: bytes)) }

@Suite struct CodecTests {
  private func vectors(_ name: String) throws -> [[String]] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "Protocols/RTSP/Vectors/\(name)"), encoding: .utf8)
    return text.split(separator: "\n").filter { !$0.hasPrefix("#") }
      .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
  }

  private func bytes(_ text: String) -> [UInt8] {
    var found: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == 0x5C, let next = rest.popFirst() else {
        found.append(byte)
        continue
      }
      switch next {
      case 0x72: found.append(13)
      case 0x6E: found.append(10)
      default: found.append(next - 0x30)
      }
    }
    return found
  }

  private func text(_ piece: RTSPPiece) -> String {
    switch piece {
    case .request(let request): "\(request.method) \(request.uri) CSeq=\(request["CSeq"] ?? "-")"
    case .response(let response):
      "\(response.status) \(response.reason) CSeq=\(response["CSeq"] ?? "-")"
        + (response.body.isEmpty ? "" : " body=\(response.body.count)")
    case .packet(let channel, let length): "packet \(channel) \(length)"
    case .garbage: "garbage"
    }
  }

  @Test func digestsAreThoseOfTheCapture() throws {
    let lines = try vectors("digest.txt")
    #expect(lines.count == 5)
    for line in lines {
      let made = DigestChallenge(realm: "WG-CAM", nonce: line[3], hasQuality: false).response(
        method: line[0], uri: line[1], user: "admin", password: line[2], md5: md5)
      #expect(made == line[4], "\(line)")
    }
  }

  @Test func messagesAreCut() throws {
    let lines = try vectors("messages.txt")
    #expect(lines.count == 13)
    for line in lines {
      var reader = RTSPReader()
      let whole = reader.push(bytes(line[0])).map(text).joined(separator: ", ")
      #expect(whole == line[1], "\(line[0])")
      // One byte at a time, and twice in a row.
      guard line[1] != "garbage" else { continue }
      var slow = RTSPReader()
      var found: [String] = []
      for byte in bytes(line[0]) + bytes(line[0]) { found += slow.push([byte]).map(text) }
      #expect(found.joined(separator: ", ") == line[1] + ", " + line[1], "\(line[0])")
    }
  }

  @Test func cutOffAndFlippedMessagesTrapNothing() throws {
    for line in try vectors("messages.txt") {
      let whole = bytes(line[0])
      for index in whole.indices {
        var reader = RTSPReader()
        _ = reader.push(whole[..<index])
        for bit in 0..<8 {
          var broken = whole
          broken[index] ^= 1 << UInt8(bit)
          var other = RTSPReader()
          #expect(other.push(broken).count <= whole.count)
        }
      }
    }
    var random = SeededRandom(seed: 5)
    for _ in 0..<200 {
      var reader = RTSPReader()
      #expect(reader.push((0..<2_000).map { _ in UInt8(random.below(256)) }).count <= 2_000)
    }
    var reader = RTSPReader()
    #expect(reader.push([UInt8](repeating: 0x41, count: 1_000_000)) == [.garbage])
  }

  @Test func addressesAreTakenApart() throws {
    let lines = try vectors("addresses.txt")
    #expect(lines.count == 14)
    for line in lines {
      let address = RTSPAddress(line[0])
      guard line[1] != "!" else {
        #expect(address == nil, "\(line)")
        continue
      }
      func shown(_ text: String?) -> String { text.map { $0.isEmpty ? "-" : $0 } ?? "!" }
      #expect(
        [address?.host, address.map { "\($0.port)" }, address?.user, address?.password, address?.request].map(shown)
          == Array(line[1...]), "\(line)")
    }
  }

  @Test func theBestLoginIsChosen() {
    func challenge(_ values: String...) -> RTSPChallenge? { RTSPChallenge(values.map { RTSPHeader("www-authenticate", $0) }) }
    #expect(challenge("Basic realm=\"x\"") == .basic)
    #expect(
      challenge("Basic realm=\"x\"", "Digest realm=\"a, b=c\", nonce=\"1\", stale=TRUE")
        == .digest(DigestChallenge(realm: "a, b=c", nonce: "1", hasQuality: false, isStale: true)))
    #expect(challenge("Digest realm=\"x\", nonce=\"1\", algorithm=SHA-256") == nil)
    #expect(challenge("Digest realm=\"x") == nil && challenge("Digest =,=,==") == nil && challenge("") == nil)
    let basic = RTSPChallenge.basic.answer(
      method: "DESCRIBE", uri: "u", user: "Aladdin", password: "open sesame", count: 1, ownNonce: "", md5: md5)
    #expect(basic.value == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
  }

  /// RFC 2617 section 3.5, its example; and without `qop`, as some cameras have it.
  @Test func theCountedDigestIsThatOfTheStandard() throws {
    let challenge = try #require(
      DigestChallenge([
        "Basic realm=\"x\"",
        "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
      ]))
    let value = challenge.answer(
      method: "GET", uri: "/dir/index.html", user: "Mufasa", password: "Circle Of Life", count: 1, ownNonce: "0a4f113b", md5: md5)
    #expect(value.contains("response=\"6629fae49393a05397450978507c4ef1\"") && value.contains("nc=00000001"))
    #expect(value.contains("opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""))
    #expect(DigestChallenge(["Digest realm=\"x\", nonce=\"1\", algorithm=SHA-256"]) == nil)
    #expect(DigestChallenge(["Digest realm=\"x\", nonce=\"1\", qop=\"auth-int\""]) == nil)
    let sly = challenge.answer(
      method: "GET", uri: "/", user: "a\"\r\nX: y", password: "", count: 1, ownNonce: "", md5: md5)
    #expect(sly.hasPrefix("Digest username=\"aX: y\","))
  }

  @Test func theVideoIsFound() {
    let body =
      "v=0\r\nm=audio 0 RTP/AVP 0\r\na=control:a\r\nm=video 0 RTP/AVP 96\r\na=control:stream=0\r\nm=video 0 RTP/AVP 97\r\na=control:b\r\n"
    let description = StreamDescription(Array(body.utf8))
    #expect(description.hasVideo && description.control == "stream=0")
    #expect(
      description.setup(base: "rtsp://x/") == "rtsp://x/stream=0" && description.setup(base: "rtsp://x") == "rtsp://x/stream=0")
    #expect(!StreamDescription(Array("m=audio 0\r\n".utf8)).hasVideo)
  }
}
