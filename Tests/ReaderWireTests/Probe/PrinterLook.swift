import DeviceVocabulary
import ESCPOSCodec
import Foundation
import StationRuntime
import Transports

/// A ticket printer on USB: each line of input is a slip, and what became of it is printed.
enum PrinterLook {
  static func run() {
    var plan = PrinterPlan(connection: .usb(USBID(0x04B8, 0x0E15), at: nil))
    plan.status = .realTimeOnly
    do {
      let printer = try TicketPrinter(plan: plan) { Probe.say("fault \($0) \($1)") }
      while let line = readLine() {
        let slip = TicketSlip(site: "站", number: line, service: "服务", moment: "今天")
        let done = DispatchSemaphore(value: 0)
        Task {
          Probe.say("outcome \(await printer.print(slip, modules: nil, within: .seconds(12)))")
          done.signal()
        }
        done.wait()
      }
      printer.shutDown()
    } catch {
      Probe.say("error \(error)")
    }
  }
}
