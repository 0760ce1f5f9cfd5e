import Foundation
import StaffAccess
import Station
import StationRuntime
import Synchronization

/// What is kept beside the station's state (本机保存了什么): keys, accounts, a recording.
final class KeptBesides: Sendable {
  private let site: Site
  private let staffFile: String
  private let recording: String?
  private let accounts = Mutex<(modified: timespec, count: Int?)?>(nil)

  init(site: Site, staffFile: String, recording: String?) {
    self.site = site
    self.staffFile = staffFile
    self.recording = recording
  }

  func add(to view: inout VisitView, keys: Int?) {
    view.keptBesides.append(KeptCount(.keys, site.visitPages?.sealTo == nil && keys == nil ? 0 : keys))
    view.keptBesides.append(KeptCount(.staff, countAccounts()))
    view.keptBesides.append(KeptCount(.recordings, recording == nil ? 0 : 1))
    view.journalMonths = site.parent == nil ? nil : site.keptMonths
    view.sealTo = site.visitPages?.sealTo?.name
  }

  /// Read anew when the file has changed.
  private func countAccounts() -> Int? {
    var status = stat()
    guard stat(staffFile, &status) == 0 else { return 0 }
    return accounts.withLock { known in
      if let known, known.modified.tv_sec == status.st_mtim.tv_sec, known.modified.tv_nsec == status.st_mtim.tv_nsec {
        return known.count
      }
      let count = try? StaffBook.load(staffFile).accounts.count
      known = (status.st_mtim, count)
      return count
    }
  }
}
