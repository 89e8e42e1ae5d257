package io.adapt4j.core.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replaces and deletes several files together. New contents are written to temporary files next to
 * their targets; {@link #commit()} moves them into place in staging order, and restores the
 * previous files if a move fails. {@link #close()} without a commit leaves the targets untouched.
 * No temporary file remains in either case.
 *
 * <p>Each single move is atomic. Stage last the file that readers need to find the others: if
 * several files are replaced, its old version is set aside before the first move, and the new
 * version is moved when all others are on the device. So a process that is killed during {@code
 * commit()}, or a power cut, leaves the old files, the new ones, or none of that name, but never a
 * mixture that looks complete. {@link Temporaries#sweep} then restores the old files.
 *
 * <p>Not thread-safe.
 */
public final class FileTransaction implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(FileTransaction.class);

  private final UUID id = UUID.randomUUID();
  private final Map<Path, Path> staged = new LinkedHashMap<>();
  private final List<Path> deletions = new ArrayList<>();

  /** Starts an empty transaction. */
  public FileTransaction() {}

  /** Returns the temporary file to write a target's new content to; creates missing folders. */
  public Path stage(Path target) throws IOException {
    Path file = target.toAbsolutePath();
    Disk.createFolders(folderOf(file));
    Path temporary = Temporaries.beside(file, id, Temporaries.NEW);
    staged.put(file, temporary);
    return temporary;
  }

  /** Schedules the deletion of a file, if it exists, for when all staged files are in place. */
  public void delete(Path target) {
    deletions.add(target.toAbsolutePath());
  }

  /**
   * Forces the staged files onto the device, moves them to their targets and removes the files to
   * delete. The result survives a power cut once this returns.
   */
  public void commit() throws IOException {
    for (Path temporary : staged.values()) {
      Disk.force(temporary);
    }
    Deque<Step> undo = new ArrayDeque<>();
    List<Path> backups = new ArrayList<>();
    try {
      for (Path target : staged.keySet()) {
        requireNoFolder(target);
      }
      move(backups, undo);
      forceFolders();
    } catch (IOException | RuntimeException e) {
      undo.forEach(step -> step.runAfter(e));
      throw e;
    }
    staged.clear();
    deletions.clear();
    for (Path backup : backups) {
      try {
        Files.deleteIfExists(backup);
      } catch (IOException e) {
        // The new files are in place; this one is never read and is swept later.
        LOG.warn("{}, which has been replaced, cannot be removed: {}", backup, e.toString());
      }
    }
  }

  /** Undo step. */
  private interface Step {
    void run() throws IOException;

    /** Runs the step; its own failures are added to the failure that caused the rollback. */
    default void runAfter(Exception failure) {
      try {
        run();
      } catch (IOException e) {
        failure.addSuppressed(e);
      }
    }
  }

  private void move(List<Path> backups, Deque<Step> undo) throws IOException {
    List<Path> targets = List.copyOf(staged.keySet());
    int last = Math.max(0, targets.size() - 1);
    boolean hidden = last > 0 && setAside(targets.get(last), Temporaries.REPLACED, backups, undo);
    if (hidden) {
      for (Path target : targets.subList(0, last)) {
        keep(target, backups, undo);
      }
      forceFolders();
    }
    for (Path target : targets.subList(0, Math.max(0, last))) {
      replace(target, staged.get(target), hidden, backups, undo);
    }
    if (hidden) {
      setAsideDeletions(backups, undo);
    }
    if (last > 0) {
      forceFolders();
    }
    if (!targets.isEmpty()) {
      replace(targets.get(last), staged.get(targets.get(last)), hidden, backups, undo);
    }
    if (!hidden && anyExists(deletions)) {
      forceFolders();
      setAsideDeletions(backups, undo);
    }
  }

  private void setAsideDeletions(List<Path> backups, Deque<Step> undo) throws IOException {
    for (Path target : deletions) {
      setAside(target, Temporaries.DELETED, backups, undo);
    }
  }

  private static void requireNoFolder(Path target) throws IOException {
    if (Files.isDirectory(target)) {
      throw new IOException(target + " is a folder, so no file can be written there");
    }
  }

  private static boolean anyExists(List<Path> targets) throws IOException {
    for (Path target : targets) {
      if (Disk.exists(target)) {
        return true;
      }
    }
    return false;
  }

  private void forceFolders() throws IOException {
    for (Path folder : folders()) {
      Disk.forceFolder(folder);
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

  private void replace(
      Path target, Path temporary, boolean isKept, List<Path> backups, Deque<Step> undo)
      throws IOException {
    boolean exists = isKept ? Disk.exists(target) : keep(target, backups, undo);
    Disk.move(temporary, target);
    if (!exists) {
      undo.push(() -> Files.deleteIfExists(target));
    }
  }

  /** Backs up a target under a second name and returns whether it existed. */
  private boolean keep(Path target, List<Path> backups, Deque<Step> undo) throws IOException {
    if (!Disk.exists(target)) {
      return false;
    }
    // A hard link keeps the old content while the move replaces the name in one step.
    Path backup = Temporaries.beside(target, id, Temporaries.REPLACED);
    try {
      Files.createLink(backup, target);
    } catch (NoSuchFileException e) {
      return false;
    } catch (IOException | UnsupportedOperationException e) {
      if (!moveIfThere(target, backup)) {
        return false;
      }
    }
    backups.add(backup);
    undo.push(() -> moveBack(backup, target));
    return true;
  }

  /** Moves a target aside and returns whether it existed. */
  private boolean setAside(Path target, String kind, List<Path> backups, Deque<Step> undo)
      throws IOException {
    if (!Disk.exists(target)) {
      return false;
    }
    Path backup = Temporaries.beside(target, id, kind);
    if (!moveIfThere(target, backup)) {
      return false;
    }
    backups.add(backup);
    undo.push(() -> moveBack(backup, target));
    return true;
  }

  /** Moves a file if it still exists: another user of a cache may have deleted it. */
  private static boolean moveIfThere(Path from, Path to) throws IOException {
    try {
      Disk.move(from, to);
      return true;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private static void moveBack(Path from, Path to) throws IOException {
    Disk.move(from, to);
    // If both names refer to one file, POSIX moves nothing.
    Files.deleteIfExists(from);
  }

  private static void deleteQuietly(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // A leftover temporary file is harmless.
    }
  }

  /** Unlike {@link Files#exists}, does not take a failing device for a missing file. */
  private static Path folderOf(Path absoluteFile) {
    Path folder = absoluteFile.getParent();
    if (folder == null) {
      throw new IllegalArgumentException(absoluteFile + " is not a file path");
    }
    return folder;
  }
}
