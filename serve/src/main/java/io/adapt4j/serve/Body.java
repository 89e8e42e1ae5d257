package io.adapt4j.serve;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/** Reads the body of a request. */
final class Body {

  /** How much of a body that is too long is read, so that the client reads the answer. */
  private static final long MOST_SKIPPED = 64L << 20;

  private Body() {}

  /**
   * Reads a JSON value.
   *
   * @param most how long it may be
   * @throws IOException if the client has left
   */
  static JsonNode read(Call call, int most) throws IOException {
    requireJson(call);
    InputStream in = call.exchange().getRequestBody();
    byte[] bytes = in.readNBytes(most);
    if (bytes.length == most && in.read() >= 0) {
      skip(in);
      throw Fault.invalid(
          413,
          null,
          "request_too_large",
          "The body is longer than " + most + " bytes, the limit of this server.");
    }
    String text = text(bytes);
    call.readBody(text);
    try {
      return Json.parseStrictly(text);
    } catch (JsonProcessingException e) {
      throw Fault.invalid(
          400, null, "invalid_json", "The body is not valid JSON: " + e.getOriginalMessage());
    }
  }

  private static void requireJson(Call call) {
    Optional<String> type = call.header("Content-Type");
    String named = type.orElse("").split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    if (!named.equals("application/json")) {
      throw Fault.invalid(
          415,
          null,
          "unsupported_media_type",
          "The body must be JSON, with the header 'Content-Type: application/json'.");
    }
    if (!call.header("Content-Encoding").orElse("identity").equalsIgnoreCase("identity")) {
      throw Fault.invalid(
          415, null, "unsupported_media_type", "This server does not read compressed bodies.");
    }
  }

  private static void skip(InputStream in) throws IOException {
    byte[] buffer = new byte[1 << 16];
    long left = MOST_SKIPPED;
    int read = 0;
    while (left > 0 && read >= 0) {
      read = in.read(buffer);
      left -= read;
    }
  }

  private static String text(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw Fault.invalid(400, null, "invalid_json", "The body is not valid UTF-8.");
    }
  }
}
