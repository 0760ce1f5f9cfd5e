import Foundation
import Sealing
import Station
import StationRuntime
import TestSupport
import Testing

extension BrowserTests {
  /// A contact from the clerk's hand to whoever may read it, on the real program.
  @Suite struct SealedContactTests {
    static let person = "诸葛金丝雀"
    static let phone = "138-0013-8000"

    @Test func aContactIsSealedSeenHandedOverAndReadByItsReaderOnly() async throws {
      let owner = SealKeyFile()
      try await WindowTests.Rig.run { folder in
        try owner.save("\(folder)/owner.key")
        return "\n  sealTo: {name: 铁西街道, key: \"\(Data(owner.publicKey).base64EncodedString())\"}"
      } _: { rig in
        _ = try await rig.take()
        try await rig.sit("w1")
        for step in ["next", "serve", "open", "contact"] {
          try await rig.shows("#current .\(step)")
          try await rig.browser.click("#current .\(step)")
        }
        try await rig.shows("dialog input[name=phone]")
        #expect(
          try await rig.browser.evaluate("return document.querySelector('dialog .shown').textContent", as: String.self).contains(
            "铁西街道"))
        try await rig.browser.click("dialog input[name=name]")
        try await rig.browser.type(Self.person)
        try await rig.browser.click("dialog input[name=phone]")
        try await rig.browser.type(Self.phone)
        try await rig.browser.click("dialog .primary")
        try await rig.shows("#current .look")
        try await rig.browser.click("#current .look")
        try await rig.browser.wait(
          "the name is shown", for: "document.querySelector('dialog')?.textContent.includes('\(Self.person)')")
        #expect(
          try await rig.browser.evaluate("return document.querySelector('dialog').textContent", as: String.self).contains(
            Self.phone))
        try await rig.browser.click("dialog .primary")
        try await rig.browser.wait("it is gone with the dialog", for: "!document.body.innerHTML.includes('\(Self.person)')")

        // Handed over: this station cannot read it any more.
        for (post, step, fields) in [("w1", "offer", ",\"to\":\"mediation\""), ("mediation", "accept", "")] {
          let body = Data("{\"post\":\"\(post)\"\(fields)}".utf8)
          #expect(try await LocalHTTP.ask(port: rig.windows, "POST", "/api/matters/1/\(step)", body).status == 200)
        }
        try await rig.browser.waitUntil("the key is forgotten") {
          let answer = try await LocalHTTP.ask(port: rig.windows, "POST", "/api/windows/1/look", Data(#"{"post":"w1"}"#.utf8))
          return String(decoding: answer.body, as: UTF8.self).contains("closedHere")
        }
        // What would be refused is not offered.
        try await rig.shows("#current .contact", gone: true)
        try await rig.browser.click("#current .look")
        try await rig.browser.wait("it says so", for: "document.querySelector('#toast').textContent.includes('本站已经打不开')")

        try readByItsReader(rig.shell)
        // What is kept says the same as the database, and nowhere stands a name.
        let kept = try await LocalHTTP.ask(port: rig.hall, "GET", "/api/visits")
        let text = String(decoding: kept.body, as: UTF8.self)
        #expect(text.contains(#"{"kind":"keys","count":1}"#) && text.contains(#"{"kind":"sealed","count":1}"#))
        #expect(try KeyDatabase(reading: rig.shell.folder + "/journal/" + KeyDatabase.fileName).count() == 1)
        try expectNoName(in: rig.shell.folder)
      }
    }

    private func readByItsReader(_ shell: Shell) throws {
      let site = "\(shell.folder)/site.yaml"
      let open = [
        "seal", "open", site, "--key", "\(shell.folder)/owner.key", "--matter", "1", "--post", "mediation", "--reason", "回访",
      ]
      let read = try shell.run(open + ["--purpose", "callBack"])
      #expect(read.code == 0 && read.text.contains(Self.person) && read.text.contains(Self.phone), "\(read.text)")
      let notes = try shell.entries().compactMap { entry in
        if case .access(.opened(let opening, let of, let post, _, let reason)) = entry.change {
          "\(opening.what) \(opening.purpose.rawValue) \(of.suffix(4)) \(post) \(reason ?? "-")"
        } else {
          nil
        }
      }
      #expect(notes == ["contact compareAtWindow A001 w1 -", "contact callBack #1 mediation 回访"])
      #expect(try shell.run(open + ["--purpose", "compareAtWindow"]).code != 0)
      let list = try shell.run(["seal", "list", site])
      #expect(list.code == 0 && list.text.contains("keys: 1") && !list.text.contains(Self.person), "\(list.text)")
    }

    private func expectNoName(in folder: String) throws {
      let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
      let files = names.filter { !$0.contains("profile") && !$0.contains("chrom") }
      #expect(files.contains { $0.hasSuffix(".sqlite") } && files.contains { $0.hasSuffix("station.log") }, "\(files)")
      for file in files {
        guard let bytes = FileManager.default.contents(atPath: folder + "/" + file) else { continue }
        #expect(bytes.range(of: Data(Self.person.utf8)) == nil, "\(file)")
        #expect(bytes.range(of: Data(Self.phone.utf8)) == nil, "\(file)")
      }
    }
  }
}
