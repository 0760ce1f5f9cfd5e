import DeviceKit
import DeviceVocabulary

/// Which windows there are to be. A window that has to stand elsewhere, in another size or otherwise cut up, is opened anew; the old one goes when the new one
/// has its picture, so that nothing is black in between. Pure.
struct WindowBook {
  enum Change: Equatable {
    case open(Int, number: UInt16, WallFrame)
    case show(Int, WallPicture)
    case close(Int)
  }

  private struct Window {
    var id: Int
    var number: UInt16
    var frame: WallFrame
    var picture: WallPicture
    /// It covers what is to go, since then; `nil`: it has been seen.
    var growingSince: Instant?
    /// Not wished any more.
    var isLeaving = false
  }

  /// Who waits for a picture that does not come stays no longer.
  static let patience = Interval.seconds(3)
  static let limit = 64

  private var windows: [Window] = []
  private var lastID = 0

  /// The one that is to stand for this number; older ones are on their way out.
  func current(_ number: UInt16) -> Int? { windows.last { $0.number == number && !$0.isLeaving }?.id }
  func isCurrent(_ id: Int) -> Bool { windows.contains { $0.id == id && !$0.isLeaving } }
  var all: [Int] { windows.map(\.id) }

  var deadline: Instant? {
    guard windows.contains(where: \.isLeaving) else { return nil }
    return windows.compactMap { $0.growingSince.map { $0 + Self.patience } }.min()
  }

  mutating func take(_ wishes: [WallWish], at now: Instant) -> [Change] {
    var changes: [Change] = []
    let wished = wishes.compactMap { wish -> (UInt16, WallPicture)? in
      if case .picture(let picture) = wish.setting { (wish.number, picture) } else { nil }
    }.prefix(Self.limit)
    for index in windows.indices where !windows[index].isLeaving {
      let window = windows[index]
      windows[index].isLeaving = !wished.contains { number, picture in
        number == window.number && picture.frame == window.frame && picture.mosaic == window.picture.mosaic
      }
    }
    for (number, picture) in wished {
      if let index = windows.firstIndex(where: { $0.number == number && !$0.isLeaving }) {
        guard windows[index].picture != picture else { continue }
        windows[index].picture = picture
        changes.append(.show(windows[index].id, picture))
      } else {
        lastID += 1
        windows.append(Window(id: lastID, number: number, frame: picture.frame, picture: picture, growingSince: now))
        changes += [.open(lastID, number: number, picture.frame), .show(lastID, picture)]
      }
    }
    return changes + tick(at: now)
  }

  /// A window has its picture, or there is none to be had.
  mutating func settled(_ id: Int, at now: Instant) -> [Change] {
    if let index = windows.firstIndex(where: { $0.id == id }) { windows[index].growingSince = nil }
    return tick(at: now)
  }

  /// Closes what nobody waits for any more.
  mutating func tick(at now: Instant) -> [Change] {
    let isWaiting = windows.contains { !$0.isLeaving && ($0.growingSince.map { now - $0 < Self.patience } ?? false) }
    // One that never had a picture of its own has nothing to cover.
    let gone = windows.filter { $0.isLeaving && (!isWaiting || $0.growingSince != nil) }.map(\.id)
    windows.removeAll { gone.contains($0.id) }
    return gone.map { .close($0) }
  }
}

/// How often a window's process may be started: what ends at once would keep a PC busy with nothing else.
struct RestartLimit {
  static let starts = 5
  static let span = Interval.seconds(60)
  private var times: [Instant] = []

  /// False: too often; not now.
  mutating func allows(at now: Instant) -> Bool {
    times.removeAll { now - $0 >= Self.span }
    // The first start is none that follows a failure.
    guard times.count <= Self.starts else { return false }
    times.append(now)
    return true
  }
}
