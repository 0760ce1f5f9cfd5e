import DeviceVocabulary
import Foundation
import StationIdentity
import StationLinkCodec
import Testing
import Uplink

/// What the parent answers to requests of every kind, asked by curl.
@Suite(.serialized, .timeLimit(.minutes(2))) struct RequestTests {
  private static let zero = String(repeating: "0", count: 64)
  private static let hello =
    #"{"versions":[1],"station":"tiexi-03","name":"x","program":"x","head":{"position":"0/0","hash":"\#(zero)"}}"#
  private static let readings =
    #"{"station":"tiexi-03","boot":"b","monotonic":"9","readings":[{"device":"A/3","quantity":"supplyMillivolts","unit":"mV","value":24000,"asOf":"8","timeToLiveMilliseconds":15000}]}"#
  private static let json = "content-type: application/json"
  private static let batch = "content-type: application/cloudevents-batch+json"

  struct Case: Sendable, CustomTestStringConvertible {
    var path: String
    var arguments: [String] = []
    var answer: String
    var testDescription: String { "\(path) \(arguments.joined(separator: " ").prefix(60)) \(answer)" }
  }

  /// Status, code and the field or header that is named.
  @Test(arguments: [
    Case(path: "hello", arguments: ["-H", json, "-d", hello], answer: "200"),
    Case(path: "hello?x=1", arguments: ["-H", "Content-Type: Application/JSON; charset=utf-8", "-d", hello], answer: "200"),
    Case(path: "hello", arguments: ["-d", hello], answer: "400 malformed content-type"),
    Case(
      path: "hello", arguments: ["-H", json, "-H", "content-encoding: br", "-d", hello], answer: "400 malformed content-encoding"),
    Case(path: "hello", arguments: ["-H", json, "-H", "content-encoding: gzip", "-d", hello], answer: "400 malformed body"),
    Case(path: "hello", arguments: ["-H", json, "-d", "{}"], answer: "400 malformed body"),
    Case(
      path: "hello", arguments: ["-H", json, "-d", hello.replacing("tiexi-03", with: "tiexi-04")],
      answer: "403 otherStation station"),
    Case(path: "hello", arguments: ["-H", json, "-d", hello.replacing("[1]", with: "[2]")], answer: "422 version versions"),
    Case(
      path: "hello", arguments: ["-H", json, "-d", hello.replacing("0/0", with: "00/0")], answer: "400 malformed body"),
    Case(path: "hello", arguments: ["-X", "PUT", "-d", hello], answer: "405 wrongMethod PUT /link/v1/hello"),
    Case(path: "commands", arguments: ["-d", ""], answer: "405 wrongMethod POST /link/v1/commands"),
    Case(path: "other", answer: "404 unknownPath /link/v1/other"),
    Case(path: "hello", arguments: ["--http1.0", "-H", json, "-d", hello], answer: "400 malformed request"),
    Case(path: "pulse", arguments: ["-H", json, "-d", #"{"nonce":1,"waiting":0,"paths":[]}"#], answer: "200"),
    Case(path: "pulse", arguments: ["-H", json, "-d", #"{"nonce":-1,"waiting":0,"paths":[]}"#], answer: "400 malformed body"),
    Case(path: "readings", arguments: ["-H", json, "-d", readings], answer: "200"),
    Case(path: "readings", answer: "405 wrongMethod GET /link/v1/readings"),
    Case(path: "readings", arguments: ["-H", batch, "-d", readings], answer: "400 malformed content-type"),
    Case(
      path: "readings", arguments: ["-H", json, "-d", readings.replacing("24000", with: "NaN")], answer: "400 malformed body"),
    Case(
      path: "readings", arguments: ["-H", json, "-d", readings.replacing("24000", with: "1e300")],
      answer: "400 malformed readings[0].value"),
    Case(
      path: "readings", arguments: ["-H", json, "-d", readings.replacing("supply", with: "demand")],
      answer: "400 malformed readings[0].quantity"),
    Case(
      path: "readings", arguments: ["-H", json, "-d", readings.replacing("\"8\"", with: "\"10\"")],
      answer: "400 malformed readings[0].asOf"),
    Case(
      path: "readings", arguments: ["-H", json, "-d", readings.replacing("tiexi-03", with: "tiexi-04")],
      answer: "403 otherStation station"),
    Case(path: "events", arguments: ["-H", batch, "-d", "[]"], answer: "200"),
    Case(path: "events", arguments: ["-H", batch + "x", "-d", "[]"], answer: "400 malformed content-type"),
    Case(path: "events", arguments: ["-H", batch, "-d", "[{}]"], answer: "400 malformed [0].specversion"),
    Case(path: "revocations", answer: "200"),
    Case(path: "renew", arguments: ["-H", "content-type: application/x-pem-file", "-d", "x"], answer: "400 malformed body"),
  ])
  func eachRequestHasItsAnswer(_ asked: Case) async throws {
    let rig = try LinkRig()
    let text = try await rig.curl(
      ["--write-out", "\n%{http_code}"] + asked.arguments + ["https://yunfeng/link/v1/\(asked.path)"])
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let status = try #require(lines.last)
    let problem = try? JSONDecoder().decode(LinkProblem.self, from: Data(lines.dropLast().joined(separator: "\n").utf8))
    #expect((problem.map { "\(status) \($0.code.rawValue) \($0.where)" } ?? String(status)) == asked.answer, "\(text)")
  }

  /// TLS is set up once for a child that makes mistakes; HEAD's answer has no body that would be taken for the next answer.
  @Test func refusalsKeepTheConnection() async throws {
    let rig = try LinkRig()
    let url = "https://yunfeng/link/v1"
    let said = ["--output", "/dev/null", "--write-out", "%{http_code} %{num_connects}\n"]
    let text = try await rig.curl(
      said + ["\(url)/nowhere", "--next"] + tls(rig) + said + ["--head", "\(url)/revocations", "--next"] + tls(rig) + said
        + ["-d", "{}", "\(url)/hello", "--next"] + tls(rig) + said + ["\(url)/revocations"])
    #expect(text == "404 1\n405 0\n400 0\n200 0\n")
    let headers = try await rig.curl("--include", "-X", "DELETE", "\(url)/events")
    #expect(headers.lowercased().contains("\r\nallow: post\r\n"))
    let last = try await rig.curl("--include", "-H", "connection: close", "\(url)/revocations")
    #expect(last.lowercased().contains("\r\nconnection: close\r\n"))
  }

  /// curl forgets its options at `--next`.
  private func tls(_ rig: LinkRig) -> [String] {
    [
      "--silent", "--max-time", "20", "--cacert", "\(rig.store.folder)/ca.pem", "--cert", "\(rig.store.folder)/station.pem",
      "--key",
      "\(rig.store.folder)/station.key", "--connect-to", "yunfeng:443:127.0.0.1:\(rig.server.port)",
    ]
  }

  @Test func whatIsTooLargeIsRefusedBeforeItIsRead() async throws {
    let rig = try LinkRig()
    let status = ["--output", "/dev/null", "--write-out", "%{http_code}", "--data-binary", "@-"]
    func answer(_ headers: [String], _ path: String, _ input: Data) async throws -> String {
      try await rig.curl(status + headers.flatMap { ["-H", $0] } + ["https://yunfeng/link/v1/\(path)"], input: input)
    }
    #expect(try await answer([Self.json], "pulse", Data(count: LinkProtocol.smallBodyBytes + 1)) == "413")
    #expect(try await answer([Self.batch], "events", Data(count: LinkProtocol.bodyBytes + 1)).hasPrefix("413"))
    let parts = Self.readings.split(separator: #/[\[\]]/#)
    for (count, place) in [(201, "readings"), (10_000, "body")] {
      let text = "\(parts[0])[\(Array(repeating: parts[1], count: count).joined(separator: ","))]\(parts[2])"
      let said = try await rig.curl(
        ["-H", Self.json, "--data-binary", "@-", "https://yunfeng/link/v1/readings"], input: Data(text.utf8))
      #expect(try JSONDecoder().decode(LinkProblem.self, from: Data(said.utf8)).where == place, "\(said)")
    }
    #expect(rig.readings.all(of: rig.child).isEmpty)
    let bomb = "\(rig.folder)/bomb"
    try Data(count: 64 << 20).write(to: URL(fileURLWithPath: bomb))
    let gzip = Process()
    gzip.executableURL = URL(fileURLWithPath: "/usr/bin/gzip")
    gzip.arguments = [bomb]
    try gzip.run()
    gzip.waitUntilExit()
    let packed = try Data(contentsOf: URL(fileURLWithPath: bomb + ".gz"))
    #expect(try await answer([Self.batch, "content-encoding: gzip"], "events", packed).hasPrefix("413"))
  }

  /// Each name of a path is kept and watched by the parent.
  @Test func aChildCannotFillTheParentWithNamesOfPaths() async throws {
    let rig = try LinkRig()
    for name in (0..<30).map({ "way\($0)" }) + ["a name with blanks", "way0"] {
      let answer = try await rig.curl(
        "-H", Self.json, "-H", "linli-path: \(name)", "-d", #"{"nonce":1,"waiting":0,"paths":[]}"#,
        "https://yunfeng/link/v1/pulse")
      #expect(answer.contains("\"nonce\":1"))
    }
    let expected = Set((0..<8).map { "way\($0)" } + ["-"])
    try await rig.waitUntil("they are told") { Set(rig.pulses.map(\.path)).isSuperset(of: expected) }
    #expect(Set(rig.pulses.map(\.path)) == expected)
  }

  /// Bodies of all children together have a limit; what is small, as a step of a call is, does not count.
  @Test func bodiesThatAreTooMuchTogetherAreAskedToComeAgain() async throws {
    var limits = LinkLimits()
    limits.bodyBytesAtOnce = 200_000
    let rig = try LinkRig(limits: limits)
    func status(_ bytes: Int) async throws -> String {
      try await rig.curl(
        "-o", "/dev/null", "-w", "%{http_code}", "-H", Self.batch, "--data-binary", "@-", "https://yunfeng/link/v1/events",
        input: Data(repeating: 32, count: bytes))
    }
    #expect(try await status(1_000_000) == "503")
    // What was given up makes room again: these are read to their end, and are no batch.
    for _ in 0..<3 { #expect(try await status(250_000) == "400") }
    #expect(try await status(60_000) == "400")
  }
}
