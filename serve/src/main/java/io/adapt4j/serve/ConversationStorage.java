package io.adapt4j.serve;

import io.adapt4j.core.internal.Texts;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Storage of a {@link ModelServer} for responses and conversations that later requests name. The
 * least recently used ones are dropped beyond a limit. Immutable; {@code with} methods give changed
 * copies.
 *
 * @param entries maximum number of responses and conversations; default 10,000; 0 stores none
 * @param bytes maximum size of all, in memory and on disk; default 256 MiB
 * @param age time after its last use after which one is dropped; default 24 hours
 * @param folder folder that also has them in files, so that they outlive the server; empty, the
 *     default, for memory alone
 */
public record ConversationStorage(int entries, long bytes, Duration age, Optional<Path> folder) {

  private static final ConversationStorage DEFAULTS =
      new ConversationStorage(10_000, 256L << 20, Duration.ofHours(24), Optional.empty());

  /** Checks the limits. Throws {@link IllegalArgumentException} if one is out of range. */
  public ConversationStorage {
    Texts.require("age", age);
    Texts.require("folder", folder);
    if (entries < 0 || bytes < 0) {
      throw new IllegalArgumentException(
          "entries, bytes: expected at least 0, found " + entries + ", " + bytes);
    }
    if (age.isNegative() || age.isZero()) {
      throw new IllegalArgumentException("age: expected a time above 0, found " + age);
    }
  }

  /** {@return the default limits, in memory} */
  public static ConversationStorage defaults() {
    return DEFAULTS;
  }

  /** {@return storage of nothing: requests that name responses or conversations are refused} */
  public static ConversationStorage none() {
    return DEFAULTS.withEntries(0);
  }

  /**
   * Returns a copy with another limit on the number of responses and conversations.
   *
   * @param count at least 0
   * @return the copy
   */
  public ConversationStorage withEntries(int count) {
    return new ConversationStorage(count, bytes, age, folder);
  }

  /**
   * Returns a copy with another limit on the size of all.
   *
   * @param count at least 0
   * @return the copy
   */
  public ConversationStorage withBytes(long count) {
    return new ConversationStorage(entries, count, age, folder);
  }

  /**
   * Returns a copy with another age limit.
   *
   * @param time above 0
   * @return the copy
   */
  public ConversationStorage withAge(Duration time) {
    return new ConversationStorage(entries, bytes, time, folder);
  }

  /**
   * Returns a copy that also writes files.
   *
   * @param path the folder, created if it is missing; a single server uses it at a time
   * @return the copy
   */
  public ConversationStorage withFolder(Path path) {
    return new ConversationStorage(entries, bytes, age, Optional.of(path));
  }
}
