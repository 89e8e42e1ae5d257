package io.adapt4j.core.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Replaces and deletes several files together. New contents are written to temporary files beside
 * their targets; {@link #commit()} moves them in, in the order they were staged, and puts the
 * previous files back if one of the moves fails. {@link #close()} without a commit leaves the
 * targets untouched. Either way no temporary file remains.
 *
 * <p>Each single move is atomic. A process that is killed during {@code commit()} may leave some
 * targets new and some old, so stage the file that makes the others visible last.
 *
 * <p>Not thread-safe.
 */
public final class FileTransaction implements AutoCloseable {

  private final Map<Path, Path> staged = new LinkedHashMap<>();
  private final List<Path> deletions = new ArrayList<>();

  /** Starts an empty transaction. */
  public FileTransaction() {}

  /**
   * Announces new content for a file. The folder is created if it is missing.
   *
   * @param target the file to create or replace
   * @return a path in the same folder, not existing yet, to write the content to
   * @throws IOException if the folder cannot be created
   */
  public Path stage(Path target) throws IOException {
    Path file = target.toAbsolutePath();
    Disk.createFolders(folderOf(file));
    Path temporary = Temporaries.beside(file, Temporaries.NEW);
    staged.put(file, temporary);
    return temporary;
  }

  /**
   * Announces that a file goes away, if it exists, once all staged files are in place.
   *
   * @param target the file to delete
   */
  public void delete(Path target) {
    deletions.add(target.toAbsolutePath());
  }

  /**
   * Forces the staged files onto the device, moves them to their targets and removes the files to
   * delete. What it returns from survives a power cut.
   *
   * @throws IOException if a file cannot be moved; the previous files are back in place then
   */
  public void commit() throws IOException {
    for (Path temporary : staged.values()) {
      Disk.force(temporary);
    }
    Deque<Runnable> undo = new ArrayDeque<>();
    List<Path> backups = new ArrayList<>();
    try {
      for (Map.Entry<Path, Path> entry : staged.entrySet()) {
        replace(entry.getKey(), entry.getValue(), backups, undo);
      }
      for (Path target : deletions) {
        setAside(target, backups, undo);
      }
      for (Path folder : folders()) {
        Disk.forceFolder(folder);
      }
    } catch (IOException | RuntimeException e) {
      undo.forEach(Runnable::run);
      throw e;
    }
    staged.clear();
    deletions.clear();
    for (Path backup : backups) {
      Files.deleteIfExists(backup);
    }
  }

  private Set<Path> folders() {
    Set<Path> folders = new LinkedHashSet<>();
    staged.keySet().forEach(file -> folders.add(folderOf(file)));
    deletions.stream().map(FileTransaction::folderOf).filter(Files::exists).forEach(folders::add);
    return folders;
  }

  /** Removes the temporary files that were not committed. */
  @Override
  public void close() {
    staged.values().forEach(FileTransaction::deleteQuietly);
    staged.clear();
    deletions.clear();
  }

  private static void replace(Path target, Path temporary, List<Path> backups, Deque<Runnable> undo)
      throws IOException {
    if (Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new IOException(target + " is a folder, so no file can be written there");
    }
    if (!exists(target)) {
      Disk.move(temporary, target);
      undo.push(() -> deleteQuietly(target));
      return;
    }
    // A hard link keeps the old content while the move replaces the name in one step.
    Path backup = Temporaries.beside(target, Temporaries.REPLACED);
    try {
      Files.createLink(backup, target);
    } catch (IOException | UnsupportedOperationException e) {
      Disk.move(target, backup);
    }
    backups.add(backup);
    undo.push(() -> moveQuietly(backup, target));
    Disk.move(temporary, target);
  }

  private static void setAside(Path target, List<Path> backups, Deque<Runnable> undo)
      throws IOException {
    if (exists(target)) {
      Path backup = Temporaries.beside(target, Temporaries.DELETED);
      Disk.move(target, backup);
      backups.add(backup);
      undo.push(() -> moveQuietly(backup, target));
    }
  }

  private static void moveQuietly(Path from, Path to) {
    try {
      Disk.move(from, to);
    } catch (IOException e) {
      // The failure that caused the roll-back is the one to report; the backup stays on disk.
    }
  }

  private static void deleteQuietly(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // Nothing depends on a left-over temporary file.
    }
  }

  private static boolean exists(Path file) {
    return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
  }

  private static Path folderOf(Path absoluteFile) {
    Path folder = absoluteFile.getParent();
    if (folder == null) {
      throw new IllegalArgumentException(absoluteFile + " is not a file path");
    }
    return folder;
  }
}
