package io.adapt4j.rag.document;

import java.time.Duration;

/**
 * What a single file may take. A file beyond a limit gives no document, and the report says so.
 *
 * @param bytes the most bytes of a file
 * @param characters the most characters of its text
 * @param inflatedBytes the most bytes that its compressed parts may have inflated
 * @param depth how deep documents within documents are read, such as attachments: 0 reads none
 * @param time how long reading may take
 */
public record ReadingLimits(
    long bytes, long characters, long inflatedBytes, int depth, Duration time) {

  private static final long MIB = 1 << 20;

  /**
   * Makes limits.
   *
   * @param bytes the most bytes of a file
   * @param characters the most characters of its text
   * @param inflatedBytes the most bytes that its compressed parts may have inflated
   * @param depth how deep documents within documents are read, such as attachments: 0 reads none
   * @param time how long reading may take
   * @throws IllegalArgumentException if one is out of its range
   */
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
   * {@return the limits where none are given: 64 MiB, 20 million characters, 512 MiB inflated, two
   * levels of documents within documents, one minute}
   */
  public static ReadingLimits standard() {
    return new ReadingLimits(64 * MIB, 20_000_000, 512 * MIB, 2, Duration.ofMinutes(1));
  }

  /**
   * Returns these limits with another for bytes.
   *
   * @param most the most bytes of a file
   * @return new limits
   */
  public ReadingLimits withBytes(long most) {
    return new ReadingLimits(most, characters, inflatedBytes, depth, time);
  }

  /**
   * Returns these limits with another for characters.
   *
   * @param most the most characters of a text
   * @return new limits
   */
  public ReadingLimits withCharacters(long most) {
    return new ReadingLimits(bytes, most, inflatedBytes, depth, time);
  }

  /**
   * Returns these limits with another for inflated bytes.
   *
   * @param most the most bytes that compressed parts may have inflated
   * @return new limits
   */
  public ReadingLimits withInflatedBytes(long most) {
    return new ReadingLimits(bytes, characters, most, depth, time);
  }

  /**
   * Returns these limits with another for documents within documents.
   *
   * @param most how deep they are read
   * @return new limits
   */
  public ReadingLimits withDepth(int most) {
    return new ReadingLimits(bytes, characters, inflatedBytes, most, time);
  }

  /**
   * Returns these limits with another for time.
   *
   * @param most how long reading a file may take
   * @return new limits
   */
  public ReadingLimits withTime(Duration most) {
    return new ReadingLimits(bytes, characters, inflatedBytes, depth, most);
  }
}
