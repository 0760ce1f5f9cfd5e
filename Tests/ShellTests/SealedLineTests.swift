import Foundation
import Sealing
import Station
import TestSupport
import Testing
import Transports

/// What is sealed in a community can be read by whoever holds the private key in the street, until the community destroys its key.
@Suite(.serialized, .timeLimit(.minutes(3))) struct SealedLineTests {
  @Test func keysOfACommunityAreAtItsStreetAndGoWithIt() throws {
    let owner = SealKeyFile()
    let ports = (try LoopbackListener.freePort(), try LoopbackListener.freePort())
    let visits = """
      visits:
        services: [{id: legal, name: 法律咨询, letter: A}]
        windows: [{number: 1, name: 窗口, post: desk, services: [legal]}]
        kiosks: [{id: hall, place: p}]
        contact: 前台
        publicPort: \(ports.0)
        windowPort: \(ports.1)
        sealTo: {name: 铁西街道, key: "\(Data(owner.publicKey).base64EncodedString())"}

      """
    let pair = try StationPair(more: visits)
    _ = try pair.street.startStation()
    try pair.waitUntilListening()
    _ = try pair.community.startStation()
    try pair.waitUntilConnected()
    func post(_ port: UInt16, _ path: String, _ body: String) throws -> String {
      try runToEnd(
        "/usr/bin/curl",
        ["-s", "--max-time", "20", "-H", "content-type: application/json", "-d", body, "http://127.0.0.1:\(port)/api/\(path)"]
      ).text
    }
    // The line may be up before the pages are.
    for port in [ports.0, ports.1] {
      try pair.community.waitUntil("the pages at \(port) show the station") {
        try runToEnd("/usr/bin/curl", ["-s", "--max-time", "5", "http://127.0.0.1:\(port)/api/visits"]).text.contains(
          "\"services\"")
      }
    }
    #expect(try post(ports.0, "kiosk/hall/ticket", #"{"service":"legal","priority":"no"}"#).contains("A001"))
    for step in ["next", "serve", "open"] {
      #expect(try post(ports.1, "windows/1/\(step)", #"{"post":"desk"}"#).contains("done"), "\(step)")
    }
    #expect(
      try post(ports.1, "windows/1/contact", #"{"post":"desk","name":"诸葛金丝雀","phone":"13800138000"}"#).contains("done"))
    func keys() -> [String] {
      (try? KeyDatabase(reading: "\(pair.street.folder)/journal/\(KeyDatabase.belowFileName)").names()) ?? []
    }
    try pair.street.waitUntil("the key is there") { keys().count == 1 }
    let first = keys()
    #expect(first[0].hasPrefix("tiexi-03/"))
    try owner.save("\(pair.folder)/owner.key")
    let open = [
      "seal", "open", "\(pair.street.folder)/site.yaml", "--key", "\(pair.folder)/owner.key", "--station", "tiexi-03", "--matter",
      "1", "--purpose", "callBack", "--post", "desk", "--reason", "回访",
    ]
    try pair.street.waitUntil("the matter is there, and opened") {
      try pair.street.run(open).text.contains("诸葛金丝雀")
    }
    let notes = try pair.street.entries().filter {
      if case .access(.opened(_, "tiexi-03/#1", "desk", nil, "回访")) = $0.change { true } else { false }
    }
    #expect(notes.count == 1, "each opening is in the street's journal")
    // Another contact takes its place: the key of the first is destroyed, in the community at once and in the street soon.
    #expect(try post(ports.1, "windows/1/contact", #"{"post":"desk","name":"","phone":"13900139000"}"#).contains("done"))
    try pair.street.waitUntil("only the second key is there") { keys().count == 1 && keys() != first }
    try pair.street.waitUntil("it opens what was typed last") {
      let text = try pair.street.run(open).text
      return text.contains("13900139000") && !text.contains("诸葛金丝雀")
    }
  }
}
