import Foundation
import TestSupport
import Testing

/// A street station that runs, and a community that is not ours: curl, openssl, and what others wrote for OpenAPI and JSON Schema.
@Suite(.serialized) struct StationLinkTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private static let protocolFolder = root.appendingPathComponent("Protocols/StationLink").path
  private static func tool(_ name: String) -> String { root.appendingPathComponent(".venv/bin/\(name)").path }

  /// The shell blocks of the README's "By hand", in their order.
  private struct ByHand {
    let certificates: String
    let function: String
    let requests: [String]

    init() throws {
      let readme = try String(contentsOfFile: "\(protocolFolder)/README.md", encoding: .utf8)
      let section = try #require(readme.components(separatedBy: "\n## By hand\n").last)
      let blocks = section.matches(of: /(?s)\n```sh\n(.*?)```/).map { String($0.output.1) }
      try #require(
        blocks.count == 9, "certificates, function, hello, one entry, pulse, readings, keys, commands, revocations and renewal")
      (certificates, function, requests) = (blocks[0], blocks[1], Array(blocks[2...]))
    }
  }

  private final class Street {
    let shell: Shell
    let port: Int
    private let byHand: ByHand

    init() throws {
      byHand = try ByHand()
      let site = """
        site: {name: 云峰街道综治中心, station: yunfeng}
        places: [{id: hall, name: 大厅}]
        posts: [{id: desk, name: 值班台}]
        children: {address: 127.0.0.1, port: 0, enrolmentPort: 0, stations: [{station: tiexi-03, name: 铁西社区}]}
        desk: {port: 0}
        journal: {folder: journal, ballastMiB: 1}

        """
      let shell = try Shell(folder: Shell.newFolder(), site: site)
      self.shell = shell
      let made = try Self.bash(byHand.certificates, in: shell)
      try #require(made.code == 0, "\(made.text)")
      _ = try shell.startStation()
      var port: Int?
      try shell.waitUntil("the street listens for stations below") {
        let log = (try? String(contentsOfFile: "\(shell.folder)/station.log", encoding: .utf8)) ?? ""
        port = log.firstMatch(of: #/https://127\.0\.0\.1:([0-9]+)/link/v1//#).flatMap { Int($0.output.1) }
        return port != nil
      }
      self.port = port ?? 0
      try shell.waitUntil("the desk answers") { (try? shell.status())?.contains("云峰街道") == true }
    }

    var address: String { "127.0.0.1:\(port)" }
    var authority: String { "\(shell.folder)/tiexi-03/ca.pem" }
    var certificate: [String] {
      ["-cert", "\(shell.folder)/tiexi-03/station.pem", "-key", "\(shell.folder)/tiexi-03/station.key"]
    }

    /// Runs a block of the README: only the parent's port is another.
    func bash(_ block: String) throws -> (code: Int32, text: String) {
      let function = byHand.function.replacing("PARENT=127.0.0.1:8463", with: "PARENT=\(address)")
      #expect(function != byHand.function)
      return try Self.bash(function + block, in: shell)
    }

    func request(_ number: Int) throws -> (code: Int32, text: String) { try bash(byHand.requests[number]) }

    private static func bash(_ script: String, in shell: Shell) throws -> (code: Int32, text: String) {
      let programs = URL(fileURLWithPath: Shell.linli).deletingLastPathComponent().path
      return try shell.run(["-c", "cd '\(shell.folder)' && PATH='\(programs)':$PATH\n\(script)"], program: "/bin/bash")
    }
  }

  @Test(.timeLimit(.minutes(2))) func anotherVendorsEngineerDoesItByHand() throws {
    let street = try Street()
    var answers: [String] = []
    func answer(_ number: Int, _ schema: String, _ expected: String) throws {
      let (code, text) = try street.request(number)
      let lines = text.split(separator: "\n")
      #expect(code == 0 && lines.count == 2 && lines.last == "200" && text.contains(expected), "\(text)")
      answers.append("\(schema) \(lines.first ?? "")")
    }
    try answer(0, "Welcome", "\"position\":\"0/0\"")
    for _ in 0..<2 { try answer(1, "Receipt", "\"position\":\"1/1\"") }
    try answer(2, "PulseAnswer", "\"nonce\":4711")
    try street.shell.waitUntil("the desk shows the station's path") {
      try street.shell.status().contains("铁西社区") && street.shell.status().contains("lan")
    }

    try answer(3, "ReadingsAnswer", "{\"held\":1,\"taken\":1}")
    try answer(3, "ReadingsAnswer", "{\"held\":1,\"taken\":0}")
    let readings = try street.shell.desk("readings tiexi-03")
    #expect(readings.contains(#/A\/3 supplyMillivolts 23950 mV, [0-9]+ s/#), "\(readings)")

    for _ in 0..<2 { try answer(4, "KeysAnswer", "{\"held\":0}") }

    let stream = try street.request(5)
    #expect(stream.code == 28 && stream.text.contains("\n: \n") && stream.text.contains("\nevent: command\n"), "\(stream.text)")
    let data = try #require(stream.text.split(separator: "\n").first { $0.hasPrefix("data: ") }, "\(stream.text)")
    #expect(data.contains("\"notice\":{\"text\":\"请检查门磁\"}"))
    answers.append("Command \(data.dropFirst("data: ".count))")

    let last = try street.request(6)
    let held = try String(contentsOfFile: "\(street.shell.folder)/tiexi-03/station.pem", encoding: .utf8)
    #expect(last.text.contains(held) && last.text.components(separatedBy: "\n200\n").count == 3, "\(last.text)")
    answers.append("Revocations \(last.text.split(separator: "\n").first ?? "")")

    // What the README says of mistakes.
    let wrong = try street.bash(
      "ask events --header 'content-type: application/cloudevents-batch+json' --data-binary @\(Self.vector)")
    #expect(wrong.text.contains("\n200\n"), "the vector is of this station")
    answers.append("Receipt \(wrong.text.split(separator: "\n").first ?? "")")
    let other = try street.bash("ask hello --json '{\"versions\": [1], \"station\": \"x\"}'")
    #expect(other.text.contains("\n400\n") && other.text.contains("\"code\":\"malformed\""))
    answers.append("Problem \(other.text.split(separator: "\n").first ?? "")")

    try answers.joined(separator: "\n").write(toFile: "\(street.shell.folder)/answers", atomically: true, encoding: .utf8)
    let checked = try street.shell.run(
      [
        "-c",
        "'\(Self.tool("python"))' '\(PeerModule.file("link.py"))' answers '\(Self.protocolFolder)' < '\(street.shell.folder)/answers'",
      ],
      program: "/bin/bash")
    #expect(checked.code == 0 && checked.text == "\(answers.count) answers\n", "\(checked.text)")
  }

  private static let vector = "\(protocolFolder)/Vectors/batch.json"

  @Test(.timeLimit(.minutes(2))) func opensslGetsInWithTheNewestTLSAndACertificateOnly() throws {
    let street = try Street()
    func connect(_ arguments: [String]) throws -> (code: Int32, text: String) {
      // A request, so that there is something to wait for: in TLS 1.3 a client is refused after its own handshake.
      let request = "GET /link/v1/revocations HTTP/1.1\\r\\nhost: yunfeng\\r\\nconnection: close\\r\\n\\r\\n"
      let command =
        ["openssl", "s_client", "-connect", street.address, "-CAfile", street.authority, "-verify_return_error"] + arguments
      return try street.shell.run(
        ["-c", "printf '\(request)' | timeout 20 \(command.joined(separator: " ")) -ign_eof 2>&1"], program: "/bin/bash")
    }
    let good = try connect(["-tls1_3"] + street.certificate)
    for expected in ["Verification: OK", "TLSv1.3", "HTTP/1.1 200 OK", "\"serials\":[]", "Linli CA yunfeng"] {
      #expect(good.text.contains(expected), "\(expected) is missing in \(good.text)")
    }
    let old = try connect(["-tls1_2"] + street.certificate)
    #expect(old.code != 0 && old.text.contains("alert protocol version") && !old.text.contains("HTTP/1.1"), "\(old.text)")
    let bare = try connect(["-tls1_3"])
    #expect(bare.text.contains("alert certificate required") && !bare.text.contains("HTTP/1.1"), "\(bare.text)")

    let list = try street.shell.run(["pki", "list", "\(street.shell.folder)/site.yaml"]).text
    let serial = try #require(list.firstMatch(of: /([0-9a-f]{32})  tiexi-03/), "\(list)").output.1
    #expect(try street.shell.run(["pki", "revoke", "\(street.shell.folder)/site.yaml", String(serial)]).code == 0)
    // The street looks at its files once a second.
    sleep(2)
    let revoked = try connect(["-tls1_3"] + street.certificate)
    #expect(revoked.text.contains("alert certificate unknown") && !revoked.text.contains("HTTP/1.1"), "\(revoked.text)")
  }

  @Test func theFilesAreWhatTheirStandardsSay() throws {
    let validated = try runToEnd(Self.tool("openapi-spec-validator"), ["\(Self.protocolFolder)/openapi.yaml"])
    #expect(validated.code == 0 && validated.text.contains("OK"), "\(validated.text)")
    let checked = try runToEnd(Self.tool("python"), [PeerModule.file("link.py"), "files", Self.protocolFolder])
    #expect(checked.code == 0 && checked.text.hasSuffix("examples, 2 entries\n"), "\(checked.text)")
  }

  /// The checker itself: a planted mistake in the files is found.
  @Test func aWrongVectorAndAWrongExampleAreFound() throws {
    let folder = Shell.newFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for (file, right, wrong) in [
      ("Vectors/batch.json", "\"sequence\\\":41", "\"sequence\\\":42"), ("openapi.yaml", "first: 7/1023", "first: seven"),
    ] {
      try? FileManager.default.removeItem(atPath: folder)
      try FileManager.default.copyItem(atPath: Self.protocolFolder, toPath: folder)
      let text = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
      try #require(text.contains(right))
      try text.replacing(right, with: wrong).write(toFile: "\(folder)/\(file)", atomically: true, encoding: .utf8)
      #expect(try runToEnd(Self.tool("python"), [PeerModule.file("link.py"), "files", folder]).code == 1, "\(file)")
    }
  }

  /// Requests of every kind that the OpenAPI file allows, and many that it does not: no 5xx, no answer that the file does not have.
  @Test(.timeLimit(.minutes(5))) func schemathesisFindsNothing() throws {
    let street = try Street()
    let request = "\(street.shell.folder)/request.pem"
    let made = try street.shell.run(
      ["req", "-new", "-key", "\(street.shell.folder)/tiexi-03/station.key", "-subj", "/CN=x", "-out", request],
      program: "/usr/bin/openssl")
    try #require(made.code == 0, "\(made.text)")
    let log = "\(street.shell.folder)/schemathesis.log"
    let identity = "\(street.shell.folder)/tiexi-03"
    let process = try street.shell.start(
      [
        "--config-file", PeerModule.file("schemathesis.toml"), "run", "\(Self.protocolFolder)/openapi.yaml", "--url",
        "https://\(street.address)", "--tls-verify", "\(identity)/ca.pem", "--request-cert", "\(identity)/station.pem",
        "--request-cert-key", "\(identity)/station.key",
      ], program: Self.tool("schemathesis"),
      environment: [
        "LINK_STATION": "tiexi-03", "LINK_REQUEST": request, "PYTHONPATH": PeerModule.file(""), "PYTHONDONTWRITEBYTECODE": "1",
      ], log: log)
    try street.shell.waitUntil("schemathesis ends", seconds: 240) { !process.isRunning }
    let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    #expect(process.terminationStatus == 0 && text.contains("No issues found"), "\(text.suffix(6000))")
    // It has been asked, and still serves.
    let cases = try #require(text.firstMatch(of: /([0-9]+) generated, ([0-9]+) passed/), "\(text.suffix(2000))")
    #expect((Int(cases.output.1) ?? 0) > 300)
    #expect(try street.request(2).text.contains("\"nonce\":4711"))
  }
}
