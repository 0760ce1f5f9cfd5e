import DeviceKit
import DeviceVocabulary
import Foundation
import StationRuntime
import Synchronization

/// A `SmartCardReader` step by step: prints what it reports, and carries commands that stand on standard input, in hexadecimal (`kind`: which
/// kind of card it is). What identifies a card is printed, as it is nobody's.
enum CardLook {
  static func run(_ plan: SmartCardPlan) {
    do {
      let reader = try SmartCardReader(plan: plan, log: { Probe.say("log \($0)") }, report: { tell($0) })
      while let line = readLine(), line != "quit" {
        let words = line.split(separator: " ").map(String.init)
        if words == ["kind"] {
          reader.askKind { kind in
            switch kind {
            case .success(let isSocialSecurity): Probe.say("kind \(isSocialSecurity ? "social security" : "other")")
            case .failure(let failure): Probe.say("failure \(failure)")
            }
          }
        }
        guard words.first == "ask", words.count == 3 else { continue }
        reader.transmit(bytes(words[2]), within: .milliseconds(Int(words[1]) ?? 0)) { result in
          switch result {
          case .success(let answer):
            Probe.say("answer \(hex(answer))")
            answer.wipe()
          case .failure(let failure): Probe.say("failure \(failure)")
          }
        }
      }
      reader.shutDown()
      Probe.say("end")
    } catch {
      Probe.say("error \(error)")
      exit(1)
    }
  }

  private static func tell(_ event: SmartCardEvent) {
    switch event {
    case .ready: Probe.say("event ready")
    case .detached: Probe.say("event detached")
    case .present(let card): Probe.say("event present \(card.number) \(hex(card.answerToReset)) \(card.uid.map(hex) ?? "-")")
    case .unusable(let defect): Probe.say("event unusable \(defect)")
    case .removed: Probe.say("event removed")
    case .repairNeeded(let repair): Probe.say("event repair \(repair)")
    case .repaired: Probe.say("event repaired")
    }
  }

  private static func hex(_ buffer: SecretBuffer) -> String {
    buffer.withSpan { span in
      span.indices.map { (span[$0] < 16 ? "0" : "") + String(span[$0], radix: 16) }.joined()
    }
  }

  private static func bytes(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}
