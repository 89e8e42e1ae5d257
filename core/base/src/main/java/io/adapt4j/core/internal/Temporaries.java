package io.adapt4j.core.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Names of files and folders that are being written or about to be deleted, and cleanup of those
 * that a killed process left. The pattern {@code .NAME.UUID} with one of three extensions is used
 * for nothing else.
 */
public final class Temporaries {

  private static final Logger LOG = LoggerFactory.getLogger(Temporaries.class);

  /** Being written; never the only copy. */
  static final String NEW = ".tmp";

  /** Previous content of a target; the only copy if a process was killed between two moves. */
  static final String REPLACED = ".old";

  /** About to be deleted. */
  static final String DELETED = ".del";

  private static final Pattern NAME =
      Pattern.compile(
          "\\.(?<target>.+)\\.(?<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?<kind>\\.tmp|\\.old|\\.del|)");

  private Temporaries() {}

  /** Returns an unused sibling name of a file or folder. */
  static Path beside(Path target, String kind) {
    return beside(target, UUID.randomUUID(), kind);
  }

  /** Returns a sibling name of a file that belongs to the transaction of this id. */
  static Path beside(Path target, UUID id, String kind) {
    return target.resolveSibling("." + target.getFileName() + "." + id + kind);
  }

  /**
   * Removes temporary files that killed processes left directly in a folder, and restores files
   * that they had set aside without replacing them. Call only if no other process is writing there.
   */
  public static void sweep(Path folder) {
    sweep(folder, Instant.MAX);
  }

  /** Applies {@link #sweep(Path)} to a folder and its subfolders. */
  public static void sweepTree(Path folder) {
    sweep(folder);
    for (Path child : children(folder)) {
      if (Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
        sweepTree(child);
      }
    }
  }

  /**
   * Removes temporary files older than an age, from a folder that other processes may be writing
   * to.
   */
  public static void sweepOlderThan(Path folder, Duration age) {
    sweep(folder, Instant.now().minus(age));
  }

  /** A file or folder that a killed process left. */
  private record Left(Path path, Path target, String id, String kind) {

    static Optional<Left> of(Path path) {
      Matcher name = NAME.matcher(path.getFileName().toString());
      return name.matches()
          ? Optional.of(
              new Left(
                  path,
                  path.resolveSibling(name.group("target")),
                  name.group("id"),
                  name.group("kind")))
          : Optional.empty();
    }

    boolean isReplaced() {
      return kind.equals(REPLACED);
    }

    boolean wasThere() {
      return isReplaced() || kind.equals(DELETED);
    }

    /**
     * Returns whether the target is missing: the process was killed before it moved in the new
     * content.
     */
    boolean isMissed() {
      return isReplaced() && !Files.exists(target, LinkOption.NOFOLLOW_LINKS);
    }
  }

  private static void sweep(Path folder, Instant before) {
    List<Left> all =
        children(folder).stream()
            .flatMap(child -> Left.of(child).stream())
            .filter(left -> isOlder(left.path(), before))
            .toList();
    // If one file of a transaction is missing, all of them are restored.
    Set<String> unfinished =
        all.stream().filter(Left::isMissed).map(Left::id).collect(Collectors.toSet());
    // The missing file comes last: without it the others are not read.
    for (Left left : all.stream().sorted(Comparator.comparing(Left::isMissed)).toList()) {
      try {
        if (left.wasThere() && unfinished.contains(left.id())) {
          putBack(left);
        } else {
          deleteTree(left.path());
          LOG.info("removed {}, left by a killed process", left.path());
        }
      } catch (IOException e) {
        LOG.warn("{}, left by a killed process, cannot be removed: {}", left.path(), e.toString());
      }
    }
  }

  private static boolean isOlder(Path path, Instant before) {
    try {
      return Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS)
          .toInstant()
          .isBefore(before);
    } catch (NoSuchFileException e) {
      // Another process was faster.
      return false;
    } catch (IOException e) {
      LOG.warn("{}, left by a killed process, cannot be removed: {}", path, e.toString());
      return false;
    }
  }

  private static void putBack(Left left) throws IOException {
    if (left.isMissed()) {
      // Forced, so that the others are restored before it.
      Disk.forceFolder(left.path().toAbsolutePath().getParent());
    }
    Disk.move(left.path(), left.target());
    // If both names refer to one file, POSIX moves nothing.
    Files.deleteIfExists(left.path());
    LOG.info("{} is back, which a killed process had set aside", left.target());
  }

  private static List<Path> children(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> listed = Files.list(folder)) {
      return listed.toList();
    } catch (IOException e) {
      LOG.debug("{} cannot be listed", folder, e);
      return List.of();
    }
  }

  /** Deletes a file, or a folder with its content. Links are deleted, not their targets. */
  public static void deleteTree(Path path) throws IOException {
    if (Disk.exists(path)) {
      TreeDeletion.delete(path);
    }
  }
}
