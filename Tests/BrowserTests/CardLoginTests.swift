import Consoles
import DeviceVocabulary
import Foundation
import StaffAccess
import Testing

extension BrowserTests {
  /// Logging in at the duty desk by laying a card down.
  @Suite struct CardLoginTests {
    @Test func thePageOffersTheCardWhileThereIsAReader() async throws {
      let folder = "\(FileManager.default.temporaryDirectory.path)/linli-card-\(UUID().uuidString.prefix(8))"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let path = folder + "/staff.json"
      let (own, other) = (SecretBuffer(capacity: 10), SecretBuffer(capacity: 10))
      own.fill(from: [0x04, 1, 2, 3])
      other.fill(from: [0x04, 9, 9, 9])
      var account = StaffAccount(id: "d01", roles: [.duty], pin: try PinHash("739164", rounds: 16))
      account.card = try StaffCardKey.loadOrMake(besides: path).hash(own).text
      var book = StaffBook()
      book.put(account)
      try book.save(path)
      let door = StaffDoor(path: path, pause: {}, rounds: 16) { _ in }
      func lay(_ uid: SecretBuffer) {
        door.cards.heard(.removed)
        door.cards.heard(.present(SmartCard(number: 1, answerToReset: SecretBuffer(capacity: 33), uid: uid)))
      }
      let desk = try DutyDesk(port: 0, webRoot: PictureRig.webRoot, staff: door) { _, _ in .done }
      defer { desk.stop() }
      desk.publish(Picture.child())
      let browser = try await Browser(folder: folder, onEveryPage: [])
      do {
        try await browser.open("http://127.0.0.1:\(desk.port)/")
        try await browser.wait("the page asks who is there", for: "document.querySelector('#login')")
        #expect(
          try await browser.evaluate("return document.querySelector('#log-in-by-card').checkVisibility()", as: Bool.self) == false
        )
        door.cards.heard(.ready)
        try await browser.open("http://127.0.0.1:\(desk.port)/")
        try await browser.wait("the card is offered", for: "document.querySelector('#log-in-by-card')?.checkVisibility()")
        try await browser.click("#log-in-by-card")
        try await browser.wait("it says what to do", for: "document.querySelector('#login .said').textContent.includes('工卡')")
        lay(other)
        try await browser.wait(
          "a card that is nobody's is refused", for: "document.querySelector('#login .said').textContent.includes('不是本站的工卡')")
        try await browser.click("#log-in-by-card")
        try await browser.wait("it waits again", for: "document.querySelector('#login .said').textContent.includes('请')")
        lay(own)
        try await browser.wait("the posts are there", for: "document.querySelector('input[name=post]')")
        #expect(try await browser.evaluate("return document.querySelector('#login') === null", as: Bool.self))
      } catch {
        await browser.quit()
        throw error
      }
      await browser.quit()
    }
  }
}
