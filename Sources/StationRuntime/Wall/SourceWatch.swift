import Crypto
import DeviceKit
import Foundation
import RTSPCodec
import RTSPDriver
import Station
import Synchronization
import Transports

/// Asks the cameras of the wall in turn whether they deliver: each check on a thread of its own, which may wait for a name to be looked up. How
/// many there may be says `SourceRound`; where all deliver it is hardly ever more than one.
public final class SourceWatch: Sendable {
  private let addresses: [String: RTSPAddress]
  private let cameras: CameraDirectory?
  private let plays: Bool
  private let round: Mutex<SourceRound>
  private let tell: @Sendable (String, SourceState) -> Void
  private let stop = StopFlag()
  private let thread = Mutex<DispatchGroup?>(nil)
  private let checks = DispatchGroup()

  /// - Parameters:
  ///   - addresses: of all sources; those that are no `rtsp://` are not watched.
  ///   - cameras: which are asked for their addresses first, and again after they were dead.
  ///   - plays: a packet is fetched too, which costs a camera one of its streams for a moment.
  ///   - tell: called on one of the threads here, after each check that came to something.
  public init(
    addresses: [String: String], cameras: CameraDirectory? = nil, plays: Bool = true,
    tell: @escaping @Sendable (String, SourceState) -> Void
  ) {
    self.cameras = cameras
    self.addresses = addresses.compactMapValues { RTSPAddress($0) }
    self.plays = plays
    self.tell = tell
    round = Mutex(SourceRound((self.addresses.keys + (cameras?.sources ?? [])).sorted(), at: MonotonicClock.now()))
  }

  /// Those that are asked.
  public var watched: [String] { (addresses.keys + (cameras?.sources ?? [])).sorted() }

  public func start() {
    thread.withLock { $0 = startThread("sources") { [self] in run() } }
  }

  public func retest(_ id: String) {
    cameras?.retest(id)
    round.withLock { $0.retest(id, at: MonotonicClock.now()) }
  }

  public func shutDown() {
    stop.raise()
    let limit = DispatchTime.now() + 1
    _ = thread.withLock { $0 }?.wait(timeout: limit)
    // One may still wait for a name: it belongs to nobody any more.
    _ = checks.wait(timeout: limit)
  }

  private func run() {
    while !stop.isRaised {
      while !stop.isRaised, let id = round.withLock({ $0.take(at: MonotonicClock.now()) }) { begin(id) }
      Thread.sleep(forTimeInterval: 0.1)
    }
  }

  private func begin(_ id: String) {
    checks.enter()
    _ = startThread("source") { [self] in
      defer { checks.leave() }
      let state = look(id)
      if let state, !stop.isRaised { tell(id, state) }
    }
  }

  /// What the station is to be told of it; `nil`: nothing yet.
  private func look(_ id: String) -> SourceState? {
    let found = addresses[id].map { CameraDirectory.Found.stream($0) } ?? cameras?.stream(of: id) ?? .failed(.noStream)
    switch found {
    case .failed(let failure): return round.withLock { $0.failed(id, failure, at: MonotonicClock.now()) }
    case .stream(let address):
      let verdict = check(address)
      if verdict != .live, verdict != .noPackets { cameras?.doubt(id) }
      return round.withLock { $0.finished(id, verdict, at: MonotonicClock.now()) }
    }
  }

  private func check(_ address: RTSPAddress) -> StreamVerdict {
    Self.check(address, plays: plays) { self.stop.isRaised }
  }

  /// One check, on the calling thread; takes as long as it takes.
  public static func check(_ address: RTSPAddress, plays: Bool = true, isStopped: () -> Bool = { false }) -> StreamVerdict {
    let check = HealthCheck(.init(address: address, plays: plays, md5: { bytes in Array(Insecure.MD5.hash(data: bytes)) }))
    return Conversation.run(check, isStopped: isStopped) ?? .unreachable
  }
}
