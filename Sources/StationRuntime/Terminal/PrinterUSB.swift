import DeviceKit
import Transports

/// A printer on USB by its printer class (USB class 7), whatever driver the kernel has for it.
final class PrinterUSB {
  private final class Answer {
    let memory: UnsafeMutableRawBufferPointer
    init(_ count: Int) { memory = .allocate(byteCount: count, alignment: 8) }
    deinit { memory.deallocate() }
  }

  static let printerClass: UInt8 = 7
  /// So much is on its way at a time: what was taken is known in steps of this.
  static let chunk = 512
  /// Some printers answer "nothing" without end when they are asked what they have to say.
  static let pause = Interval.milliseconds(50)

  private let device: USBDevice
  private let takes: USBEndpoint
  private let brings: USBEndpoint?
  private let answer: Answer
  private var lastToken: UInt64 = 0
  /// Under way, and how long.
  private var sending: (token: UInt64, count: Int)?
  private var sent = 0
  private var reading: UInt64?
  private var nextRead = Instant.zero
  private var arrived: [[UInt8]] = []
  private var isLost = false

  /// - Throws: `USBError`; `absent` for a device that is no printer.
  init(_ id: USBID, at place: String?, wake: WakeSignal) throws(USBError) {
    let identity = try USBDeviceIdentity.find([id], at: place)
    device = try USBDevice(identity, context: try USBContext.shared(), wake: wake)
    let interface = device.interfaces.first { interface in
      interface.classCode == Self.printerClass && interface.endpoints.contains { $0.kind == .bulk && !$0.isIn }
    }
    guard let interface, let takes = interface.endpoints.first(where: { $0.kind == .bulk && !$0.isIn }) else {
      throw .absent("\(identity): 不是打印机 / no printer")
    }
    try device.claim(interface.number)
    self.takes = takes
    brings = interface.endpoints.first { $0.kind == .bulk && $0.isIn }
    answer = Answer(max(brings?.maximumPacketBytes ?? 64, 64))
  }

  /// When it wants to be asked again although nothing woke it.
  var deadline: Instant? { reading == nil && brings != nil ? nextRead : nil }

  /// Handed over, and nobody knows how much of it the printer has.
  var doubtful: Int { sending?.count ?? 0 }

  /// How many bytes the printer has taken since the last call, of those that are given again and again until it has; `nil`: it is gone.
  func write(_ bytes: ArraySlice<UInt8>) -> Int? {
    collect()
    guard !isLost else { return nil }
    if sent > 0 {
      defer { sent = 0 }
      return min(sent, bytes.count)
    }
    guard sending == nil, !bytes.isEmpty else { return 0 }
    let part = bytes.prefix(Self.chunk)
    lastToken += 1
    do throws(USBError) {
      // A printer without paper takes nothing for as long as it likes; the driver knows how long to wait.
      try device.send(part, to: takes, token: lastToken, limitMilliseconds: 0)
      sending = (lastToken, part.count)
      return 0
    } catch {
      isLost = true
      return nil
    }
  }

  func read() -> PrinterPort.Arrival {
    collect()
    if !arrived.isEmpty { return .bytes(arrived.removeFirst()) }
    guard !isLost else { return .lost }
    let now = MonotonicClock.now()
    guard let brings, reading == nil, nextRead <= now else { return .nothing }
    lastToken += 1
    do throws(USBError) {
      try device.receive(into: answer.memory, keeping: answer, from: brings, token: lastToken)
      reading = lastToken
      return .nothing
    } catch {
      isLost = true
      return .lost
    }
  }

  func close() { device.close() }

  private func collect() {
    for completion in device.takeCompletions() {
      let isAnswer = completion.token == reading
      if isAnswer { reading = nil }
      switch completion.outcome {
      case .done(let count) where isAnswer:
        if count > 0 {
          arrived.append(Array(answer.memory.prefix(count)))
        } else {
          nextRead = MonotonicClock.now() + Self.pause
        }
      case .done(let count):
        if completion.token == sending?.token {
          sent += count
          sending = nil
        }
      case .answered, .cancelled: break
      case .stalled, .timedOut, .gone, .failed: isLost = true
      }
    }
  }
}
