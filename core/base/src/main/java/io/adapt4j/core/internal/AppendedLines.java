package io.adapt4j.core.internal;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Append-only file of lines, read back when it is opened. A line that cannot be read is skipped
 * with a warning and left in the file. An unterminated last line, left by a killed process, is
 * terminated if it can be read and cut off otherwise. The caller ensures that no other process has
 * the file open.
 */
public final class AppendedLines implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(AppendedLines.class);
  private static final int BLOCK = 1 << 18;
  private static final int SHOWN = 10;

  /** Minimum interval between two forced writes; faster appends share one. */
  private static final long FORCED_EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final WholeAppends appends;
  private long forcedNanos = System.nanoTime() - FORCED_EVERY_NANOS;
  private boolean unforced;

  private AppendedLines(FileChannel channel) {
    this.appends = new WholeAppends(channel);
  }

  /** Consumer of the lines of a file. */
  @FunctionalInterface
  public interface Lines {
    void take(String line) throws IOException;
  }

  public static AppendedLines open(Path file, Lines lines) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    Disk.createFolders(folder);
    boolean isNew = !Files.exists(file);
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      new Reading(file, channel, lines).run();
      if (isNew) {
        Disk.forceFolder(folder);
      }
      return new AppendedLines(channel);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /**
   * Appends a line. It survives the end of the process at once, and a power cut after 50 ms or
   * {@link #force}.
   */
  public synchronized void append(String line) throws IOException {
    appends.append((line + "\n").getBytes(StandardCharsets.UTF_8));
    unforced = true;
    if (System.nanoTime() - forcedNanos >= FORCED_EVERY_NANOS) {
      force();
    }
  }

  /** Forces appended lines onto the device. */
  public synchronized void force() throws IOException {
    if (unforced) {
      appends.force(false);
      forcedNanos = System.nanoTime();
      unforced = false;
    }
  }

  @Override
  public synchronized void close() throws IOException {
    try (appends) {
      force();
    }
  }

  /** One pass over the file, which leaves the channel at its end. */
  private static final class Reading {

    private final Path file;
    private final FileChannel channel;
    private final Lines lines;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private long number = 1;
    private int damaged;

    Reading(Path file, FileChannel channel, Lines lines) {
      this.file = file;
      this.channel = channel;
      this.lines = lines;
    }

    void run() throws IOException {
      ByteBuffer block = ByteBuffer.allocate(BLOCK);
      while (channel.read(block.clear()) >= 0) {
        int from = 0;
        for (int i = 0; i < block.position(); i++) {
          if (block.get(i) == '\n') {
            line.write(block.array(), from, i - from);
            take();
            from = i + 1;
          }
        }
        line.write(block.array(), from, block.position() - from);
      }
      if (line.size() > 0) {
        takeUnfinished();
      }
      if (damaged > SHOWN) {
        LOG.warn("{}: {} lines in all are damaged and skipped", file, damaged);
      }
    }

    private void take() {
      try {
        lines.take(text());
      } catch (IOException | IllegalArgumentException e) {
        damaged++;
        if (damaged <= SHOWN) {
          LOG.warn("{}, line {} is damaged and skipped: {}", file, number, message(e));
        }
      }
      line.reset();
      number++;
    }

    private void takeUnfinished() throws IOException {
      long start = channel.position() - line.size();
      try {
        lines.take(text());
        ByteBuffer end = ByteBuffer.wrap(new byte[] {'\n'});
        while (end.hasRemaining()) {
          channel.write(end);
        }
      } catch (IOException | IllegalArgumentException e) {
        LOG.warn("{}, line {} was never finished and is cut off: {}", file, number, message(e));
        channel.truncate(start);
        channel.position(start);
      }
    }

    /** Decodes one line; bytes that are not UTF-8 damage only the line that contains them. */
    private String text() throws IOException {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(line.toByteArray()))
          .toString();
    }

    private static String message(Exception e) {
      String message = e.getMessage() == null ? e.toString() : e.getMessage();
      return message.lines().findFirst().orElse("");
    }
  }
}
