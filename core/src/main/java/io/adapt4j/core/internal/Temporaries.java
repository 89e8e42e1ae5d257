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
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
          "\\.(?<target>.+)\\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?<kind>\\.tmp|\\.old|\\.del|)");

  private Temporaries() {}

  /** A name beside a file or folder that nothing has. */
  static Path beside(Path target, String kind) {
    return target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + kind);
  }

  /**
   * Removes what killed processes left directly in a folder, and puts back what they had set aside
   * without replacing it. Only for a caller that knows no other process to be writing there.
   *
   * @param folder the folder; it may be missing
   */
  public static void sweep(Path folder) {
    sweep(folder, Instant.MAX);
  }

  /**
   * Removes what killed processes left in a folder and its sub-folders, as {@link #sweep(Path)}
   * does.
   *
   * @param folder the folder; it may be missing
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
   *
   * @param folder the folder; it may be missing
   * @param age the smallest age of what is removed
   */
  public static void sweepOlderThan(Path folder, Duration age) {
    sweep(folder, Instant.now().minus(age));
  }

  private static void sweep(Path folder, Instant before) {
    for (Path child : children(folder)) {
      Matcher name = NAME.matcher(child.getFileName().toString());
      if (name.matches()) {
        try {
          if (Files.getLastModifiedTime(child, LinkOption.NOFOLLOW_LINKS)
              .toInstant()
              .isBefore(before)) {
            remove(child, folder.resolve(name.group("target")), name.group("kind"));
          }
        } catch (NoSuchFileException e) {
          // Another process was faster.
        } catch (IOException e) {
          LOG.warn("{}, left by a killed process, cannot be removed: {}", child, e.toString());
        }
      }
    }
  }

  private static void remove(Path left, Path target, String kind) throws IOException {
    if (kind.equals(REPLACED) && !Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      Disk.move(left, target);
      LOG.info("{} is back, which a killed process had set aside", target);
    } else {
      deleteTree(left);
      LOG.info("removed {}, left by a killed process", left);
    }
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

  /**
   * Deletes a file, or a folder with what is in it.
   *
   * @param path the file or folder; it may be missing
   * @throws IOException if something cannot be deleted
   */
  public static void deleteTree(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> tree = Files.walk(path)) {
      for (Path entry : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(entry);
      }
    }
  }
}
