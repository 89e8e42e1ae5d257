package io.adapt4j.core.internal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/**
 * JSON files whose first field is a checksum of the whole file: the CRC-32C of its bytes with zeros
 * for the digits of the checksum. Damage of any single byte, or of up to 32 consecutive bits, is
 * always detected.
 */
public final class CheckedJson {

  private static final String FIELD = "checksum";
  private static final String KIND = "crc32c:";
  private static final String ZEROS = "00000000";
  private static final byte[] START = bytes("{\n  \"" + FIELD + "\": \"" + KIND);

  private static final String LINE_FIELD = "crc32c";
  private static final String LINE_START = ",\"" + LINE_FIELD + "\":\"";
  private static final String LINE_END = "\"}";
  private static final Pattern LINE =
      Pattern.compile(
          "(\\{.*)" + Pattern.quote(LINE_START) + "([0-9a-f]{8})" + Pattern.quote(LINE_END),
          Pattern.DOTALL);

  private CheckedJson() {}

  /** Thrown for a file whose checksum does not match. */
  public static final class DamagedException extends IOException {

    private static final long serialVersionUID = 1;

    private DamagedException(String message) {
      super(message);
    }
  }

  /** Parsed content of a file, and whether it had a checksum to verify. */
  public record Content(JsonNode json, boolean checked) {}

  /** Writes an object with its checksum. */
  public static void write(Path file, ObjectNode object) throws IOException {
    ObjectNode whole = JsonNodeFactory.instance.objectNode();
    whole.put(FIELD, KIND + ZEROS);
    whole.setAll(object);
    byte[] content = bytes(Json.indented(whole));
    byte[] digits = bytes(checksum(content));
    System.arraycopy(digits, 0, content, START.length, digits.length);
    AtomicFiles.write(file, content);
  }

  public static Content read(Path file) throws IOException {
    byte[] content = Files.readAllBytes(file);
    if (!startsAsWritten(content)) {
      String text = new String(content, StandardCharsets.ISO_8859_1);
      // Files of older versions have no checksum field.
      if (text.contains('"' + FIELD + '"') || text.contains(KIND)) {
        throw new DamagedException("it does not begin as it was written");
      }
      JsonNode old = parse(text(content));
      if (!old.isObject()) {
        throw new DamagedException("it is no JSON object");
      }
      return new Content(old, false);
    }
    String stored = new String(content, START.length, ZEROS.length(), StandardCharsets.ISO_8859_1);
    System.arraycopy(bytes(ZEROS), 0, content, START.length, ZEROS.length());
    String found = checksum(content);
    if (!found.equals(stored)) {
      throw new DamagedException("its checksum is " + found + ", but " + stored + " was written");
    }
    return new Content(parse(text(content)), true);
  }

  /**
   * Writes an object on one line, its checksum as the last field: the CRC-32C of the line without
   * that field.
   */
  public static String line(ObjectNode object) {
    String body = Json.compact(object);
    return body.substring(0, body.length() - 1) + LINE_START + checksum(bytes(body)) + LINE_END;
  }

  /** Reads what {@link #line} wrote, or a line that never had a checksum. */
  public static JsonNode ofLine(String line) throws DamagedException {
    Matcher sealed = LINE.matcher(line);
    if (!sealed.matches()) {
      JsonNode value = parse(line);
      if (!value.isObject() || value.has(LINE_FIELD)) {
        throw new DamagedException("it does not end as it was written");
      }
      return value;
    }
    String body = sealed.group(1) + "}";
    String found = checksum(bytes(body));
    if (!found.equals(sealed.group(2))) {
      throw new DamagedException(
          "its checksum is " + found + ", but " + sealed.group(2) + " was written");
    }
    return parse(body);
  }

  private static boolean startsAsWritten(byte[] content) {
    return content.length > START.length + ZEROS.length()
        && Arrays.equals(START, Arrays.copyOf(content, START.length));
  }

  private static String checksum(byte[] content) {
    CRC32C checksum = new CRC32C();
    checksum.update(content);
    return FileDigest.hex(checksum);
  }

  private static String text(byte[] content) {
    return new String(content, StandardCharsets.UTF_8);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static JsonNode parse(String text) throws DamagedException {
    try {
      return Json.parseStrictly(text);
    } catch (JsonProcessingException e) {
      throw new DamagedException("it is not valid JSON: " + e.getOriginalMessage());
    }
  }
}
