package io.adapt4j.core.internal;

import java.io.File;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Durability primitives: force file contents and folder entries onto the device so that they
 * survive a power cut.
 */
public final class Disk {

  private static final Logger LOG = LoggerFactory.getLogger(Disk.class);

  private static final boolean WINDOWS = File.separatorChar == '\\';

  /** About two and a half seconds in all. */
  private static final int MOVE_ATTEMPTS = 8;

  /** Receives every forced path and every move, in order; for tests. */
  static volatile Consumer<String> trace = step -> {};

  private Disk() {}

  /** Forces a file's content onto the device. */
  public static void force(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    trace.accept("force " + file);
  }

  /**
   * Forces a folder's entries onto the device, where the system can do that: Windows cannot, and
   * some network file systems refuse.
   */
  public static void forceFolder(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (ClosedByInterruptException e) {
      throw e;
    } catch (IOException e) {
      LOG.debug("the folder {} cannot be forced", folder, e);
    }
    trace.accept("force " + folder);
  }

  /** Forces all files of a folder, and the folders themselves from the inside out. */
  public static void forceTree(Path folder) throws IOException {
    List<Path> children;
    try (Stream<Path> listed = Files.list(folder)) {
      children = listed.toList();
    }
    for (Path child : children) {
      if (Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
        forceTree(child);
      } else if (Files.isRegularFile(child, LinkOption.NOFOLLOW_LINKS)) {
        force(child);
      }
    }
    forceFolder(folder);
  }

  /** Returns whether there is a file, folder or link; that it cannot be looked at is an error. */
  public static boolean exists(Path path) throws IOException {
    try {
      Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      return true;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /** Creates a folder and those above it, and forces the entries of those that were missing. */
  public static void createFolders(Path folder) throws IOException {
    Deque<Path> changed = new ArrayDeque<>();
    Path at = folder.toAbsolutePath();
    while (at.getParent() != null && !Files.isDirectory(at)) {
      at = at.getParent();
      changed.push(at);
    }
    Files.createDirectories(folder);
    for (Path parent : changed) {
      forceFolder(parent);
    }
  }

  /** Moves atomically, replacing an existing target. Folder entries are not forced. */
  static void move(Path from, Path to) throws IOException {
    if (WINDOWS) {
      moveWhenFree(from, to, Disk::replace);
    } else {
      replace(from, to);
    }
    trace.accept("move " + from + " to " + to);
  }

  /** One attempt to move a file or folder. */
  interface Move {
    void run(Path from, Path to) throws IOException;
  }

  /**
   * Moves as Windows allows it: not while a program has the file, its target or a file of the
   * folder open or mapped. Scanners do so for moments, and unreachable maps of this process last
   * until the next garbage collection.
   */
  static void moveWhenFree(Path from, Path to, Move move) throws IOException {
    for (int attempt = 1; ; attempt++) {
      try {
        move.run(from, to);
        return;
      } catch (NoSuchFileException e) {
        throw e;
      } catch (FileSystemException e) {
        if (Files.isDirectory(to)) {
          throw e;
        }
        if (attempt == MOVE_ATTEMPTS) {
          Path held = Files.exists(to) ? to : from;
          throw new FileSystemException(
              held.toString(),
              null,
              "a program has it open or mapped, and Windows does not replace it then (" + e + ")");
        }
        if (attempt == 1) {
          System.gc();
        }
        pause(attempt, e);
      }
    }
  }

  private static void pause(int attempt, FileSystemException failure) throws IOException {
    try {
      Thread.sleep(10L << attempt);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure;
    }
  }

  private static void replace(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
