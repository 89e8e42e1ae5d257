package io.adapt4j.serve.internal.http;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Established TCP connections of this machine, as Linux lists them in {@code /proc/net}: the JDK's
 * server tells that a client has left only to who writes to it. Empty on other systems.
 * Thread-safe.
 */
final class ConnectionTable {

  static final ConnectionTable OF_MACHINE =
      new ConnectionTable(List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6")));

  private static final long LEAST_AGE_NANOS = 100_000_000;

  /** Longest age of a reading, so that a client that leaves is noticed within a second. */
  private static final long MOST_AGE_NANOS = 400_000_000;

  /** A reading is kept for so many times what it took, so that long tables cost little. */
  private static final int AGE_PER_READING = 20;

  private static final String ESTABLISHED = "01 ";

  /** Prefix of an IPv4-mapped IPv6 address. */
  private static final String MAPPED = "0000000000000000FFFF0000";

  private final List<Path> files;
  private Optional<Set<String>> established = Optional.empty();
  private long readAt;
  private long age = -1;

  ConnectionTable(List<Path> files) {
    this.files = files;
  }

  /** Key of a connection in {@link #established}. */
  static String key(InetSocketAddress local, InetSocketAddress remote) {
    return key(local) + " " + key(remote);
  }

  /** Address and port in hexadecimal digits, each word of the address in the machine's order. */
  private static String key(InetSocketAddress end) {
    InetAddress address = end.getAddress();
    ByteBuffer words = ByteBuffer.wrap(address.getAddress()).order(ByteOrder.nativeOrder());
    StringBuilder key = new StringBuilder();
    while (words.hasRemaining()) {
      key.append(String.format(Locale.ROOT, "%08X", words.getInt()));
    }
    return key.append(String.format(Locale.ROOT, ":%04X", end.getPort())).toString();
  }

  /** Keys of the connections open in both directions, a moment old; empty if unknown. */
  synchronized Optional<Set<String>> established() {
    return age < 0 || System.nanoTime() - readAt > age ? establishedNow() : established;
  }

  /** Keys of the connections open in both directions, read again; empty if unknown. */
  synchronized Optional<Set<String>> establishedNow() {
    long begun = System.nanoTime();
    established = read();
    readAt = System.nanoTime();
    age = Math.min(MOST_AGE_NANOS, Math.max(LEAST_AGE_NANOS, AGE_PER_READING * (readAt - begun)));
    return established;
  }

  private Optional<Set<String>> read() {
    Set<String> keys = new HashSet<>();
    boolean found = false;
    for (Path file : files) {
      try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
        lines.lines().forEach(line -> add(line, keys));
        found = true;
      } catch (IOException | UncheckedIOException e) {
        // A machine may lack one of the two; without both nothing is known.
      }
    }
    return found ? Optional.of(keys) : Optional.empty();
  }

  /**
   * Adds an established connection: number, local end, remote end, state, and more. Most lines of a
   * busy server are of closed ones.
   */
  private static void add(String line, Set<String> keys) {
    int local = line.indexOf(": ") + 2;
    int remote = line.indexOf(' ', local) + 1;
    int state = line.indexOf(' ', remote) + 1;
    if (local > 1 && remote > 0 && line.startsWith(ESTABLISHED, state)) {
      String near = plain(line.substring(local, remote - 1));
      keys.add(near + " " + plain(line.substring(remote, state - 1)));
    }
  }

  private static String plain(String end) {
    return end.startsWith(MAPPED) ? end.substring(MAPPED.length()) : end;
  }
}
