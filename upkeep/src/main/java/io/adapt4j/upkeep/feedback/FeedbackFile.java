package io.adapt4j.upkeep.feedback;

import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.NoLinks;
import io.adapt4j.core.internal.ProcessLock;
import io.adapt4j.core.internal.WholeAppends;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * File of a log: lines that several processes append and rewrite under a lock, and read without
 * one. Every call reopens the file, since another process may have replaced it.
 */
final class FeedbackFile {

  private static final Logger LOG = LoggerFactory.getLogger(FeedbackFile.class);

  private static final int BLOCK = 1 << 18;
  private static final int HEADER_BYTES = 4096;
  private static final int LONGEST_LINE = 32 << 20;
  private static final int SHOWN = 10;
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final long POLL_MILLIS = 2;

  private final Path folder;
  private final Path file;
  private final Path lockFile;

  FeedbackFile(Path folder) {
    this.folder = folder;
    this.file = folder.resolve("feedback.jsonl");
    this.lockFile = folder.resolve("feedback.lock");
  }

  /** Work under the lock. */
  @FunctionalInterface
  interface Work<T> {
    T run() throws IOException;
  }

  /** Consumer of readable lines and the entries that they hold. */
  @FunctionalInterface
  interface Lines {
    void take(String line, Object entry) throws IOException;
  }

  Path folder() {
    return folder;
  }

  Path path() {
    return file;
  }

  /** Returns whether there is no file; one that cannot be looked at is an error. */
  boolean isMissing() throws IOException {
    try {
      Files.readAttributes(file, BasicFileAttributes.class);
      return false;
    } catch (NoSuchFileException e) {
      return true;
    }
  }

  /** Runs work while no other process and no other thread writes. */
  <T> T locked(Work<T> work) throws IOException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      Optional<ProcessLock> lock = ProcessLock.tryTake(lockFile);
      if (lock.isPresent()) {
        try (ProcessLock held = lock.get()) {
          return work.run();
        }
      }
      if (System.nanoTime() > end) {
        throw new IOException(
            "another process has held " + lockFile + " for a minute; end it if it hangs");
      }
      try {
        Thread.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ClosedByInterruptException();
      }
    }
  }

  /**
   * Result of reading.
   *
   * @param end offset after the last complete line
   * @param damaged number of damaged lines
   */
  record Found(long end, int damaged) {}

  /** Reads the first line. */
  EntryJson.Header header() throws IOException {
    try (FileChannel channel = NoLinks.open(file, StandardOpenOption.READ)) {
      ByteBuffer block = ByteBuffer.allocate(HEADER_BYTES);
      channel.read(block, 0);
      String start = new String(block.array(), 0, block.position(), StandardCharsets.UTF_8);
      String line = start.lines().findFirst().orElse("");
      if (EntryJson.parse(line) instanceof EntryJson.Header header) {
        return header;
      }
      throw new IllegalArgumentException("its first line is no header");
    } catch (IllegalArgumentException | CheckedJson.DamagedException e) {
      throw new IOException(
          "it does not begin as a feedback log does ("
              + e.getMessage()
              + "); restore the file, or name another folder");
    }
  }

  /** Reads the complete lines from an offset on. Damaged lines are skipped with a warning. */
  Found read(long from, Lines lines) throws IOException {
    try (FileChannel channel = NoLinks.open(file, StandardOpenOption.READ)) {
      Reading reading = new Reading(from, lines);
      byte[] block = new byte[BLOCK];
      int size = 0;
      for (long at = from; (size = channel.read(ByteBuffer.wrap(block), at)) > 0; at += size) {
        reading.take(block, size);
      }
      reading.end();
      return new Found(reading.end, reading.damaged);
    }
  }

  /** Appends a line at an offset, which replaces an unfinished one, and forces it to the device. */
  void append(long end, String line, long maxBytes) throws IOException {
    byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
    if (bytes.length > LONGEST_LINE) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "entry: expected at most %,d bytes, found %,d. Shorten the request.",
              LONGEST_LINE,
              bytes.length));
    }
    if (end + bytes.length > maxBytes) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "it has reached its limit of %,d bytes; remove old entries with expire(), or raise"
                  + " the limit",
              maxBytes));
    }
    FileChannel channel = NoLinks.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try (WholeAppends appends = new WholeAppends(channel)) {
      if (channel.size() > end) {
        channel.truncate(end);
      }
      appends.append(bytes);
      appends.force(false);
    }
  }

  /** Replaces the file by lines that a function writes; what was damaged is left out. */
  void write(Writer writer) throws IOException {
    AtomicFiles.write(
        file,
        channel -> {
          OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), BLOCK);
          writer.write(
              line -> {
                out.write(line.getBytes(StandardCharsets.UTF_8));
                out.write('\n');
              });
          out.flush();
        });
  }

  /** Writer of all lines. */
  @FunctionalInterface
  interface Writer {
    void write(Out out) throws IOException;
  }

  /** Receiver of lines. */
  @FunctionalInterface
  interface Out {
    void line(String line) throws IOException;
  }

  /** One pass over the file. */
  private final class Reading {

    private final Lines lines;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private boolean tooLong;
    private int damaged;
    private long at;
    private long end;

    Reading(long from, Lines lines) {
      this.lines = lines;
      this.at = from;
      this.end = from;
    }

    void take(byte[] block, int size) throws IOException {
      int from = 0;
      for (int i = 0; i < size; i++) {
        if (block[i] == '\n') {
          add(block, from, i);
          line();
          from = i + 1;
          end = at + from;
        }
      }
      add(block, from, size);
      at += size;
    }

    private void add(byte[] block, int from, int to) {
      if (line.size() + (to - from) > LONGEST_LINE) {
        tooLong = true;
        line.reset();
      }
      if (!tooLong) {
        line.write(block, from, to - from);
      }
    }

    private void line() throws IOException {
      String text = "";
      Object entry = null;
      try {
        text =
            StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(line.toByteArray()))
                .toString();
        entry = tooLong ? null : EntryJson.parse(text);
      } catch (IOException | IllegalArgumentException e) {
        if (damaged < SHOWN) {
          LOG.warn("{}, byte {}: a line is damaged and skipped: {}", file, end, e.getMessage());
        }
      }
      line.reset();
      tooLong = false;
      if (entry == null) {
        damaged++;
      } else {
        lines.take(text, entry);
      }
    }

    void end() {
      if (damaged > 0) {
        LOG.warn("{}: {} damaged lines are skipped", file, damaged);
      }
    }
  }
}
