package io.adapt4j.core.internal;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/**
 * Checks that nobody but this process's user (and root) can put files into a folder. On systems
 * without POSIX permissions, which isolate users' folders themselves, every folder passes.
 */
final class PrivateFolder {

  /** Owner id of root's folders as seen in a container that does not map the outer root. */
  private static final int UNMAPPED = 65534;

  private static final int STICKY = 01000;
  private static final int GROUP_WRITE = 020;
  private static final int OTHERS_WRITE = 02;

  private PrivateFolder() {}

  /** Creates a folder, and those above it, for this user alone. */
  static void create(Path folder) throws IOException {
    if (Files.isDirectory(folder)) {
      return;
    }
    Path parent = folder.toAbsolutePath().getParent();
    if (parent != null) {
      create(parent);
    }
    try {
      if (isPosix(folder)) {
        Files.createDirectory(
            folder,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      } else {
        Files.createDirectory(folder);
      }
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(folder)) {
        throw e;
      }
    }
  }

  /**
   * Finds why a file or folder cannot be trusted: it, or a folder above it, belongs to or is
   * writable by others.
   */
  static Optional<String> problem(Path path) throws IOException {
    Path absolute = path.toAbsolutePath().normalize();
    Optional<String> problem = problemAlong(absolute);
    if (problem.isPresent() || !Files.exists(absolute)) {
      return problem;
    }
    // A link is as safe as its own path and its target's.
    Path real = absolute.toRealPath();
    return real.equals(absolute) ? problem : problemAlong(real);
  }

  private static Optional<String> problemAlong(Path path) throws IOException {
    for (Path at = path; at != null; at = at.getParent()) {
      if (Files.exists(at, LinkOption.NOFOLLOW_LINKS)) {
        Optional<String> problem = problemOf(at, !at.equals(path));
        if (problem.isPresent()) {
          return problem;
        }
      }
    }
    return Optional.empty();
  }

  private static Optional<String> problemOf(Path path, boolean isAbove) throws IOException {
    if (!isPosix(path)) {
      return Optional.empty();
    }
    PosixFileAttributes attributes =
        Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    int owner = number(path, "uid");
    boolean isSystems = owner == 0 || (isAbove && owner == UNMAPPED);
    if (!isSystems && owner != CurrentUser.ID) {
      return Optional.of(path + " belongs to " + attributes.owner().getName());
    }
    if (attributes.isSymbolicLink()) {
      return Optional.empty();
    }
    int mode = number(path, "mode");
    // In a sticky folder only the owner of a file may replace it.
    boolean protectedBySticky = isAbove && (mode & STICKY) != 0;
    if ((mode & OTHERS_WRITE) != 0 && !protectedBySticky) {
      return Optional.of(
          path + " may be written to by everybody (" + permissions(attributes) + ")");
    }
    if ((mode & GROUP_WRITE) != 0 && !protectedBySticky && !isOwnGroup(path, attributes)) {
      return Optional.of(
          "%s may be written to by the group %s (%s)"
              .formatted(path, attributes.group().getName(), permissions(attributes)));
    }
    return Optional.empty();
  }

  /**
   * Returns whether this is the user's private group: many systems create one of the same name,
   * with write permission.
   */
  private static boolean isOwnGroup(Path path, PosixFileAttributes attributes) throws IOException {
    return number(path, "gid") == 0
        || attributes.group().getName().equals(attributes.owner().getName());
  }

  private static String permissions(PosixFileAttributes attributes) {
    Set<PosixFilePermission> permissions = attributes.permissions();
    return PosixFilePermissions.toString(permissions);
  }

  private static int number(Path path, String attribute) throws IOException {
    return (int) Files.getAttribute(path, "unix:" + attribute, LinkOption.NOFOLLOW_LINKS);
  }

  private static boolean isPosix(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("unix");
  }

  /** User of this process, regardless of the property {@code user.name}. */
  private static final class CurrentUser {

    private static final int ID = id();

    private static int id() {
      try {
        Path process = Path.of("/proc/self");
        if (Files.exists(process)) {
          return (int) Files.getAttribute(process, "unix:uid");
        }
        Path own = Files.createTempFile("adapt4j", "");
        try {
          return number(own, "uid");
        } finally {
          Files.delete(own);
        }
      } catch (IOException e) {
        throw new NativeCacheException("finding out the user of this process failed: " + e, e);
      }
    }
  }
}
