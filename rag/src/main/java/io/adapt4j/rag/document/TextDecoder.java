package io.adapt4j.rag.document;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Decodes bytes to text. A byte order mark indicates UTF-8, UTF-16 or UTF-32; without one, valid
 * UTF-8 is decoded as such, zeros in every other byte indicate UTF-16, an HTML file may state its
 * character set, and the rest uses the fallback.
 */
record TextDecoder(Charset fallback) {

  private static final int PROBE = 4096;

  private static final Pattern STATED =
      Pattern.compile(
          "<meta[^>]{0,200}charset\\s*=\\s*[\"']?([\\w:.-]+)", Pattern.CASE_INSENSITIVE);

  /** A text with its original character set. */
  record Decoded(String text, Charset charset) {}

  Decoded decode(byte[] bytes, boolean html) throws Unreadable {
    Mark mark = Mark.of(bytes);
    if (mark != null) {
      return decoded(bytes, mark.bytes.length(), Charset.forName(mark.charset));
    }
    Optional<Charset> wide = wide(bytes);
    Decoded decoded = wide.isPresent() ? decoded(bytes, 0, wide.get()) : decodeNarrow(bytes, html);
    refuseBinary(decoded.text());
    return decoded;
  }

  private Decoded decodeNarrow(byte[] bytes, boolean html) {
    Optional<String> utf8 = strictUtf8(bytes);
    if (utf8.isPresent()) {
      return new Decoded(utf8.get(), StandardCharsets.UTF_8);
    }
    Optional<Charset> stated = html ? stated(bytes) : Optional.empty();
    return decoded(bytes, 0, stated.orElse(fallback));
  }

  private static Decoded decoded(byte[] bytes, int from, Charset charset) {
    return new Decoded(new String(bytes, from, bytes.length - from, charset), charset);
  }

  private static Optional<String> strictUtf8(byte[] bytes) {
    try {
      return Optional.of(
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException e) {
      return Optional.empty();
    }
  }

  /** Detects UTF-16 of largely Latin text by the zero in nearly every other byte. */
  private static Optional<Charset> wide(byte[] bytes) {
    int length = Math.min(bytes.length, PROBE) & ~1;
    int even = 0;
    int odd = 0;
    for (int i = 0; i < length; i += 2) {
      even += bytes[i] == 0 ? 1 : 0;
      odd += bytes[i + 1] == 0 ? 1 : 0;
    }
    int most = length / 2;
    if (odd > 0.7 * most && even < 0.1 * most) {
      return Optional.of(StandardCharsets.UTF_16LE);
    }
    return even > 0.7 * most && odd < 0.1 * most
        ? Optional.of(StandardCharsets.UTF_16BE)
        : Optional.empty();
  }

  private static Optional<Charset> stated(byte[] bytes) {
    String head = new String(bytes, 0, Math.min(bytes.length, PROBE), StandardCharsets.ISO_8859_1);
    Matcher stated = STATED.matcher(head);
    try {
      return stated.find() ? Optional.of(Charset.forName(stated.group(1))) : Optional.empty();
    } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
      return Optional.empty();
    }
  }

  /**
   * Rejects text with control characters other than whitespace, as in a binary file that begins
   * with words.
   */
  private static void refuseBinary(String text) throws Unreadable {
    long control = 0;
    for (int i = 0; i < text.length(); i++) {
      char character = text.charAt(i);
      if (character == 0 && i < PROBE) {
        throw noText();
      }
      boolean layout = Character.isWhitespace(character) || character == '\u001B';
      control += (character < ' ' && !layout) || character == '\u007F' ? 1 : 0;
      if (i == PROBE - 1) {
        requireFew(control, PROBE);
      }
    }
    requireFew(control, text.length());
  }

  private static void requireFew(long control, int characters) throws Unreadable {
    if (control * 50 > characters) {
      throw noText();
    }
  }

  static Unreadable noText() {
    return noText("is not a document of a known format");
  }

  static Unreadable noText(String reason) {
    return Unreadable.skipped(
        reason, "Convert it to one, such as PDF or text, or leave it out by except()");
  }

  private enum Mark {
    // UTF-32LE begins like UTF-16LE.
    UTF_32LE("UTF-32LE", "\u00FF\u00FE\0\0"),
    UTF_32BE("UTF-32BE", "\0\0\u00FE\u00FF"),
    UTF_8("UTF-8", "\u00EF\u00BB\u00BF"),
    UTF_16LE("UTF-16LE", "\u00FF\u00FE"),
    UTF_16BE("UTF-16BE", "\u00FE\u00FF");

    private final String charset;
    private final String bytes;

    Mark(String charset, String bytes) {
      this.charset = charset;
      this.bytes = bytes;
    }

    static @Nullable Mark of(byte[] content) {
      int length = Math.min(content.length, 4);
      String head = new String(content, 0, length, StandardCharsets.ISO_8859_1);
      return Arrays.stream(values())
          .filter(mark -> head.startsWith(mark.bytes))
          .findFirst()
          .orElse(null);
    }
  }
}
