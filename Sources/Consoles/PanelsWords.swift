import Station

/// The words of the page that draws simulated panels.
extension PageWords {
  static let panels = [
    word("title", "模拟呼叫面板", "Simulated call panels"),
    word("help", "按住按钮就是按下;灯和蜂鸣由面板自己的程序决定。", "Hold a button to press it; lamps and beeps come from the panel's own program."),
    word("node", "节点", "Node"),
    word("plant", "故障", "Faults"),
    word("lost", "模拟器没有响应", "The simulator does not answer"),
    word("line.normal", "线路正常", "line normal"),
    word("line.open", "线路断开", "line open"),
    word("line.short", "线路短路", "line shorted"),
    word("press", "按", "Press"),
    word("said", "模拟器", "Simulator"),
  ]
}
