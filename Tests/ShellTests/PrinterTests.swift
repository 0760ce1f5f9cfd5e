import Foundation
import TestSupport
import Testing
import Transports

/// R17: a printer at a real station, over the network and over a serial line. Whatever it does not print stands on the screen, with what
/// became of it, and the staff have a card for it.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PrinterTests {
  private final class Hall {
    let printer: SimulatedPrinter
    let shell: Shell
    private let port: UInt16

    init(isSerial: Bool) throws {
      printer = try SimulatedPrinter(isSerial: isSerial)
      port = try LoopbackListener.freePort()
      let line = isSerial ? "port: \(printer.link), baud: 115200" : "host: 127.0.0.1, tcp: \(printer.port)"
      shell = try Shell(
        panels: 1,
        more: """
          visits:
            services: [{id: legal, name: 法律咨询, letter: A}]
            windows: [{number: 1, name: 窗口, post: desk, services: [legal]}]
            kiosks: [{id: hall, place: p}]
            contact: 前台
            publicPort: \(port)
            windowPort: 0
            printer: {\(line)}

          """)
      _ = try shell.startStation()
      try shell.waitUntil("the terminal's pages are live") { try ask("visits", []).contains("法律咨询") }
    }

    private func ask(_ path: String, _ body: [String]) throws -> String {
      try runToEnd("/usr/bin/curl", ["-s", "--max-time", "20"] + body + ["http://127.0.0.1:\(port)/api/\(path)"]).text
    }

    struct Ticket: Decodable { var answer, number, code, slip: String, qr: [String]? }

    /// What the terminal's page is told of a new number.
    func take() throws -> Ticket {
      let body = #"{"service":"legal","priority":"no","card":""}"#
      let answer = try ask("kiosk/hall/ticket", ["-H", "content-type: application/json", "-d", body])
      return try JSONDecoder().decode(Ticket.self, from: Data(answer.utf8))
    }

    /// Number, code and picture are there for the screen, whatever the printer does.
    func take(_ number: String, _ slip: String) throws -> Ticket {
      let ticket = try take()
      #expect(ticket.answer == "ticket" && ticket.number == number && ticket.slip == slip, "\(ticket)")
      #expect(ticket.code.count == 4 && ticket.code.allSatisfy(\.isNumber) && (ticket.qr?.count ?? 0) >= 21)
      return ticket
    }

    func waitForFault(_ words: String, stands: Bool) throws {
      try shell.waitUntil("\(words) is \(stands ? "" : "not ")on the desk") {
        let cards = try shell.status().split(separator: "\n").filter { $0.contains(words) }
        return cards.contains { !$0.contains("已消失") } == stands
      }
    }
  }

  @Test(arguments: [false, true]) func whatDoesNotComeOutIsOnTheScreenAndTheStaffAreTold(isSerial: Bool) throws {
    let hall = try Hall(isSerial: isSerial)
    let first = try hall.take("A001", "printed")
    try hall.printer.say("slip", answer: "A001-\(first.code)")
    #expect(hall.printer.text().contains("法律咨询"))
    var number = 1
    for (plant, heal, words) in [
      ("paper out", "paper ok", "号单打印机没有纸"), ("cover open", "cover closed", "号单打印机盖子开着"),
    ] {
      try hall.printer.say(plant, answer: "ok")
      try hall.waitForFault(words, stands: true)
      number += 1
      _ = try hall.take("A00\(number)", "shown")
      try hall.printer.say(heal, answer: "ok")
      try hall.waitForFault(words, stands: false)
    }
    // It dies in the middle of a slip: nobody knows what is on the paper.
    try hall.printer.say("die after 60", answer: "ok")
    number += 1
    _ = try hall.take("A00\(number)", "unknown")
    try hall.printer.say("power on", answer: "ok")
    // And the queue goes on.
    var last = try hall.take()
    while last.slip != "printed", number < 9 {
      number += 1
      last = try hall.take()
    }
    #expect(last.slip == "printed", "\(last)")
    try hall.printer.say("slip", answer: last.number)
  }
}
