package io.adapt4j.core.internal;

import io.adapt4j.core.exception.CheckpointException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Reads untrusted files into memory, each with a limit on its size. */
public final class BoundedFiles {

  /**
   * Limit for configurations, templates and model cards; the largest known ones have about 1 MiB.
   */
  public static final long SETTINGS = 16L << 20;

  /** Limit for tensor indexes, enough for about 500,000 tensors. */
  public static final long INDEX = 64L << 20;

  /** Limit for tokenizers; the largest known ones have about 40 MiB. */
  public static final long TOKENIZER = 256L << 20;

  private BoundedFiles() {}

  /** Thrown for a file that exceeds the limit of its kind. */
  public static final class TooLargeException extends FileSystemException {

    private static final long serialVersionUID = 1L;

    private TooLargeException(Path file, long size, long limit) {
      super(
          file.toString(),
          null,
          String.format(
              Locale.ROOT,
              "expected at most %,d bytes in a file of this kind, found %s",
              limit,
              size > limit ? String.format(Locale.ROOT, "%,d", size) : "more"));
    }

    /** Returns the message without the file's name. */
    @Override
    public String getMessage() {
      return getReason();
    }
  }

  /** Reads a text in UTF-8. */
  public static String readText(Path file, long limit) throws IOException {
    return StandardCharsets.UTF_8
        .newDecoder()
        .decode(ByteBuffer.wrap(read(file, limit)))
        .toString();
  }

  /** Reads a text file of a model, wrapping failures. */
  public static String readModelText(Path file, long limit) {
    try {
      return readText(file, limit);
    } catch (TooLargeException e) {
      throw new CheckpointException(
          file + ": " + e.getReason() + ". Fetch the model's original file.", e);
    } catch (IOException e) {
      throw new CheckpointException(
          file + ": reading failed: " + e + ". Check that it is a readable UTF-8 file.", e);
    }
  }

  /** Reads a file of at most {@code limit} bytes. */
  public static byte[] read(Path file, long limit) throws IOException {
    long size = Files.size(file);
    if (size > limit) {
      throw new TooLargeException(file, size, limit);
    }
    // Pipes and devices have no size, and files may grow.
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes((int) limit + 1);
      if (bytes.length > limit) {
        throw new TooLargeException(file, bytes.length - 1L, limit);
      }
      return bytes;
    }
  }
}
