import DeviceKit
import DeviceVocabulary
import Testing

@testable import WallHost

@Suite struct WindowBookTests {
  private func wish(_ number: UInt16, _ source: String, _ frame: WallFrame) -> WallWish {
    WallWish(number, .picture(WallPicture(source: source, address: "test:\(number)", frame: frame)))
  }
  private func frame(_ column: Int, _ row: Int, _ size: Int = 1) -> WallFrame {
    WallFrame(x: column * 960, y: row * 540, width: 960 * size, height: 540 * size)
  }
  private let start = Instant(microseconds: 1)

  @Test func anotherSourceIsTheSameWindow() {
    var book = WindowBook()
    #expect(book.take([wish(1, "a", frame(0, 0))], at: start).count == 2)
    #expect(book.settled(1, at: start).isEmpty)
    let changes = book.take([wish(1, "b", frame(0, 0))], at: start)
    #expect(changes.count == 1 && book.current(1) == 1)
    #expect(book.take([wish(1, "b", frame(0, 0))], at: start).isEmpty)
  }

  @Test func anotherPlaceIsANewWindowAndTheOldOneGoesLast() {
    var book = WindowBook()
    _ = book.take((1...4).map { wish($0, "a", frame(Int($0 - 1) % 2, Int($0 - 1) / 2)) }, at: start)
    for id in 1...4 { _ = book.settled(id, at: start) }
    // One picture over all four.
    let changes = book.take([wish(1, "b", frame(0, 0, 2))], at: start)
    #expect(changes.first == .open(5, number: 1, frame(0, 0, 2)) && changes.count == 2)
    #expect(book.current(1) == 5 && book.current(2) == nil && !book.isCurrent(1))
    #expect(book.settled(5, at: start) == [.close(1), .close(2), .close(3), .close(4)])
    #expect(book.all == [5])
  }

  @Test func aPictureThatDoesNotComeHoldsNothingBack() {
    var book = WindowBook()
    _ = book.take([wish(1, "a", frame(0, 0))], at: start)
    _ = book.settled(1, at: start)
    _ = book.take([wish(1, "b", frame(1, 0))], at: start)
    #expect(book.deadline == start + WindowBook.patience && book.tick(at: start + .seconds(2)).isEmpty)
    #expect(book.tick(at: start + .seconds(3)) == [.close(1)])
  }

  @Test func theLastOfManyPlacesIsTheOneThatStays() {
    var book = WindowBook()
    var open: Set<Int> = []
    func note(_ changes: [WindowBook.Change]) {
      for change in changes {
        if case .open(let id, _, _) = change { open.insert(id) }
        if case .close(let id) = change { open.remove(id) }
      }
    }
    for step in 0..<200 { note(book.take([wish(1, "a", frame(step % 7, 0))], at: start + .milliseconds(50 * step))) }
    // The first, which nothing covers yet, and the last.
    #expect(open.count <= 2)
    note(book.settled(book.current(1) ?? 0, at: start + .seconds(11)))
    #expect(open == [book.current(1) ?? 0])
  }

  @Test func nothingWishedClosesAll() {
    var book = WindowBook()
    _ = book.take([wish(1, "a", frame(0, 0)), wish(2, "a", frame(1, 0))], at: start)
    #expect(book.take([], at: start) == [.close(1), .close(2)] && book.all.isEmpty)
  }

  @Test func processesAreStartedFiveTimesAMinuteMore() {
    var limit = RestartLimit()
    let allowed = (0..<10).map { limit.allows(at: start + .seconds($0)) }
    #expect(
      allowed == Array(repeating: true, count: 6)
        + Array(repeating: false, count: 4))
    let later = limit.allows(at: start + .seconds(60))
    #expect(later)
  }
}

@Suite struct PlayerSettingsTests {
  @Test func nothingOfASourceIsInTheCommandLine() {
    let command = PlayerSettings(player: "pc1").command(
      program: "/usr/bin/mpv", number: 4, frame: WallFrame(x: 960, y: 0, width: 960, height: 540), socket: "/run/x/4.sock")
    #expect(command.contains("--geometry=960x540+960+0") && command.contains("--input-ipc-server=/run/x/4.sock"))
    #expect(command.contains("--no-config") && command.contains("--ytdl=no") && command.contains("--load-scripts=no"))
    #expect(!command.contains { $0.contains("record") || $0.contains("screenshot") || $0.contains("://") })
  }

  /// mpv's filters see what is in the PC's memory: by default all of it is.
  @Test(arguments: [
    (nil, "auto-copy-safe", true), ("no", "no", true), ("vaapi-copy", "vaapi-copy", true), ("auto-safe", "auto-safe", false),
    ("nvdec", "nvdec", false),
  ])
  func blackIsNoticedWherePicturesComeBackFromTheCard(_ asked: String?, _ decoding: String, _ notices: Bool) {
    var settings = PlayerSettings(player: "pc1")
    if let asked { settings.hardwareDecoding = asked }
    func method(_ mosaic: WallMosaic?) -> String? {
      settings.command(
        program: "/usr/bin/mpv", number: 1, frame: WallFrame(x: 0, y: 0, width: 960, height: 540), mosaic: mosaic, socket: "/x"
      ).first { $0.hasPrefix("--hwdec=") }
    }
    #expect(settings.noticesBlack == notices && method(nil) == "--hwdec=\(decoding)")
    // What is cut up by a filter has to be in memory anyway.
    let whole = WallMosaic(width: 960, height: 540, panes: [])
    #expect(method(whole) == "--hwdec=\(notices ? decoding : "auto-copy-safe")")
  }

  @Test func testPicturesHaveColoursOfTheirOwn() {
    #expect(TestPicture.resolve("rtsp://cam/x") == "rtsp://cam/x" && TestPicture.resolve("") == nil)
    for address in ["test:0", "test:65", "test:x", "test:", "test:-1"] { #expect(TestPicture.resolve(address) == nil) }
    let colours = (1...64).compactMap { TestPicture(address: "test:\($0)")?.colour }
    #expect(colours.count == 64)
    for (index, one) in colours.enumerated() {
      for (later, other) in colours.enumerated().dropFirst(index + 1).prefix(7) {
        let distance = abs(one.red - other.red) + abs(one.green - other.green) + abs(one.blue - other.blue)
        #expect(distance >= 60, "\(index + 1) \(later + 1)")
      }
    }
    #expect(TestPicture.resolve("test:1")?.hasPrefix("av://lavfi:color=c=0x00aa") == true)
  }
}
