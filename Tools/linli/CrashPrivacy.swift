import Foundation

/// What a crash of the station leaves behind: the runtime's one line, and nothing that lay in its memory. It ends at once, too, and the service
/// manager starts it anew: a report holds all threads for seconds, while somebody presses.
enum CrashPrivacy {
  static let report = "enable=no"
  private static let variable = "SWIFT_BACKTRACE"

  /// No core file: with a limit of one byte none is written, nor handed to a program (core(5)). The runtime takes its settings as it starts, so this program
  /// starts once more in its place, the same process with the same arguments.
  static func begin() {
    var none = rlimit(rlim_cur: 1, rlim_max: 1)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    // Whatever else the environment says of reports: it may come from a shell in which somebody once looked for a fault.
    let earlier = getenv(variable).map { String(cString: $0) }
    guard earlier != report else { return }
    setenv(variable, report, 1)
    var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    // By its own path, because the kernel names the process after it. Only when it cannot: then it goes on as it is, and a crash says more.
    execv(URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path, &arguments)
    if let earlier { setenv(variable, earlier, 1) } else { unsetenv(variable) }
  }
}
