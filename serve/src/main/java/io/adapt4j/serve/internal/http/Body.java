package io.adapt4j.serve.internal.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.io.CharStreams;
import io.adapt4j.core.internal.Json;
import java.io.ByteArrayInputStream;
import java.io.FilterReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.SequenceInputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/** Reads the body of a request. */
public final class Body {

  /** Number of bytes skipped of a body that is too long, so that the client reads the error. */
  private static final long MOST_SKIPPED = 64L << 20;

  /** Size of the first piece in bytes. */
  private static final int FIRST = 1 << 13;

  /** Larger bodies are parsed in turns. Also the size of the largest piece. */
  private static final int LARGE = 1 << 16;

  /** Message of the JDK's server for a chunk with a wrong end. */
  private static final String NO_LINE_END = "invalid chunk end";

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

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
    long begun = cpuNanos();
    Pieces body = read(call, in, most);
    if (body.size() > most) {
      skip(in);
      throw Fault.invalid(
          413,
          null,
          "request_too_large",
          "The body is longer than " + most + " bytes, the limit of this server.");
    }
    if (body.size() > LARGE) {
      take(call, limits, cpuNanos() - begun);
    }
    try {
      call.keepBody(body::text);
      return Json.parseStrictly(
          call.hasTurn() ? new WatchedText(body.reader(), call) : body.reader());
    } catch (JsonProcessingException e) {
      throw Fault.invalid(
          400, null, "invalid_json", "The body is not valid JSON: " + e.getOriginalMessage());
    } catch (CharacterCodingException e) {
      throw Fault.invalid(400, null, "invalid_json", "The body is not valid UTF-8.");
    }
  }

  /** Processor time of this thread in nanoseconds; always the same where the JVM has none. */
  private static long cpuNanos() {
    return THREADS.isCurrentThreadCpuTimeSupported() ? THREADS.getCurrentThreadCpuTime() : 0;
  }

  private static void take(Call call, Limits limits, long spent) throws IOException {
    try {
      call.holds(
          Turns.OF_PROCESS.take(
              () -> call.isAbandoned() || call.age().compareTo(limits.requestTime()) > 0, spent));
    } catch (CancellationException e) {
      call.requireClient();
      throw Fault.late(limits.requestTime());
    }
  }

  /** Reads one byte more than allowed, if there is one. */
  private static Pieces read(Call call, InputStream in, int most) throws IOException {
    // A declared size allocates nothing.
    List<byte[]> pieces = new ArrayList<>();
    byte[] piece = new byte[FIRST];
    int used = 0;
    long size = 0;
    int read = 0;
    while (read >= 0 && size <= most) {
      if (used == piece.length) {
        pieces.add(piece);
        piece = new byte[Math.min(LARGE, 2 * piece.length)];
        used = 0;
      }
      try {
        read = in.read(piece, used, (int) Math.min(piece.length - used, most + 1L - size));
      } catch (IOException e) {
        requireTrailer(e, size);
        // The connection continues with trailer fields, which are ignored.
        call.set("Connection", "close");
        read = -1;
      }
      used += Math.max(0, read);
      size += Math.max(0, read);
    }
    pieces.add(Arrays.copyOf(piece, used));
    return new Pieces(pieces, size);
  }

  /**
   * The JDK's server does not support trailers: after the last chunk it treats their first
   * character as an error, just as if another chunk were longer than declared. The bytes before it
   * are then the body, or are not JSON.
   */
  private static void requireTrailer(IOException failure, long read) throws IOException {
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

  static void skip(InputStream in) throws IOException {
    byte[] buffer = new byte[1 << 16];
    long left = MOST_SKIPPED;
    int read = 0;
    while (left > 0 && read >= 0) {
      read = in.read(buffer);
      left -= read;
    }
  }

  /**
   * The bytes of a body. Small pieces, since arrays of megabytes are the most costly garbage of the
   * default collector.
   */
  private record Pieces(List<byte[]> pieces, long size) {

    /** Returns the text, in which bytes that are not UTF-8 end in a CharacterCodingException. */
    Reader reader() {
      List<InputStream> streams = new ArrayList<>();
      pieces.forEach(piece -> streams.add(new ByteArrayInputStream(piece)));
      return new InputStreamReader(
          new SequenceInputStream(Collections.enumeration(streams)),
          StandardCharsets.UTF_8.newDecoder());
    }

    String text() {
      try {
        return CharStreams.toString(reader());
      } catch (IOException e) {
        return "";
      }
    }
  }

  /** Text that ends in an exception when the client leaves while it is parsed. */
  private static final class WatchedText extends FilterReader {

    private final Call call;

    WatchedText(Reader text, Call call) {
      super(text);
      this.call = call;
    }

    @Override
    public int read(char[] target, int offset, int length) throws IOException {
      call.requireClient();
      return super.read(target, offset, length);
    }
  }
}
