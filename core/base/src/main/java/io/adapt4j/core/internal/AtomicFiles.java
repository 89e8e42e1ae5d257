package io.adapt4j.core.internal;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Writes whole files so that a reader sees either the old content or the new one: the content goes
 * to a temporary file in the same folder, which is then moved over the target. A failure leaves the
 * target unchanged and no temporary file. Once a call returns, its result survives a power cut.
 * Missing folders are created. Use {@link FileTransaction} where several files belong together.
 */
public final class AtomicFiles {

  private AtomicFiles() {}

  /** Writer of the content of one file. */
  @FunctionalInterface
  public interface Content {
    /** Writes everything to the channel, which the caller closes. */
    void writeTo(FileChannel channel) throws IOException;
  }

  /** Writes a file through a channel. */
  public static void write(Path file, Content content) throws IOException {
    try (FileTransaction transaction = new FileTransaction()) {
      writeNew(transaction.stage(file), content);
      transaction.commit();
    }
  }

  public static void write(Path file, byte[] bytes) throws IOException {
    write(file, channel -> writeFully(channel, ByteBuffer.wrap(bytes)));
  }

  /** Writes text to a file in UTF-8. */
  public static void writeText(Path file, String text) throws IOException {
    write(file, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Writes a JSON value to a file, indented by two spaces and ended by a line feed. */
  public static void writeJson(Path file, JsonNode value) throws IOException {
    writeText(file, Json.indented(value));
  }

  /** Copies a file, of any size. */
  public static void copy(Path from, Path file) throws IOException {
    write(
        file,
        channel -> {
          try (FileChannel in = FileChannel.open(from, StandardOpenOption.READ)) {
            long size = in.size();
            for (long at = 0; at < size; ) {
              long count = in.transferTo(at, size - at, channel);
              if (count <= 0) {
                throw new IOException(from + " ended while it was copied");
              }
              at += count;
            }
          }
        });
  }

  /** Moves a complete file to its place atomically and durably. */
  public static void publish(Path complete, Path file) throws IOException {
    Disk.force(complete);
    Disk.move(complete, file);
    Disk.forceFolder(file.toAbsolutePath().getParent());
  }

  /** Writes a file that must not exist yet, such as one staged in a {@link FileTransaction}. */
  public static void writeNew(Path file, Content content) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      content.writeTo(channel);
    }
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
