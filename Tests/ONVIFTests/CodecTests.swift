import Crypto
import DeviceKit
import DeviceVocabulary
import Foundation
import ONVIFCodec
import Testing

@Sendable func md5(_ bytes: [UInt8]) -> [UInt8] { Array(Insecure.MD5.hash(data: bytes)) }
@Sendable func sha1(_ bytes: [UInt8]) -> [UInt8] { Array(Insecure.SHA1.hash(data: bytes)) }

func login(_ password: String = "Wg@12345") -> CameraLogin {
  CameraLogin(user: "admin", password: password, sha1: sha1, md5: md5)
}

enum Vectors {
  static func text(_ name: String) throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return try String(contentsOf: root.appending(path: "Protocols/ONVIF/Vectors/\(name)"), encoding: .utf8)
  }

  static func rows(_ name: String) throws -> [[String]] {
    try text(name).split(separator: "\n").filter { !$0.hasPrefix("#") }
      .map { $0.components(separatedBy: " | ").map { $0.trimmingCharacters(in: .whitespaces) } }
  }

  /// What stands behind the header.
  static func document(_ name: String) throws -> [UInt8] {
    let lines = try text(name).split(separator: "\n", omittingEmptySubsequences: false)
    return Array(lines.drop { $0.hasPrefix("#") }.joined(separator: "\n").utf8)
  }
}

@Suite struct CodecTests {
  private func shown(_ element: SOAPElement) -> String {
    let attributes = element.attributes.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
    let text = element.text.trimmingCharacters(in: .whitespacesAndNewlines)
    return element.name + (attributes.isEmpty ? "" : "[\(attributes)]") + (text.isEmpty ? "" : "(\(text))")
      + (element.children.isEmpty ? "" : "{\(element.children.map(shown).joined())}")
  }

  @Test func documentsAreReadByLocalName() throws {
    let rows = try Vectors.rows("documents.txt")
    #expect(rows.count == 14)
    for row in rows {
      let read = try? SOAPReader.read(Array(row[0].utf8))
      #expect((read.map(shown) ?? "!") == row[1], "\(row[0])")
    }
  }

  @Test func whatGrowsWithoutEndIsRefused() {
    func mistake(_ text: String) -> SOAPMistake? {
      do throws(SOAPMistake) {
        _ = try SOAPReader.read(Array(text.utf8))
        return nil
      } catch { return error }
    }
    #expect(mistake(String(repeating: "<a>", count: 41)) == .tooLarge)
    #expect(mistake("<a>" + String(repeating: "<b/>", count: 10_000) + "</a>") == .tooLarge)
    #expect(mistake("<a>" + String(repeating: "x", count: SOAPReader.sizeLimit) + "</a>") == .tooLarge)
    #expect(mistake("<!DOCTYPE lolz>") == .documentType)
    #expect(mistake("<a \(String(repeating: "b=\"\" ", count: 70))/>") == .tooLarge)
  }

  @Test func digestsAreThoseOfTheCapture() throws {
    let rows = try Vectors.rows("digest.txt")
    #expect(rows.count == 4)
    for row in rows {
      let nonce = try #require(Base64.decode(row[1]))
      #expect(nonce.count == 16 && Base64.encode(nonce) == row[1])
      #expect(UsernameToken.digest(nonce: nonce, created: row[2], login(row[0])) == row[3])
      // And as it is read back out of a message.
      let token = UsernameToken(login(row[0]), nonce: nonce, created: row[2])
      let envelope = try SOAPReader.read(Array(CameraRequest.profiles.envelope(token).utf8))
      #expect(envelope.child("Header")?.child("Security").flatMap { UsernameToken($0) } == token)
    }
  }

  @Test func timesAreReadAndWritten() throws {
    let rows = try Vectors.rows("times.txt")
    #expect(rows.count == 14)
    for row in rows { #expect((CameraTime.seconds(row[0]).map { "\($0)" } ?? "!") == row[1], "\(row[0])") }
    #expect(CameraTime.text(1_795_469_703) == "2026-11-23T21:35:03Z")
    for seconds in stride(from: Int64(0), to: 253_402_300_799, by: 86_399_993) {
      #expect(CameraTime.seconds(CameraTime.text(seconds)) == seconds)
    }
    #expect(CameraTime.text(.max) == "9999-12-31T23:59:59Z" && CameraTime.text(.min) == "1970-01-01T00:00:00Z")
  }

  @Test func streamsAreReachedWhereTheCameraAnswered() throws {
    let rows = try Vectors.rows("streams.txt")
    #expect(rows.count == 13)
    for row in rows {
      #expect((StreamAddress.reached(row[0], host: "10.0.0.9", ownNames: ["192.168.1.64"]) ?? "!") == row[1], "\(row[0])")
    }
    #expect(
      StreamAddress.with(user: "admin", password: "a@b:/ 中", "rtsp://h/x") == "rtsp://admin:a%40b%3A%2F%20%E4%B8%AD@h/x")
  }

  @Test func noPasswordIsShown() throws {
    let rows = try Vectors.rows("masked.txt")
    #expect(rows.count == 7)
    for row in rows { #expect(StreamAddress.masked(row[0]) == row[1]) }
  }

  @Test func namesFromOutsideAreShortAndPlain() {
    #expect(SOAPText.plain(" a\r\nb\u{1B}[31m\u{202E}c ") == "a  b[31mc")
    #expect(SOAPText.plain(String(repeating: "门", count: 100), limit: 40).count == 40)
    // One character of a thousand marks is still one character.
    #expect(SOAPText.plain("e" + String(repeating: "\u{301}", count: 1_000), limit: 40).unicodeScalars.count == 160)
  }

  @Test func servicesAreTakenApart() {
    let address = ServiceAddress("http://10.0.0.9:8080/onvif/device_service")
    #expect(address == ServiceAddress(host: "10.0.0.9", port: 8080))
    #expect(
      ServiceAddress("http://cam") == ServiceAddress(host: "cam") && ServiceAddress("HTTP://[fe80::1]/x")?.host == "fe80::1")
    #expect(ServiceAddress("http://[fe80::1]:81/x")?.authority == "[fe80::1]:81")
    for wrong in [
      "https://cam/x", "http://u:p@cam/x", "http:///x", "http://cam:0/x", "http://cam:70000", "http://ca m", "cam", "",
    ] {
      #expect(ServiceAddress(wrong) == nil, "\(wrong)")
    }
    let far = ServiceAddress(host: "192.168.1.64", port: 8000, path: "/m")
    let known = ServiceAddress(host: "10.0.0.9", port: 81)
    #expect(far.reached(by: known) == ServiceAddress(host: "10.0.0.9", port: 81, path: "/m"))
    #expect(ServiceAddress(host: "10.0.0.9", port: 8000).reached(by: known).port == 8000)
  }

  @Test func answersToProbesAreReadInBothForms() throws {
    let ids = ["uuid:01010101-0101-0101-0101-010101010101"]
    let wrapped = Discovery.matches(try Vectors.document("answer-wsdiscovery.txt"), to: ids)
    #expect(wrapped.map(\.name) == ["WG2"] && wrapped.first?.model == "WG-CAM")
    #expect(wrapped.first?.addresses == [ServiceAddress(host: "10.99.0.1")])
    let plain = Discovery.matches(try Vectors.document("answer-ipycam.txt"), to: ids)
    #expect(plain.map(\.name) == ["Virtual Camera"] && plain.first?.addresses == [ServiceAddress(host: "127.0.0.1", port: 8180)])
    #expect(plain.first?.address(answeredFrom: nil) == ServiceAddress(host: "127.0.0.1", port: 8180))
    #expect(plain.first?.address(answeredFrom: "10.0.0.7") == ServiceAddress(host: "10.0.0.7", port: 8180))
    // Of somebody else's question.
    #expect(Discovery.matches(try Vectors.document("answer-ipycam.txt"), to: ["uuid:2"]).isEmpty)
    let id = Discovery.id([UInt8](repeating: 1, count: 16))
    #expect(id == ids[0] && Discovery.probeID(Discovery.probe(id: id)) == id)
    #expect(Discovery.probeID(try Vectors.document("answer-ipycam.txt")) == nil)
  }

  @Test func refusalsAreReadInTheCamerasWords() throws {
    let plain = CameraReply(WebResponse(401, "Unauthorized", body: try Vectors.document("fault-ipycam.txt")))
    #expect(plain == .unauthorized(nil))
    #expect(CameraReply(WebResponse(500, "Error", body: try Vectors.document("fault-ipycam.txt"))) == .unauthorized(nil))
    func reply(_ status: Int, _ fault: String) -> CameraReply {
      CameraReply(WebResponse(status, "Bad", body: Array("<E:Envelope><E:Body>\(fault)</E:Body></E:Envelope>".utf8)))
    }
    let fault =
      "<E:Fault><E:Code><E:Value>E:Sender</E:Value><E:Subcode><E:Value>ter:InvalidArgVal</E:Value><E:Subcode><E:Value>ter:NoProfile</E:Value></E:Subcode></E:Subcode></E:Code><E:Reason><E:Text>no\nsuch</E:Text></E:Reason></E:Fault>"
    if case .fault(let found) = reply(400, fault) {
      #expect(found.text == "NoProfile: no such")
    } else {
      Issue.record("no fault")
    }
    let old = "<E:Fault><faultcode>E:Client</faultcode><faultstring>old</faultstring></E:Fault>"
    if case .fault(let found) = reply(500, old) { #expect(found.text == "Client: old") } else { Issue.record("no fault") }
    if case .fault(let found) = CameraReply(WebResponse(404, "Not Found", body: Array("<html>".utf8))) {
      #expect(found.text == "HTTP 404: Not Found")
    } else {
      Issue.record("no fault")
    }
    #expect(CameraReply(WebResponse(200, "OK", body: Array("<html></html>".utf8))) == .noSOAP)
  }

  @Test func messagesOfHTTPAreCut() {
    func texts(_ text: String, ends: Bool = false) -> [String] {
      var reader = WebReader()
      var pieces = reader.push(text.utf8)
      if ends, let last = reader.ended() { pieces.append(last) }
      return pieces.map { piece in
        switch piece {
        case .request(let request): "\(request.method) \(request.path) \(String(decoding: request.body, as: UTF8.self))"
        case .response(let response): "\(response.status) \(String(decoding: response.body, as: UTF8.self))"
        case .garbage: "garbage"
        }
      }
    }
    #expect(texts("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi") == ["200 hi"])
    #expect(texts("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n") == ["200 "])
    #expect(
      texts("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhi\r\n1\r\n!\r\n0\r\nT: 1\r\n\r\n") == ["200 hi!"])
    #expect(texts("HTTP/1.1 200 OK\r\n\r\nhalf") == [] && texts("HTTP/1.1 200 OK\r\n\r\nwhole", ends: true) == ["200 whole"])
    #expect(texts("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", ends: true) == [])
    #expect(texts("POST /x HTTP/1.1\r\nContent-Length: 1\r\n\r\na") == ["POST /x a"])
    for wrong in [
      "SSH-2.0\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFF\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc",
    ] { #expect(texts(wrong) == ["garbage"], "\(wrong)") }
    #expect(texts(String(repeating: "a", count: 100_000)) == ["garbage"])
    let body = [UInt8](repeating: 0x41, count: 100)
    var reader = WebReader()
    #expect(
      reader.push(WebResponse(200, "OK", body: body).chunked(size: 7)) == [
        .response(WebResponse(200, "OK", [WebHeader("Transfer-Encoding", "chunked")], body: body))
      ])
  }
}
