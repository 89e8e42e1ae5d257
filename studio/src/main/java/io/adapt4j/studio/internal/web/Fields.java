package io.adapt4j.studio.internal.web;

import io.adapt4j.studio.internal.Refusal;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Fields of a form or a query. Of repeated fields, the last counts. */
public record Fields(Map<String, String> values) {

  private static final int MOST = 500;

  public Fields {
    values = Map.copyOf(values);
  }

  /** Parses URL-encoded fields; refuses what is not UTF-8 or has NUL characters. */
  static Fields parse(byte[] encoded) {
    try {
      return parse(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(encoded)).toString());
    } catch (CharacterCodingException e) {
      throw new Refusal(400, "refused_encoding");
    }
  }

  static Fields parse(String encoded) {
    Map<String, String> values = new LinkedHashMap<>();
    for (String pair : encoded.split("&", -1)) {
      if (!pair.isEmpty()) {
        int equals = pair.indexOf('=');
        String name = decode(equals < 0 ? pair : pair.substring(0, equals));
        values.put(name, equals < 0 ? "" : decode(pair.substring(equals + 1)));
      }
      if (values.size() > MOST) {
        throw new Refusal(413, "refused_large");
      }
    }
    return new Fields(values);
  }

  /** Decodes percent-encoding; the JDK replaces what is not UTF-8 by U+FFFD. */
  static String decode(String text) {
    try {
      String decoded = URLDecoder.decode(text, StandardCharsets.UTF_8);
      if (decoded.indexOf('\0') >= 0 || decoded.indexOf('\uFFFD') >= 0) {
        throw new Refusal(400, "refused_encoding");
      }
      return decoded;
    } catch (IllegalArgumentException e) {
      throw new Refusal(400, "refused_encoding");
    }
  }

  /** Returns a value without white space around it; empty if it is missing. */
  public String text(String name) {
    return values.getOrDefault(name, "").strip();
  }

  /** Returns a value as it was sent, with line feeds only. */
  public String raw(String name) {
    return values.getOrDefault(name, "").replace("\r\n", "\n");
  }

  /** Returns a value that is not blank. */
  public Optional<String> given(String name) {
    return Optional.of(text(name)).filter(text -> !text.isEmpty());
  }

  /** Returns a whole number, or a default if it is missing, no number or out of range. */
  public int number(String name, int otherwise, int least, int most) {
    String text = text(name);
    if (!text.matches("\\d{1,9}")) {
      return otherwise;
    }
    int number = Integer.parseInt(text);
    return number < least || number > most ? otherwise : number;
  }
}
