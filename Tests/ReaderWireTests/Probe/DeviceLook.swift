import DeviceKit
import Foundation
import Transports

/// The USB transport by itself, step by step: each prints `name=value` for the test to compare.
enum DeviceLook {
  /// - Parameter hears: as a system with udev.
  static func run(hears: Bool) {
    for device in USBDeviceIdentity.list() { Probe.say("listed=\(device) \(device.serialNumber ?? "-")") }
    do {
      let context = hears ? try USBContext.shared() : try USBContext(hears: false)
      let wake = try WakeSignal()
      let watch = context.watch(wake)
      try first(context, wake)
      while let line = readLine() {
        switch line {
        case "transfers": transfers(context, wake)
        case "claim":
          do throws(USBError) {
            let device = try open("1-1", context, wake)
            try device.claim(0)
            Probe.say("claim=done")
            device.close()
          } catch {
            Probe.say("claim=\(error)")
          }
        case "changes":
          let before = context.changes
          Probe.say("watching=\(before)")
          let end = MonotonicClock.now() + .seconds(20)
          while context.changes == before, MonotonicClock.now() < end {
            _ = waitForInput(-1, wake: wake, until: MonotonicClock.now() + .milliseconds(50))
          }
          Probe.say("changed=\(context.changes > before)")
        case "ambiguous":
          do throws(USBError) {
            Probe.say("ambiguous=\(try USBDeviceIdentity.find([USBID(0x0400, 0xC35A)], at: nil))")
          } catch {
            Probe.say("ambiguous=\(error)")
          }
        default:
          withExtendedLifetime(watch) {}
          Probe.say("bye=bye")
          return
        }
      }
    } catch {
      Probe.say("error=\(error)")
    }
  }

  private static func open(_ place: String, _ context: USBContext, _ wake: WakeSignal) throws(USBError) -> USBDevice {
    try USBDevice(try USBDeviceIdentity.find([USBID(0x0400, 0xC35A)], at: place), context: context, wake: wake)
  }

  private static func first(_ context: USBContext, _ wake: WakeSignal) throws(USBError) {
    let device = try open("1-1", context, wake)
    for interface in device.interfaces {
      let endpoints = interface.endpoints.map { "\(String($0.address, radix: 16)) \($0.kind) \($0.maximumPacketBytes)" }
      Probe.say("interface=\(interface.number) \(interface.classCode) " + endpoints.joined(separator: ", "))
    }
    device.close()
    Probe.say("ready=\(device.isOpen)")
  }

  /// Each ends in its own way; the test plays the device.
  private static func transfers(_ context: USBContext, _ wake: WakeSignal) {
    do throws(USBError) {
      let device = try open("1-1", context, wake)
      try device.claim(0)
      guard let takes = device.interfaces[0].endpoint(0x01), let brings = device.interfaces[0].endpoint(0x82) else { return }
      let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 8)
      let owner = Owner()
      try device.receive(into: memory, keeping: owner, from: brings, token: 1)
      try device.send([1, 2, 3], to: takes, token: 2)
      Probe.say("sent=\(outcome(device, wake, 2))")
      Probe.say("received=\(outcome(device, wake, 1)) \(memory[0]) \(memory[1])")
      try device.ask(
        USBControlRequest(requestType: 0x80, request: 6, value: 0x0301, index: 0x409, length: 64), token: 3)
      Probe.say("asked=\(outcome(device, wake, 3))")
      try device.ask(USBControlRequest(requestType: 0xA1, request: 1, value: 0, index: 0, length: 8), token: 4)
      Probe.say("refused=\(outcome(device, wake, 4))")
      try device.receive(into: memory, keeping: owner, from: brings, token: 5)
      device.cancel { $0 == 5 }
      Probe.say("cancelled=\(outcome(device, wake, 5))")
      try device.send([9], to: takes, token: 6, limitMilliseconds: 100)
      Probe.say("late=\(outcome(device, wake, 6))")
      try device.receive(into: memory, keeping: owner, from: brings, token: 7)
      Probe.say("halted=\(outcome(device, wake, 7))")
      try device.clearHalt(0x82)
      try device.reset()
      try device.receive(into: memory, keeping: owner, from: brings, token: 8)
      Probe.say("unplugged=\(outcome(device, wake, 8)) \(device.identity.isPresent)")
      do throws(USBError) {
        try device.send([1], to: takes, token: 9)
        Probe.say("afterwards=taken")
      } catch {
        Probe.say("afterwards=\(error)")
      }
      device.close()
      memory.deallocate()
    } catch {
      Probe.say("transfers=\(error)")
    }
    Probe.say("transfers=over")
  }

  private final class Owner {}

  private static func outcome(_ device: USBDevice, _ wake: WakeSignal, _ token: UInt64) -> String {
    let end = MonotonicClock.now() + .seconds(20)
    while MonotonicClock.now() < end {
      for completion in device.takeCompletions() {
        if completion.token == token { return "\(completion.outcome)" }
        others[completion.token] = "\(completion.outcome)"
      }
      if let earlier = others.removeValue(forKey: token) { return earlier }
      _ = waitForInput(-1, wake: wake, until: MonotonicClock.now() + .milliseconds(100))
    }
    return "nothing"
  }

  nonisolated(unsafe) private static var others: [UInt64: String] = [:]
}
