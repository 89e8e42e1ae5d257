package io.adapt4j.rag.document;

import java.time.Duration;

/**
 * Limits for reading a single file. A file beyond a limit gives no document and is reported.
 *
 * @param bytes maximum size of a file in bytes
 * @param characters maximum number of characters of its text
 * @param inflatedBytes maximum size of its compressed parts in bytes after decompression
 * @param depth nesting depth to which embedded documents such as attachments are read; 0 reads none
 * @param time maximum time for reading
 */
public record ReadingLimits(
    long bytes, long characters, long inflatedBytes, int depth, Duration time) {

  private static final long MIB = 1 << 20;

  /** Creates limits. Throws {@link IllegalArgumentException} if one is out of its range. */
  public ReadingLimits {
    if (bytes < 1 || bytes > 1024 * MIB) {
      throw new IllegalArgumentException("bytes: expected 1 to 1 GiB, found " + bytes);
    }
    if (characters < 1 || inflatedBytes < 1) {
      throw new IllegalArgumentException(
          "characters and inflatedBytes: expected 1 or more, found %s and %s"
              .formatted(characters, inflatedBytes));
    }
    if (depth < 0) {
      throw new IllegalArgumentException("depth: expected 0 or more, found " + depth);
    }
    if (time.isNegative() || time.isZero()) {
      throw new IllegalArgumentException("time: expected more than nothing, found " + time);
    }
  }

  /**
   * {@return the default limits: 64 MiB, 20 million characters, 512 MiB inflated, two levels of
   * documents within documents, one minute}
   */
  public static ReadingLimits standard() {
    return new ReadingLimits(64 * MIB, 20_000_000, 512 * MIB, 2, Duration.ofMinutes(1));
  }

  /**
   * Returns these limits with another file size.
   *
   * @param most maximum size of a file in bytes
   * @return new limits
   */
  public ReadingLimits withBytes(long most) {
    return new ReadingLimits(most, characters, inflatedBytes, depth, time);
  }

  /**
   * Returns these limits with another text length.
   *
   * @param most maximum number of characters of a text
   * @return new limits
   */
  public ReadingLimits withCharacters(long most) {
    return new ReadingLimits(bytes, most, inflatedBytes, depth, time);
  }

  /**
   * Returns these limits with another decompressed size.
   *
   * @param most maximum decompressed size in bytes
   * @return new limits
   */
  public ReadingLimits withInflatedBytes(long most) {
    return new ReadingLimits(bytes, characters, most, depth, time);
  }

  /**
   * Returns these limits with another nesting depth.
   *
   * @param most maximum depth
   * @return new limits
   */
  public ReadingLimits withDepth(int most) {
    return new ReadingLimits(bytes, characters, inflatedBytes, most, time);
  }

  /**
   * Returns these limits with another time.
   *
   * @param most maximum time for reading a file
   * @return new limits
   */
  public ReadingLimits withTime(Duration most) {
    return new ReadingLimits(bytes, characters, inflatedBytes, depth, most);
  }
}
