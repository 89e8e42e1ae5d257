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
 * Names of files and folders that are being written, or are about to be deleted, and how to get rid
 * of those that a killed process left. No other file has a name like them: {@code .NAME.UUID} with
 * one of three endings.
 */
public final class Temporaries {

  private static final Logger LOG = LoggerFactory.getLogger(Temporaries.class);

  /** Being written: never the only copy of anything. */
  static final String NEW = ".tmp";

  /** What a target held before: its only copy where a process was killed between two moves. */
  static final String REPLACED = ".old";

  /** About to be deleted. */
  static final String DELETED = ".del";

  private static final Pattern NAME =
      Pattern.compile(
          "\\.(?<target>.+)\\.(?<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?<kind>\\.tmp|\\.old|\\.del|)");

  private Temporaries() {}

  /** A name beside a file or folder that nothing has. */
  static Path beside(Path target, String kind) {
    return beside(target, UUID.randomUUID(), kind);
  }

  /** A name beside a file for something that happens together with others of that id. */
  static Path beside(Path target, UUID id, String kind) {
    return target.resolveSibling("." + target.getFileName() + "." + id + kind);
  }

  /**
   * Removes what killed processes left directly in a folder, and puts back what they had set aside
   * without replacing it. Only for a caller that knows no other process to be writing there.
   */
  public static void sweep(Path folder) {
    sweep(folder, Instant.MAX);
  }

  /**
   * Removes what killed processes left in a folder and its sub-folders, as {@link #sweep(Path)}
   * does.
   */
  public static void sweepTree(Path folder) {
    sweep(folder);
    for (Path child : children(folder)) {
      if (Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
        sweepTree(child);
      }
    }
  }

  /**
   * Removes what has not changed for some time, from a folder that other processes may be writing
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

    /** Whether its process had not come to the new content. */
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
    // Where one of several files that belong together is missing, all are as they were before.
    Set<String> unfinished =
        all.stream().filter(Left::isMissed).map(Left::id).collect(Collectors.toSet());
    // The missing file last: without it the others are not read.
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
      // The others are back for certain before it is.
      Disk.forceFolder(left.path().toAbsolutePath().getParent());
    }
    Disk.move(left.path(), left.target());
    // Where both are names of one file, POSIX moves nothing.
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

  /** Deletes a file, or a folder with what is in it. Links are deleted, not what they lead to. */
  public static void deleteTree(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    TreeDeletion.delete(path);
  }
}
