import Foundation

/// The page that draws the notice and prints it as text (`NoticePicture`): a canvas, which needs no screen and waits for nothing.
enum NoticeDrawing {
  /// Where the red band lies, in parts of the height.
  static let band = (top: 0.44, bottom: 0.66)

  static func address(_ width: Int, _ height: Int) -> String {
    "data:text/html;charset=utf-8;base64," + Data(page(width, height, version).utf8).base64EncodedString()
  }

  /// Changes with the words and with how they are drawn.
  static let version: String = {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in page(0, 0, "").utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return String(hash, radix: 16)
  }()

  private static func page(_ width: Int, _ height: Int, _ version: String) -> String {
    let (chinese, english) = KioskNotice.words(.broken)
    // Text, where its middle lies and how high it is in parts of the height, and its colour.
    let lines: [(String, Double, Double, String)] = [
      (chinese[0], 0.16, 0.11, "#10182b"), (chinese[1], 0.32, 0.08, "#10182b"), (chinese[2], 0.55, 0.1, "#ffffff"),
      (english[0], 0.77, 0.045, "#10182b"), (english[1], 0.86, 0.045, "#10182b"),
    ]
    let calls = lines.map { "line(\"\($0.0)\",\($0.1),\($0.2),\"\($0.3)\");" }.joined()
    return """
      <!doctype html><meta charset="utf-8"><pre></pre><script>
      const W=\(width),H=\(height),canvas=Object.assign(document.createElement("canvas"),{width:W,height:H});
      const pen=canvas.getContext("2d",{alpha:false});
      const fill=(colour,x,y,w,h)=>{pen.fillStyle=colour;pen.fillRect(Math.round(x),Math.round(y),Math.round(w),Math.round(h))};
      function line(text,middle,size,colour){
        let high=H*size;
        const set=()=>{pen.font="700 "+high+"px system-ui,'Noto Sans CJK SC',sans-serif";return pen.measureText(text).width};
        while(set()>W*0.88)high*=0.95;
        Object.assign(pen,{fillStyle:colour,textAlign:"center",textBaseline:"middle"});pen.fillText(text,W/2,H*middle);
      }
      fill("#ffffff",0,0,W,H);fill("#970b0b",W*0.03,H*\(band.top),W*0.94,H*\(band.bottom - band.top));
      \(calls)
      const dots=pen.getImageData(0,0,W,H).data,runs=[],hex=(n)=>n.toString(16).padStart(4,"0");
      let last=-1,count=0;
      const put=()=>{if(count)runs.push(hex(last)+hex(count))};
      for(let at=0;at<dots.length;at+=4){
        const colour=(dots[at]>>3)<<11|(dots[at+1]>>2)<<5|dots[at+2]>>3;
        if(colour===last&&count<65535)count++;else{put();last=colour;count=1}
      }
      put();
      document.querySelector("pre").textContent=["linli-picture","\(version)",W,H,runs.join(""),"end"].join(" ");
      </script>
      """
  }
}
