package io.adapt4j.core.data.quality;

import java.text.Normalizer;

/** Ways to write texts alike. */
public enum Normalization {
  /** UTF-8 that was read as Windows-1252 or Latin-1 is read rightly. */
  MOJIBAKE,
  /** CRLF and CR become LF. */
  LINE_ENDS,
  /** Control characters other than line ends and tabs go away. */
  CONTROL_CHARACTERS,
  /** Characters that can be written in several ways are written in Unicode's form NFC. */
  NFC,
  /** White space before line ends goes away. */
  TRAILING_SPACE;

  String apply(String text) {
    return switch (this) {
      case MOJIBAKE -> EncodingDamage.repaired(text);
      case LINE_ENDS -> text.replace("\r\n", "\n").replace('\r', '\n');
      case CONTROL_CHARACTERS -> EncodingDamage.withoutControls(text);
      case NFC -> Normalizer.normalize(text, Normalizer.Form.NFC);
      case TRAILING_SPACE -> withoutTrailingSpace(text);
    };
  }

  /** What ends the text stays: a prompt may need the space it ends with. */
  private static String withoutTrailingSpace(String text) {
    StringBuilder kept = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) == '\n') {
        int end = kept.length();
        while (end > 0 && (kept.charAt(end - 1) == ' ' || kept.charAt(end - 1) == '\t')) {
          end--;
        }
        kept.setLength(end);
      }
      kept.append(text.charAt(i));
    }
    return kept.toString();
  }
}
