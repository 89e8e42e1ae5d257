package io.adapt4j.serve.internal.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/** Reads the body of a request. */
public final class Body {

  /** Number of bytes skipped of a body that is too long, so that the client reads the error. */
  private static final long MOST_SKIPPED = 64L << 20;

  /** Initial buffer size in bytes. */
  private static final int FIRST = 1 << 13;

  /** Larger bodies are read and parsed in turns. */
  private static final int LARGE = 1 << 16;

  /** Message of the JDK's server for a chunk with a wrong end. */
  private static final String NO_LINE_END = "invalid chunk end";

  private Body() {}

  /**
   * Reads a JSON value. The limits are the maximum size, and the wait of a large body for its turn.
   * Throws an IOException if the client has disconnected.
   */
  public static JsonNode read(Call call, Limits limits) throws IOException {
    int most = limits.bodyBytes();
    requireJson(call);
    if (call.header("Content-Length").map(Long::parseLong).orElse((long) most) > LARGE) {
      call.watchClient();
    }
    InputStream in = call.exchange().getRequestBody();
    ByteBuffer bytes = read(call, in, most);
    if (bytes.limit() > most) {
      skip(in);
      throw Fault.invalid(
          413,
          null,
          "request_too_large",
          "The body is longer than " + most + " bytes, the limit of this server.");
    }
    if (bytes.limit() > LARGE) {
      take(call, limits);
    }
    String text = text(bytes);
    call.readBody(text);
    try {
      return call.hasTurn()
          ? Json.parseStrictly(new WatchedText(text, call))
          : Json.parseStrictly(text);
    } catch (JsonProcessingException e) {
      throw Fault.invalid(
          400, null, "invalid_json", "The body is not valid JSON: " + e.getOriginalMessage());
    }
  }

  private static void take(Call call, Limits limits) throws IOException {
    try {
      call.holds(
          Turns.OF_PROCESS.take(
              () -> call.isAbandoned() || call.age().compareTo(limits.requestTime()) > 0));
    } catch (CancellationException e) {
      call.requireClient();
      throw Fault.late(limits.requestTime());
    }
  }

  /** Reads one byte more than allowed, if there is one. */
  private static ByteBuffer read(Call call, InputStream in, int most) throws IOException {
    // One byte more than declared, so that the end is seen. A declared size alone allocates
    // nothing.
    long said = call.header("Content-Length").map(Long::parseLong).orElse((long) most);
    int capacity = (int) Math.min(Integer.MAX_VALUE - 8L, Math.min(most, said) + 1);
    byte[] bytes = new byte[Math.min(FIRST, capacity)];
    int size = 0;
    int read = 0;
    while (read >= 0 && size <= most) {
      if (size == bytes.length) {
        bytes = Arrays.copyOf(bytes, (int) Math.min(2L * size, Math.max(capacity, size + 1L)));
      }
      try {
        read = in.read(bytes, size, bytes.length - size);
      } catch (IOException e) {
        requireTrailer(e, size);
        // The connection continues with trailer fields, which are ignored.
        call.set("Connection", "close");
        read = -1;
      }
      size += Math.max(0, read);
    }
    return ByteBuffer.wrap(bytes, 0, size);
  }

  /**
   * The JDK's server does not support trailers: after the last chunk it treats their first
   * character as an error, just as if another chunk were longer than declared. The bytes before it
   * are then the body, or are not JSON.
   */
  private static void requireTrailer(IOException failure, int read) throws IOException {
    if (read == 0 || !String.valueOf(failure.getMessage()).equals(NO_LINE_END)) {
      throw failure;
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

  /** Decodes text that must be valid, without another copy. */
  private static String text(ByteBuffer bytes) {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer in = bytes.duplicate();
    CharBuffer checked = CharBuffer.allocate(FIRST);
    CoderResult result = CoderResult.OVERFLOW;
    while (result.isOverflow()) {
      checked.clear();
      result = decoder.decode(in, checked, true);
    }
    if (result.isError()) {
      throw Fault.invalid(400, null, "invalid_json", "The body is not valid UTF-8.");
    }
    return new String(bytes.array(), bytes.arrayOffset(), bytes.limit(), StandardCharsets.UTF_8);
  }

  /** Text that ends in an exception when the client leaves while it is parsed. */
  private static final class WatchedText extends Reader {

    private final String text;
    private final Call call;
    private int position;

    WatchedText(String text, Call call) {
      this.text = text;
      this.call = call;
    }

    @Override
    public int read(char[] target, int offset, int length) throws IOException {
      call.requireClient();
      int count = Math.min(length, text.length() - position);
      if (count == 0 && length > 0) {
        return -1;
      }
      text.getChars(position, position + count, target, offset);
      position += count;
      return count;
    }

    @Override
    public void close() {}
  }
}
