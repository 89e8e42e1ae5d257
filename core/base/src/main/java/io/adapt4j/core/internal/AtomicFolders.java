package io.adapt4j.core.internal;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Folders that appear under their name only when they are complete and on the device. Fill the
 * folder that {@link #hidden} names, then {@link #publish} it.
 */
public final class AtomicFolders {

  private static final Logger LOG = LoggerFactory.getLogger(AtomicFolders.class);

  private AtomicFolders() {}

  /** Returns a temporary sibling name of a folder that no reader looks at. */
  public static Path hidden(Path target) {
    return Temporaries.beside(target.toAbsolutePath(), Temporaries.NEW);
  }

  /**
   * Forces a complete folder onto the device and moves it to its name, replacing a folder that
   * exists.
   */
  public static void publish(Path hidden, Path target) throws IOException {
    Disk.forceTree(hidden);
    if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      Disk.move(hidden, target);
      Disk.forceFolder(parent(target));
      return;
    }
    Path before = Temporaries.beside(target.toAbsolutePath(), Temporaries.REPLACED);
    Disk.move(target, before);
    boolean moved = false;
    try {
      Disk.move(hidden, target);
      moved = true;
      Disk.forceFolder(parent(target));
    } catch (IOException e) {
      if (moved) {
        Disk.move(target, hidden);
      }
      Disk.move(before, target);
      throw e;
    }
    discard(before);
  }

  /**
   * Forces a complete folder onto the device and moves it to its name, unless another process has
   * already published an equivalent one.
   */
  public static void publishUnlessThere(Path hidden, Path target) throws IOException {
    Disk.forceTree(hidden);
    try {
      // A folder that is not empty is not replaced.
      Disk.move(hidden, target);
    } catch (FileSystemException e) {
      if (!Files.isDirectory(target)) {
        throw e;
      }
    }
    Disk.forceFolder(parent(target));
  }

  /**
   * Deletes a folder; its name disappears atomically and durably before the first file does, so no
   * reader sees a partial folder, even after a power cut.
   */
  public static void delete(Path folder) throws IOException {
    if (Disk.exists(folder)) {
      Path doomed = Temporaries.beside(folder.toAbsolutePath(), Temporaries.DELETED);
      Disk.move(folder, doomed);
      Disk.forceFolder(parent(doomed));
      discard(doomed);
    }
  }

  /**
   * Deletes a hidden folder if it still exists. Files that cannot be deleted are never read and are
   * swept later.
   */
  public static void discard(Path hidden) {
    try {
      Temporaries.deleteTree(hidden);
    } catch (IOException e) {
      LOG.warn("{}, which is of no use, cannot be removed: {}", hidden, e.toString());
    }
  }

  private static Path parent(Path target) {
    return target.toAbsolutePath().getParent();
  }
}
