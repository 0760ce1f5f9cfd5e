import Foundation

/// What is shown when the terminal's page cannot be: a page of our own that needs no station, and a text for a bare console.
enum KioskNotice {
  static func words(_ page: KioskWatch.Page) -> (chinese: [String], english: [String]) {
    switch page {
    case .terminal, .broken:
      (
        ["这台机器现在不能用", "请到窗口找工作人员", "有危险:请按墙上的红色按钮,或喊人"],
        ["This machine is out of order: please go to a window.", "In danger press the red button on the wall, or call out."]
      )
    case .starting:
      (
        ["机器正在启动,请稍候", "有危险:请按墙上的红色按钮,或喊人"],
        ["The machine is starting, one moment.", "In danger press the red button on the wall, or call out."]
      )
    }
  }

  /// The whole page in its address. Keys, menus and drags end in it.
  static func address(_ page: KioskWatch.Page) -> String {
    let (chinese, english) = words(page)
    let html = """
      <!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>\(chinese[0])</title>
      <style>body{display:flex;flex-direction:column;justify-content:center;gap:4vh;min-height:100vh;margin:0;padding:4vw;box-sizing:border-box;text-align:center;\
      background:#fff;color:#10182b;font:700 44px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;user-select:none;cursor:none}h1{margin:0;font-size:72px}p{margin:0}\
      .red{padding:2vh;border-radius:20px;background:#970b0b;color:#fff}small{font-size:28px}</style>
      <body><h1>\(chinese[0])</h1>\(chinese.dropFirst().map { "<p\($0.contains("红色") ? " class=red role=alert" : "")>\($0)</p>" }.joined())
      <small lang="en">\(english.joined(separator: "<br>"))</small>
      <script>for(const k of["keydown","keyup","contextmenu","dragstart","mousedown","auxclick","wheel","touchstart"])\
      addEventListener(k,e=>e.preventDefault(),{capture:true,passive:false})</script>
      """
    return "data:text/html;charset=utf-8;base64," + Data(html.utf8).base64EncodedString()
  }

  /// The console is emptied, and its cursor does not blink over a picture.
  static let emptyConsole = "\u{1B}[2J\u{1B}[H\u{1B}[?25l"

  /// Where no browser runs and no picture is kept: the kernel's console has no Chinese letters, so both languages stand there.
  static var console: String {
    let (chinese, english) = words(.broken)
    return "\u{1B}[2J\u{1B}[H\n\n" + (english + [""] + chinese).map { "    \($0)\n" }.joined() + "\n"
  }
}
