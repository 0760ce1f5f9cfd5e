import DeviceKit
import DeviceVocabulary
import Foundation
import Synchronization
import Testing

@testable import StationRuntime

@Suite struct PlayerBoardTests {
  private final class Heard: Sendable {
    let events = Mutex<[(String, WallEvent)]>([])
    let now = Mutex(Instant(microseconds: 1_000_000))
    func take() -> [WallEvent] {
      events.withLock { events in
        defer { events.removeAll() }; return events.map(\.1)
      }
    }
    func pass(_ interval: Interval) { now.withLock { $0 = $0 + interval } }
  }

  private func board(_ heard: Heard) -> PlayerBoard {
    let devices = ["pc1", "pc2"].map { WallDevicePlan(name: $0, kind: .player, connection: .none) }
    let hub = WallDevicePlan(name: "hub", kind: .videohub, connection: .network(host: "10.0.0.5", port: 9990))
    let board = PlayerBoard(
      WallDevices(devices: devices + [hub], addresses: ["door": "rtsp://admin:secret@cam/1"], consolePort: 0), firstRevision: 100,
      now: { heard.now.withLock { $0 } })
    board.start { name, event in heard.events.withLock { $0.append((name, event)) } }
    return board
  }

  private let frame = WallFrame(x: 0, y: 0, width: 960, height: 540)
  private func wish(_ source: String) -> [WallWish] {
    [WallWish(4, .picture(WallPicture(source: source, address: "", frame: frame)))]
  }

  private static let first = PlayerInstance(host: "pc-hall", process: 4711, startedMicroseconds: 1_790_000_000_000_000)
  private static let second = PlayerInstance(host: "pc-hall", process: 4899, startedMicroseconds: 1_790_000_060_000_000)

  private func ask(_ board: PlayerBoard, _ known: UInt64, as instance: PlayerInstance = first) throws -> PlayerWish {
    let text = try #require(board.answer(PlayerLine.wish("pc1", known: known, as: instance)))
    return try #require(PlayerLine.decode(text, as: PlayerWish.self), "\(text)")
  }

  @Test func aPlayerIsGivenItsWishWithTheAddresses() throws {
    let heard = Heard()
    let board = board(heard)
    defer { board.shutDown() }
    #expect(board.wish("pc1", wish("door")) && !board.wish("hub", wish("door")))
    let found = try ask(board, 0)
    #expect(
      found.wishes == [WallWish(4, .picture(WallPicture(source: "door", address: "rtsp://admin:secret@cam/1", frame: frame)))])
    #expect(heard.take() == [.healthChanged(.online)])
    #expect(board.wish("pc1", wish("door")))
    #expect(board.wish("pc1", wish("nowhere")))
    let next = try ask(board, found.revision)
    #expect(next.revision == found.revision + 1 && next.wishes == wish("nowhere"))
  }

  @Test func whoKnowsItAlreadyWaitsForTheNext() throws {
    let heard = Heard()
    let board = board(heard)
    defer { board.shutDown() }
    let known = try ask(board, 0).revision
    let asked = DispatchSemaphore(value: 0)
    let answer = Mutex<String?>(nil)
    Thread.detachNewThread {
      let said = board.answer(PlayerLine.wish("pc1", known: known, as: Self.first))
      answer.withLock { $0 = said }
      asked.signal()
    }
    #expect(board.wish("pc1", wish("door")))
    #expect(asked.wait(timeout: .now() + 20) == .success)
    let found = answer.withLock { $0 }.flatMap { PlayerLine.decode($0, as: PlayerWish.self) }
    #expect(found?.revision == known + 1)
    // Nothing new: the same again, when its time is over.
    #expect(try ask(board, known + 1).revision == known + 1)
  }

  @Test func silenceIsToldAndAReturnToo() throws {
    let heard = Heard()
    let board = board(heard)
    defer { board.shutDown() }
    _ = try ask(board, 0)
    #expect(heard.take() == [.healthChanged(.online)])
    heard.pass(.seconds(3))
    board.look()
    #expect(heard.take().isEmpty)
    heard.pass(.milliseconds(1))
    board.look()
    #expect(heard.take() == [.healthChanged(.absent)])
    _ = try ask(board, 7)
    #expect(heard.take() == [.healthChanged(.online)])
    // It began anew before anybody noticed.
    _ = try ask(board, 0)
    #expect(heard.take() == [.restarted])
  }

  private func held(_ board: PlayerBoard, as instance: PlayerInstance) -> String? {
    board.answer(PlayerLine.wish("pc1", known: 0, as: instance)).flatMap { PlayerLine.holder(in: $0) }
  }

  private func report(_ board: PlayerBoard, as instance: PlayerInstance) -> String? {
    board.answer(PlayerLine.tell("pc1", PlayerReport(events: [.pictureObserved(4, .moving)]), as: instance))
  }

  @Test func theSecondOfANameIsToldWhoHasIt() throws {
    let heard = Heard()
    let board = board(heard)
    defer { board.shutDown() }
    _ = try ask(board, 0)
    for _ in 0..<20 {
      heard.pass(.seconds(1))
      let who = try #require(held(board, as: Self.second))
      #expect(who.contains("process 4711 on pc-hall, started 20") && who.contains("进程 4711"))
      #expect(report(board, as: Self.second).flatMap { PlayerLine.holder(in: $0) } == who)
      #expect(report(board, as: Self.first) == PlayerLine.done)
      board.look()
    }
    #expect(heard.take() == [.healthChanged(.online)] + Array(repeating: .pictureObserved(4, .moving), count: 20))
  }

  /// The first hangs: what the second reports proves nothing of its windows, and it does not keep the name for good.
  @Test func whoIsSilentLosesTheName() throws {
    let heard = Heard()
    let board = board(heard)
    defer { board.shutDown() }
    let known = try ask(board, 0).revision
    heard.pass(.seconds(2))
    #expect(held(board, as: Self.second) != nil && report(board, as: Self.second) != PlayerLine.done)
    heard.pass(.milliseconds(1_001))
    board.look()
    #expect(heard.take() == [.healthChanged(.online), .healthChanged(.absent)], "the second has not kept it alive")
    #expect(report(board, as: Self.second) != PlayerLine.done, "it has not asked yet")
    _ = try ask(board, 0, as: Self.second)
    #expect(heard.take() == [.healthChanged(.online)])
    // The first wakes up.
    #expect(held(board, as: Self.first) != nil && report(board, as: Self.first) != PlayerLine.done)
    #expect(board.answer(PlayerLine.leave("pc1", as: Self.first)) == PlayerLine.done && heard.take().isEmpty)
    // Taken over before anybody has noticed its silence: nothing that the other has shown counts.
    heard.pass(.seconds(4))
    #expect(try ask(board, 0, as: Self.first).revision == known)
    #expect(heard.take() == [.restarted])
  }

  @Test func aRestartedPlayerTakesOverFromItsDeadSelf() throws {
    let heard = Heard()
    let board = board(heard)
    defer { board.shutDown() }
    let known = try ask(board, 0).revision
    #expect(held(board, as: Self.second) != nil)
    // It is killed while it waits for an answer, and started again while the station still waits for it.
    let isKilled = Mutex(false)
    let ended = DispatchSemaphore(value: 0)
    let waits = DispatchSemaphore(value: 0)
    let answer = Mutex<String?>(nil)
    let line = PlayerLine.wish("pc1", known: known, as: Self.first)
    Thread.detachNewThread {
      waits.signal()
      let said = board.answer(line) { isKilled.withLock { $0 } }
      answer.withLock { $0 = said }
      ended.signal()
    }
    #expect(waits.wait(timeout: .now() + 20) == .success)
    #expect(held(board, as: Self.second) != nil, "it is there")
    isKilled.withLock { $0 = true }
    // As soon as it is waited for; not before the thread above has asked.
    var isIn = false
    for _ in 0..<1_000 where !isIn {
      isIn = held(board, as: Self.second) == nil
      if !isIn { Thread.sleep(forTimeInterval: 0.01) }
    }
    #expect(isIn)
    #expect(heard.take() == [.healthChanged(.online), .restarted], "in no time at all by the station's clock")
    #expect(board.wish("pc1", wish("door")))
    #expect(ended.wait(timeout: .now() + 20) == .success)
    #expect(answer.withLock { $0 }.flatMap { PlayerLine.holder(in: $0) } != nil, "the dead one is told no wish, and no address")
  }

  @Test func whoLeavesGivesTheNameAway() throws {
    let heard = Heard()
    let board = board(heard)
    defer { board.shutDown() }
    _ = try ask(board, 0)
    #expect(board.answer(PlayerLine.leave("pc1", as: Self.first)) == PlayerLine.done)
    #expect(heard.take() == [.healthChanged(.online), .healthChanged(.absent)])
    _ = try ask(board, 0, as: Self.second)
    #expect(heard.take() == [.healthChanged(.online)])
  }

  @Test func whatWindowsShowReachesTheStation() throws {
    let heard = Heard()
    let board = board(heard)
    defer { board.shutDown() }
    let shown = WallPicture(source: "door", address: "rtsp://admin:secret@cam/1", frame: frame)
    let events: [WallEvent] = [
      .observed(4, .picture(shown)), .pictureObserved(4, .none(reason: String(repeating: "a\u{202E}", count: 50))),
      .pictureObserved(4, .moving), .healthChanged(.absent), .observed(4, .route(3)), .observed(900, .picture(shown)),
      .notSwitched(4, .refused("\u{1B}[31mno")), .restarted,
    ]
    _ = try ask(board, 0)
    for line in PlayerReport.lines(events, player: "pc1", as: Self.first) { #expect(board.answer(line) == PlayerLine.done) }
    var clean = shown
    clean.address = ""
    #expect(
      heard.take() == [
        .healthChanged(.online), .observed(4, .picture(clean)),
        .pictureObserved(4, .none(reason: String(repeating: "a", count: 40))),
        .pictureObserved(4, .moving), .notSwitched(4, .refused("[31mno")),
      ])
  }

  @Test func linesFitIntoARequest() {
    let long = WallPicture(
      source: String(repeating: "门", count: 40), address: "", label: String(repeating: "厅", count: 40), frame: frame)
    let events = (1...200).map { WallEvent.observed(UInt16($0), .picture(long)) }
    let lines = PlayerReport.lines(events, player: "pc1", as: Self.first)
    #expect(lines.allSatisfy { $0.utf8.count <= 4_096 } && lines.count < 60)
    let again = lines.flatMap { line in
      PlayerLine.decode(line.dropFirst("wall player pc1 tell \(Self.first) ".count), as: PlayerReport.self)?.events ?? []
    }
    #expect(again == events)
  }

  @Test func ordersAreNumbered() throws {
    let heard = Heard()
    let board = board(heard)
    defer { board.shutDown() }
    let passed = Mutex<[String]>([])
    let hands = board.hands(
      others: WallHands(
        wish: { name, _ in passed.withLock { $0.append(name) } },
        identify: { port, _ in passed.withLock { $0.append("\(port)") } },
        retest: { name in passed.withLock { $0.append(name) } }))
    hands.identify(WallPort(device: "pc1", number: 4), 10)
    hands.retest("pc1")
    hands.wish("hub", [])
    hands.identify(WallPort(device: "hub", number: 2), 1)
    hands.retest("hub")
    let found = try ask(board, 0)
    #expect(found.orders == [PlayerOrder(id: 101, identify: 4, seconds: 10), PlayerOrder(id: 102, identify: nil)])
    #expect(passed.withLock { $0 } == ["hub", "hub/2", "hub"])
  }

  @Test func nonsenseIsRefused() {
    let board = board(Heard())
    defer { board.shutDown() }
    #expect(board.answer("status") == nil && board.answer("wall show") == nil && board.answer("wall player") == nil)
    for line in [
      "wall player pc9 wish 0 a/1/1", "wall player pc1 wish x a/1/1", "wall player pc1 tell a/1/1 {", "wall player pc1",
      "wall player hub wish 0 a/1/1", "wall player pc1 wish 0", "wall player pc1 wish 0 a/0/1", "wall player pc1 wish 0 a/1",
      "wall player pc1 wish 0 a\u{1B}/1/1", "wall player pc1 tell {\"events\":[]}", "wall player pc1 leave",
    ] {
      #expect(board.answer(line)?.hasPrefix("不行") == true, "\(line)")
    }
  }
}
