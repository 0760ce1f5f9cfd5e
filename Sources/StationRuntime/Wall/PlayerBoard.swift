import DeviceKit
import DeviceVocabulary
import Foundation
import Synchronization
import Transports

/// What the players of the wall are to show, for whoever asks in their name. A player comes to the station, not the station to it: one that has
/// not asked for 3 s is absent.
public final class PlayerBoard: Sendable {
  private struct Member {
    let name: String
    var wishes: [WallWish] = []
    var orders: [PlayerOrder] = []
    var revision: UInt64
    /// The last one to be heard; `nil`: none yet, or it has left.
    var holder: PlayerHolder?
    var isPresent = false
    /// Those who wait for another revision.
    var waiting: [DispatchSemaphore] = []
  }

  public static let silence = Interval.seconds(3)
  static let longestWait = Interval.milliseconds(1_500)
  static let ordersKept = 8
  /// The station's socket serves 16 at a time: others want to be heard too.
  static let waitingLimit = 8

  private let members: Mutex<[Member]>
  /// Of ONVIF cameras they come and change while the station runs.
  private let addresses: Mutex<[String: String]>
  private let now: @Sendable () -> Instant
  private let teller = Mutex<(@Sendable (String, WallEvent) -> Void)?>(nil)
  private let stop = StopFlag()
  private let thread = Mutex<DispatchGroup?>(nil)

  /// - Parameter firstRevision: never one that an earlier run of the station has given.
  public init(
    _ devices: WallDevices, firstRevision: UInt64 = UInt64(max(1, Date().timeIntervalSince1970 * 1000)),
    now: @escaping @Sendable () -> Instant = { MonotonicClock.now() }
  ) {
    members = Mutex(devices.devices.filter { $0.kind == .player }.map { Member(name: $0.name, revision: firstRevision) })
    addresses = Mutex(devices.addresses)
    self.now = now
  }

  /// The hands of all devices: those of players are here.
  public func hands(others: WallHands) -> WallHands {
    var hands = WallHands(
      wish: { device, wishes in if !self.wish(device, wishes) { others.wish(device, wishes) } },
      identify: { port, seconds in
        if !self.order(port.device, { PlayerOrder(id: $0, identify: port.number, seconds: seconds) }) {
          others.identify(port, seconds)
        }
      },
      retest: { device in if !self.order(device, { PlayerOrder(id: $0, identify: nil) }) { others.retest(device) } })
    (hands.turn, hands.retestSource) = (others.turn, others.retestSource)
    return hands
  }

  /// - Parameter tell: what players say, for the station.
  public func start(tell: @escaping @Sendable (String, WallEvent) -> Void) {
    teller.withLock { $0 = tell }
    thread.withLock {
      $0 = startThread("players") { [self] in
        while !stop.isRaised {
          look()
          Thread.sleep(forTimeInterval: 0.25)
        }
      }
    }
  }

  public func shutDown() {
    stop.raise()
    members.withLock { members in
      for index in members.indices { Self.wakeUp(&members[index]) }
    }
    _ = thread.withLock { $0 }?.wait(timeout: .now() + 1)
  }

  private func tell(_ device: String, _ event: WallEvent) { teller.withLock { $0 }?(device, event) }

  // MARK: - The station's side

  /// False: no player.
  func wish(_ device: String, _ wishes: [WallWish]) -> Bool {
    members.withLock { members in
      guard let index = members.firstIndex(where: { $0.name == device }) else { return false }
      guard members[index].wishes != wishes else { return true }
      members[index].wishes = wishes
      Self.change(&members[index])
      return true
    }
  }

  /// A source is fetched from another address from now on.
  public func move(_ source: String, to address: String) {
    let isNew = addresses.withLock { addresses in
      defer { addresses[source] = address }
      return addresses[source] != address
    }
    guard isNew else { return }
    members.withLock { members in
      for index in members.indices {
        let shows = members[index].wishes.contains {
          if case .picture(let picture) = $0.setting { picture.source == source } else { false }
        }
        if shows { Self.change(&members[index]) }
      }
    }
  }

  private func order(_ device: String, _ make: (UInt64) -> PlayerOrder) -> Bool {
    members.withLock { members in
      guard let index = members.firstIndex(where: { $0.name == device }) else { return false }
      Self.change(&members[index])
      // The revision only rises, so that it numbers orders too.
      members[index].orders = (members[index].orders + [make(members[index].revision)]).suffix(Self.ordersKept)
      return true
    }
  }

  private static func change(_ member: inout Member) {
    member.revision &+= 1
    wakeUp(&member)
  }

  private static func wakeUp(_ member: inout Member) {
    for semaphore in member.waiting { semaphore.signal() }
    member.waiting.removeAll()
  }

  /// Who is silent is told.
  func look() {
    let moment = now()
    let silent = members.withLock { members in
      members.indices.compactMap { index -> String? in
        guard members[index].isPresent, let holder = members[index].holder, moment - holder.heardAt > Self.silence else {
          return nil
        }
        members[index].isPresent = false
        return members[index].name
      }
    }
    for name in silent { tell(name, .healthChanged(.absent)) }
  }

  // MARK: - The player's side

  /// What to answer to a line of the control socket; `nil`: not about players. Waits, as the line says, for 1.5 s at most.
  ///
  /// - Parameter isGone: whether who has asked no longer waits for the answer; asked while this call lasts.
  public func answer(_ line: String, isGone: @escaping @Sendable () -> Bool = { false }) -> String? {
    let words = line.split(separator: " ", maxSplits: 5).map(String.init)
    guard words.count >= 3, words[0] == "wall", words[1] == "player" else { return nil }
    let name = words[2]
    guard members.withLock({ $0.contains { $0.name == name } }) else {
      return "不行: 站点文件里没有播放机 \(name.prefix(12).filter { $0.isASCII }) / the site file has no such player\n"
    }
    func word(_ index: Int) -> String { words.count > index ? words[index] : "" }
    switch word(3) {
    case "wish":
      guard let known = UInt64(word(4)), let instance = PlayerInstance(word(5)) else { break }
      switch wish(of: name, known: known, instance, isGone) {
      case .success(let wish): return wish.map { PlayerLine.encode($0) + "\n" } ?? "不行: 正在停止 / stopping\n"
      case .failure(let refusal): return refusal.line
      }
    case "tell":
      guard let instance = PlayerInstance(word(4)), let report = PlayerLine.decode(word(5), as: PlayerReport.self) else { break }
      if let refusal = heard(name, instance) { return refusal.line }
      for event in report.events.prefix(64) { if let event = event.fromPlayer { tell(name, event) } }
      return PlayerLine.done
    case "leave":
      guard let instance = PlayerInstance(word(4)) else { break }
      leave(name, instance)
      return PlayerLine.done
    default: break
    }
    return
      "不行: 应为 wall player 名称 wish 版本 实例、tell 实例 JSON 或 leave 实例 / expected wish REVISION INSTANCE, tell INSTANCE JSON or leave INSTANCE\n"
  }

  /// What was reported counts only of who has the name.
  private func heard(_ name: String, _ instance: PlayerInstance) -> PlayerRefusal? {
    let moment = now()
    let (refusal, cameBack) = members.withLock { members -> (PlayerRefusal?, Bool) in
      guard let index = members.firstIndex(where: { $0.name == name }), let holder = members[index].holder else {
        return (.nobodyAsked, false)
      }
      guard holder.instance == instance else { return (.held(holder.instance), false) }
      members[index].holder?.heardAt = moment
      defer { members[index].isPresent = true }
      return (nil, !members[index].isPresent)
    }
    if cameBack { tell(name, .healthChanged(.online)) }
    return refusal
  }

  /// It asks, and has the name from now on if it is free.
  private func admit(
    _ name: String, _ instance: PlayerInstance, known: UInt64, _ isGone: @escaping @Sendable () -> Bool
  ) -> PlayerRefusal? {
    let moment = now()
    let (refusal, event) = members.withLock { members -> (PlayerRefusal?, WallEvent?) in
      guard let index = members.firstIndex(where: { $0.name == name }) else { return (.nobodyAsked, nil) }
      let before = members[index].holder
      if let before, before.instance != instance, !before.isOver(at: moment) { return (.held(before.instance), nil) }
      members[index].holder = PlayerHolder(instance: instance, heardAt: moment, isGone: isGone)
      defer { members[index].isPresent = true }
      if !members[index].isPresent { return (nil, .healthChanged(.online)) }
      // It has just started, or took over: it shows nothing of what was told before.
      return (nil, known == 0 || before?.instance != instance ? .restarted : nil)
    }
    if let event { tell(name, event) }
    return refusal
  }

  /// Who has asked is answered, or has gone: nobody may look at that connection any more.
  private func answered(_ name: String, _ instance: PlayerInstance, isGone: Bool) {
    members.withLock { members in
      guard let index = members.firstIndex(where: { $0.name == name }), members[index].holder?.instance == instance else {
        return
      }
      members[index].holder?.isGone = nil
      members[index].holder?.hasEnded = isGone
    }
  }

  private func leave(_ name: String, _ instance: PlayerInstance) {
    let wasPresent = members.withLock { members in
      guard let index = members.firstIndex(where: { $0.name == name }), members[index].holder?.instance == instance else {
        return false
      }
      members[index].holder = nil
      defer { members[index].isPresent = false }
      return members[index].isPresent
    }
    if wasPresent { tell(name, .healthChanged(.absent)) }
  }

  private func wish(
    of name: String, known: UInt64, _ instance: PlayerInstance, _ isGone: @escaping @Sendable () -> Bool
  ) -> Result<PlayerWish?, PlayerRefusal> {
    if let refusal = admit(name, instance, known: known, isGone) { return .failure(refusal) }
    defer { answered(name, instance, isGone: isGone()) }
    let semaphore = DispatchSemaphore(value: 0)
    let limit = DispatchTime.now() + .microseconds(Int(Self.longestWait.microseconds))
    while !stop.isRaised {
      enum Found {
        case wish(PlayerWish)
        case held(PlayerInstance)
        case wait, unknown
      }
      let found = members.withLock { members -> Found in
        guard let index = members.firstIndex(where: { $0.name == name }), let holder = members[index].holder else {
          return .unknown
        }
        let member = members[index]
        // Another one has taken over meanwhile.
        guard holder.instance == instance else { return .held(holder.instance) }
        if member.revision != known || DispatchTime.now() >= limit { return .wish(filled(member)) }
        // Who finds no room has its answer at once. One that has gone away still waits here until its time is over.
        guard members.reduce(0, { $0 + $1.waiting.count }) < Self.waitingLimit else { return .wish(filled(member)) }
        members[index].waiting.append(semaphore)
        return .wait
      }
      switch found {
      case .wish(let wish): return .success(wish)
      case .held(let other): return .failure(.held(other))
      case .unknown: return .success(nil)
      case .wait: if semaphore.wait(timeout: limit) == .timedOut { forget(semaphore, name) }
      }
    }
    return .success(nil)
  }

  private func forget(_ semaphore: DispatchSemaphore, _ name: String) {
    members.withLock { members in
      guard let index = members.firstIndex(where: { $0.name == name }) else { return }
      members[index].waiting.removeAll { $0 === semaphore }
    }
  }

  private func filled(_ member: Member) -> PlayerWish {
    let addresses = addresses.withLock { $0 }
    let wishes = member.wishes.map { wish in
      guard case .picture(var picture) = wish.setting else { return wish }
      picture.address = addresses[picture.source] ?? ""
      return WallWish(wish.number, .picture(picture))
    }
    return PlayerWish(revision: member.revision, wishes: wishes, orders: member.orders)
  }
}
