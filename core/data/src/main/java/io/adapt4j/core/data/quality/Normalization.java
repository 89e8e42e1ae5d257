package io.adapt4j.core.data.quality;

import java.text.Normalizer;

/** Text normalization. */
public enum Normalization {
  /** Repairs UTF-8 that was read as Windows-1252 or Latin-1. */
  MOJIBAKE,
  /** Converts CRLF and CR to LF. */
  LINE_ENDS,
  /** Removes control characters other than line ends and tabs. */
  CONTROL_CHARACTERS,
  /** Converts to Unicode normalization form NFC. */
  NFC,
  /** Removes whitespace before line ends. */
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

  /** Keeps whitespace at the end of the text: a prompt may need it. */
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
