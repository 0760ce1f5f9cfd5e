import DeviceKit
import DeviceVocabulary
import ResidentCardCodec
import ResidentCardDriver
import Transports

/// The wire of one reader, on the reader's thread: performs what the driver wants of its transport, and hands over what came.
protocol ReaderWire: AnyObject {
  var layout: PipeLayout? { get }
  /// To wait on besides the wake signal; -1: none.
  var descriptor: Int32 { get }
  var wantsOutput: Bool { get }

  /// Opens it, after closing it. Why not is the answer.
  func open() -> String?
  func close()
  /// Answers what became of it at once; `nil`: nothing to tell.
  func write(_ bytes: FixedBytes<20>, _ pipe: ReaderPipe) -> CardReaderInput?
  func read(_ pipe: ReaderPipe) -> CardReaderInput?
  func stopReading()
  func clearHalt() -> CardReaderInput
  func reset() -> CardReaderInput
  /// What has come meanwhile.
  func collect(into inputs: inout [CardReaderInput])
  /// The driver has taken out what it was handed, and erased it.
  func giveBack(_ buffer: SecretBuffer)
}

/// Buffers that transfers bring their bytes in, erased after each use.
struct TransferBuffers {
  /// What is made is erased, too, when a reading is cancelled.
  private let orders: ReaderOrders
  private let capacity: Int
  private var spare: [SecretBuffer] = []

  init(_ orders: ReaderOrders, capacity: Int) {
    self.orders = orders
    self.capacity = capacity
  }

  mutating func take() -> SecretBuffer { spare.popLast() ?? orders.makeBuffer(capacity) }

  mutating func giveBack(_ buffer: SecretBuffer) {
    buffer.wipe()
    if spare.count < 8, buffer.capacity == capacity { spare.append(buffer) }
  }
}

/// A reader on a serial line, or a pseudo-terminal: bytes that flow unasked.
final class ReaderSerial: ReaderWire {
  private let path: String
  private let settings: SerialSettings
  private var line: SerialLine?
  private var buffers: TransferBuffers

  init(path: String, baud: BaudRate, orders: ReaderOrders) {
    self.path = path
    settings = SerialSettings(baud: baud, format: .none8One)
    buffers = TransferBuffers(orders, capacity: 64)
  }

  var layout: PipeLayout? { line == nil ? nil : .serial }
  var descriptor: Int32 { line?.fileDescriptor ?? -1 }
  var wantsOutput: Bool { line?.hasUnsentBytes ?? false }

  func open() -> String? {
    close()
    do throws(TransportError) {
      line = try SerialLine(path: try PortSelector(parsing: path).resolve().path, settings: settings)
      return nil
    } catch {
      return "\(error)"
    }
  }

  func close() {
    line?.close()
    line = nil
  }

  func write(_ bytes: FixedBytes<20>, _ pipe: ReaderPipe) -> CardReaderInput? {
    guard let line else { return .transferFailed(.failed) }
    var frame = FixedBytes<256>()
    bytes.withSpan { span in for index in span.indices { frame.append(span[index]) } }
    switch line.write(frame) {
    case .complete, .pending: return nil
    case .busy: return .transferFailed(.failed)
    case .hangup: return lost()
    }
  }

  func read(_ pipe: ReaderPipe) -> CardReaderInput? { nil }
  func stopReading() {}
  func clearHalt() -> CardReaderInput { .mended }
  func reset() -> CardReaderInput { .mended }

  func collect(into inputs: inout [CardReaderInput]) {
    guard let line else { return }
    if line.hasUnsentBytes, line.flush() == .hangup { return inputs.append(lost()) }
    // A reader that talks without end must not keep this thread from everything else.
    for _ in 0..<32 {
      let buffer = buffers.take()
      let (result, count) = line.read(into: buffer.lend())
      buffer.takeBack(filled: count)
      switch result {
      case .bytes: inputs.append(.received(buffer, from: .whole))
      case .none: return buffers.giveBack(buffer)
      case .hangup:
        buffers.giveBack(buffer)
        return inputs.append(lost())
      }
    }
  }

  func giveBack(_ buffer: SecretBuffer) { buffers.giveBack(buffer) }

  private func lost() -> CardReaderInput {
    close()
    return .linkDown
  }
}
