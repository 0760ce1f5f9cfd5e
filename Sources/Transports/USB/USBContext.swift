import CLibUSB
import DeviceKit
import Glibc
import Synchronization

/// libusb with the thread that its transfers come back on, for all USB devices of this program.
///
/// A thread of its own, as libusb's descriptors among those that a loop polls would be right on a real kernel only: emulated device files are
/// always ready.
public final class USBContext: Sendable {
  private let events: USBEvents
  private let ended: USBThread

  /// The one of this program, made when the first device needs it and gone with the last.
  ///
  /// - Throws: `failed` when libusb cannot start.
  public static func shared() throws(USBError) -> USBContext {
    try current.withLock { (held: inout sending Held) throws(USBError) in
      if let context = held.context { return context }
      let context = try USBContext()
      held.context = context
      return context
    }
  }

  private struct Held { weak var context: USBContext? }
  private static let current = Mutex(Held())

  /// One of its own.
  ///
  /// - Parameter hears: listens to udev for devices that come and go; false, or where that is refused: looks every second.
  public init(hears: Bool = true) throws(USBError) {
    var context: OpaquePointer?
    var code = hears ? libusb_init(&context) : LIBUSB_ERROR_NOT_SUPPORTED.rawValue
    if code != 0 {
      linli_usb_do_not_discover()
      code = libusb_init(&context)
    }
    guard code == 0, let context else { throw .failed(operation: "init", code: code) }
    let events = USBEvents(context, hears: hears)
    self.events = events
    guard let thread = USBThread(events) else {
      events.close()
      throw .failed(operation: "thread", code: EAGAIN)
    }
    ended = thread
  }

  deinit {
    events.stop()
    ended.join()
    events.close()
  }

  var pointer: OpaquePointer { events.context }

  /// Counts how often devices came or went.
  public var changes: UInt64 { events.changes }

  /// Raises `wake` whenever devices come or go: at once where libusb is told of it, within about a second elsewhere. Ends with what is answered.
  public func watch(_ wake: WakeSignal) -> USBWatch { USBWatch(events, wake) }
}

/// Keeps a watch for devices that come and go.
public final class USBWatch: Sendable {
  private let events: USBEvents
  private let number: UInt64

  fileprivate init(_ events: USBEvents, _ wake: WakeSignal) {
    self.events = events
    number = events.add(wake)
  }

  deinit { events.remove(number) }
}

/// What the event thread works on. It does not keep the context, so that the context's end never falls on this thread.
private final class USBEvents: Sendable {
  nonisolated(unsafe) let context: OpaquePointer
  private let isStopped = Atomic<Bool>(false)
  private let count = Atomic<UInt64>(0)
  private let watchers = Mutex(Watchers())
  private let hotplug = Mutex<Int32?>(nil)

  private struct Watchers {
    var next: UInt64 = 0
    var signals: [(number: UInt64, wake: WakeSignal)] = []
  }

  init(_ context: OpaquePointer, hears: Bool) {
    self.context = context
    guard hears else { return }
    var handle: Int32 = 0
    let code = linli_usb_watch(
      context,
      { _, _, _, whom in
        if let whom { Unmanaged<USBEvents>.fromOpaque(whom).takeUnretainedValue().changed() }
        return 0
      }, Unmanaged.passUnretained(self).toOpaque(), &handle)
    if code == 0 { hotplug.withLock { $0 = handle } }
  }

  var changes: UInt64 { count.load(ordering: .acquiring) }

  func add(_ wake: WakeSignal) -> UInt64 {
    watchers.withLock { watchers in
      watchers.next += 1
      watchers.signals.append((watchers.next, wake))
      return watchers.next
    }
  }

  func remove(_ number: UInt64) { watchers.withLock { $0.signals.removeAll { $0.number == number } } }

  private func changed() {
    count.add(1, ordering: .acquiringAndReleasing)
    watchers.withLock { watchers in for entry in watchers.signals { entry.wake.raise() } }
  }

  func run() {
    var seen = USBDeviceIdentity.census()
    var nextLook = MonotonicClock.now() + .seconds(1)
    while !isStopped.load(ordering: .acquiring) {
      var limit = timeval(tv_sec: 1, tv_usec: 0)
      let code = libusb_handle_events_timeout_completed(context, &limit, nil)
      if code < 0, code != LIBUSB_ERROR_INTERRUPTED.rawValue { usleep(10_000) }
      let now = MonotonicClock.now()
      guard now >= nextLook else { continue }
      nextLook = now + .seconds(1)
      // Where no udev runs, libusb is told of nothing that is plugged in.
      let census = USBDeviceIdentity.census()
      if census != seen { changed() }
      seen = census
    }
  }

  func stop() {
    isStopped.store(true, ordering: .releasing)
    libusb_interrupt_event_handler(context)
  }

  /// When the thread has ended.
  func close() {
    if let handle = hotplug.withLock({ $0 }) { libusb_hotplug_deregister_callback(context, handle) }
    libusb_exit(context)
  }
}

private final class USBThread: Sendable {
  private let thread: pthread_t

  init?(_ events: USBEvents) {
    var thread = pthread_t()
    let whom = Unmanaged.passRetained(events)
    let code = pthread_create(
      &thread, nil,
      { whom in
        linli_usb_name_thread()
        if let whom { Unmanaged<USBEvents>.fromOpaque(whom).takeRetainedValue().run() }
        return nil
      }, whom.toOpaque())
    guard code == 0 else {
      whom.release()
      return nil
    }
    self.thread = thread
  }

  func join() { pthread_join(thread, nil) }
}
