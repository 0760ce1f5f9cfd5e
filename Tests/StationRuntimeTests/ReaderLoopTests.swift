import DeviceKit
import DeviceVocabulary
import Foundation
import ResidentCardCodec
import ResidentCardDeviceModel
import ResidentCardDriver
import Synchronization
import Testing
import Transports

@testable import StationRuntime

/// The reader's loop over a wire with a model behind it: nothing waits, and nothing is there but this thread.
@Suite struct ReaderLoopTests {
  private final class ModelWire: ReaderWire {
    private var model = CardReaderModel(.serial)
    private var inputs: [CardReaderInput] = []
    private let orders: ReaderOrders
    private let stop: StopFlag
    private var rounds = 0
    /// Called when the last bytes of the record have come, and have not been handed over yet.
    var onRecord: () -> Void = {}
    private var isRecordOut = false

    init(_ orders: ReaderOrders, _ stop: StopFlag) {
      self.orders = orders
      self.stop = stop
      perform(.hand(.put(.person(.resident, seed: 3))))
    }

    let layout: PipeLayout? = .serial
    let descriptor: Int32 = -1
    let wantsOutput = false
    func open() -> String? {
      perform(.open)
      return nil
    }
    func close() {}
    func write(_ bytes: FixedBytes<20>, _ pipe: ReaderPipe) -> CardReaderInput? {
      perform(.written(bytes.withSpan { span in span.indices.map { span[$0] } }, pipe))
      // The answer is there already: the loop comes back at once.
      orders.wake.raise()
      return nil
    }
    func read(_ pipe: ReaderPipe) -> CardReaderInput? { nil }
    func stopReading() {}
    func clearHalt() -> CardReaderInput { .mended }
    func reset() -> CardReaderInput { .mended }
    func giveBack(_ buffer: SecretBuffer) { buffer.wipe() }

    func collect(into collected: inout [CardReaderInput]) {
      // What the model has to say later it says now.
      while model.deadline != nil { perform(.wake) }
      if model.commands.last == .read, !inputs.isEmpty, !isRecordOut {
        isRecordOut = true
        onRecord()
      }
      collected += inputs
      inputs.removeAll()
      rounds += 1
      if isRecordOut && model.commands.last == .read || rounds > 2000 { stop.raise() }
    }

    private func perform(_ input: CardReaderModel.Input) {
      var effects = Effects<CardReaderModel.Effect>()
      model.handle(input, at: max(model.deadline ?? .zero, MonotonicClock.now()), into: &effects)
      while let effect = effects.takeFirst() {
        guard case .bytes(let bytes, let pipe) = effect else { continue }
        // Not one that is erased with the reading: these bytes reach the driver.
        let buffer = SecretBuffer(capacity: bytes.count)
        buffer.fill(from: bytes)
        inputs.append(.received(buffer, from: pipe))
      }
    }
  }

  /// What is reported of one reading.
  private func reports(cancelling: Bool) throws -> (records: Int, read: Int) {
    let stop = StopFlag()
    let counts = Mutex((records: 0, read: 0))
    let orders = ReaderOrders(wake: try WakeSignal(), pages: LockedPages { _ in })
    let wire = ModelWire(orders, stop)
    // A station that stops a reading while its last bytes are on the way.
    wire.onRecord = { if cancelling { orders.cancel() } }
    let plan = ReaderPlan(connection: .serial(path: "/nowhere", baud: .b115200), newestAddress: false)
    let loop = ReaderLoop(plan: plan, wire: wire, orders: orders, log: { _ in }) { report in
      counts.withLock { counts in
        switch report {
        case .record: counts.records += 1
        case .event(.read): counts.read += 1
        default: break
        }
      }
    }
    orders.read(newestAddress: false, CardConsent(number: 1, until: .distantFuture))
    loop.run(until: stop)
    return counts.withLock { $0 }
  }

  /// The loop has a thread of its own here, too: it waits as long as its driver wants.
  private func reportsOfAThread(cancelling: Bool) async throws -> (records: Int, read: Int) {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Result { try reports(cancelling: cancelling) }) }
    }
  }

  @Test func aRecordIsNotReportedAfterTheReadingWasCancelled() async throws {
    #expect(try await reportsOfAThread(cancelling: false) == (1, 1))
    #expect(try await reportsOfAThread(cancelling: true) == (0, 0))
  }
}
