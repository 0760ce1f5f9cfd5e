import DeviceKit
import Dispatch
import SIADC09Codec
import SIADC09Driver
import Station
import StationRuntime
import Synchronization
import Transports

/// Sends a station's calls to an alarm receiving centre that others run, from the station's journal and beside the station: on its own
/// thread, with its own cursor, so that a dead receiver slows nothing and a restart loses nothing.
///
/// At least once: a call that the receiver had accepted when the power went, before the cursor was on disk, is sent again under the same
/// sequence number.
public final class ReceiverLink: Sendable {
  private let plan: AlarmReceiverPlan
  private let wakeSignal: WakeSignal
  private let stopFlag = StopFlag()
  private let board: ReceiverBoard
  private let made: Mutex<MadeFeed?>
  private let cipher: AESCipher?
  private let log: @Sendable (String) -> Void
  private let group = Mutex<DispatchGroup?>(nil)

  /// Handed over once, to the thread.
  private struct MadeFeed: @unchecked Sendable { var feed: JournalFeed }

  /// To be made before the station runs, so that no call can be recorded before the cursor stands.
  ///
  /// - Parameters:
  ///   - key: path of the key's file, when the plan names one.
  ///   - journalFolder: the station's; the cursor lies in it.
  /// - Throws: `ReceiverError` (the key), `TransportError` (no descriptor left).
  public init(plan: AlarmReceiverPlan, key: String?, journalFolder: String, log: @escaping @Sendable (String) -> Void) throws {
    self.plan = plan
    self.log = log
    cipher = try key.map { path throws(ReceiverError) in try KeyFile.cipher(path) }
    wakeSignal = try WakeSignal()
    board = ReceiverBoard(ReceiverStatus(name: "\(plan.host):\(plan.port)", condition: .unknown, waiting: 0))
    made = Mutex(MadeFeed(feed: JournalFeed(folder: journalFolder, plan: plan, log: log)))
  }

  public var status: ReceiverStatus { board.get() }

  /// The journal has new entries. Never waits.
  public func wake() { wakeSignal.raise() }

  /// - Parameter tell: how it stands; false: to be told again.
  public func start(tell: @escaping @Sendable (ReceiverCondition, String) -> Bool) {
    guard let feed = made.withLock({ made in made.take() })?.feed else { return }
    let sender = DC09Sender(
      settings: DC09SenderSettings(plan), cipher: cipher, nextSequence: feed.cursor.nextSequence,
      seed: UInt64.random(in: .min ... .max))
    let handed = ReceiverLoop.Handed(
      value: ReceiverLoop(sender: sender, feed: feed, plan: plan, wake: wakeSignal, board: board, log: log, tell: tell))
    let stop = stopFlag
    group.withLock { $0 = startThread("receiver") { handed.value.run(until: stop) } }
  }

  /// Returns within a second, also when the look-up of a name hangs: nothing is lost by ending then.
  public func stop() {
    stopFlag.raise()
    wakeSignal.raise()
    _ = group.withLock { $0 }?.wait(timeout: .now() + 1)
  }
}

/// The newest status, for whoever shows it.
final class ReceiverBoard: Sendable {
  private let status: Mutex<ReceiverStatus>

  init(_ first: ReceiverStatus) { status = Mutex(first) }

  func put(_ new: ReceiverStatus) { status.withLock { $0 = new } }
  func get() -> ReceiverStatus { status.withLock { $0 } }
}

extension DC09SenderSettings {
  init(_ plan: AlarmReceiverPlan) {
    self.init(
      format: plan.format == .contactID ? .contactID : .siaDCS, account: plan.account, receiver: plan.receiver, line: plan.line,
      timestamps: plan.timestamps, supervision: plan.supervisionSeconds > 0 ? .seconds(plan.supervisionSeconds) : nil,
      silentAfter: .seconds(plan.silentAfterSeconds), plainAcknowledgements: plan.plainAcknowledgements,
      timeOfOccurrence: plan.timeOfOccurrence)
  }
}
