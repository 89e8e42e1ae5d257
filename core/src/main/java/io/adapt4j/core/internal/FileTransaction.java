package io.adapt4j.core.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

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
    Files.createDirectories(folderOf(file));
    Path temporary = sibling(file, ".tmp");
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
   * Moves the staged files to their targets and removes the files to delete.
   *
   * @throws IOException if a file cannot be moved; the previous files are back in place then
   */
  public void commit() throws IOException {
    Deque<Runnable> undo = new ArrayDeque<>();
    List<Path> backups = new ArrayList<>();
    try {
      for (Map.Entry<Path, Path> entry : staged.entrySet()) {
        replace(entry.getKey(), entry.getValue(), backups, undo);
      }
      for (Path target : deletions) {
        setAside(target, backups, undo);
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
      move(temporary, target);
      undo.push(() -> deleteQuietly(target));
      return;
    }
    // A hard link keeps the old content while the move replaces the name in one step.
    Path backup = sibling(target, ".old");
    try {
      Files.createLink(backup, target);
    } catch (IOException | UnsupportedOperationException e) {
      move(target, backup);
    }
    backups.add(backup);
    undo.push(() -> moveQuietly(backup, target));
    move(temporary, target);
  }

  private static void setAside(Path target, List<Path> backups, Deque<Runnable> undo)
      throws IOException {
    if (exists(target)) {
      Path backup = sibling(target, ".old");
      move(target, backup);
      backups.add(backup);
      undo.push(() -> moveQuietly(backup, target));
    }
  }

  private static void move(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private static void moveQuietly(Path from, Path to) {
    try {
      move(from, to);
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

  private static Path sibling(Path file, String suffix) {
    return folderOf(file).resolve("." + file.getFileName() + "." + UUID.randomUUID() + suffix);
  }

  private static Path folderOf(Path absoluteFile) {
    Path folder = absoluteFile.getParent();
    if (folder == null) {
      throw new IllegalArgumentException(absoluteFile + " is not a file path");
    }
    return folder;
  }
}
