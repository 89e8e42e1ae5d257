package io.adapt4j.core.internal;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * Deletes a folder with its content. Where the system supports it, entries are deleted relative to
 * open folder handles, so that a folder swapped for a link cannot redirect the deletion.
 */
final class TreeDeletion {

  private TreeDeletion() {}

  static void delete(Path path) throws IOException {
    Path parent = path.toAbsolutePath().getParent();
    if (parent == null) {
      throw new FileSystemException(path.toString(), null, "is no file or folder to delete");
    }
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(parent)) {
      if (stream instanceof SecureDirectoryStream<Path> secure) {
        delete(secure, path.getFileName());
        return;
      }
    }
    byPath(path);
  }

  private static void delete(SecureDirectoryStream<Path> folder, Path name) throws IOException {
    try {
      if (!isDirectory(folder, name)) {
        folder.deleteFile(name);
        return;
      }
      try (SecureDirectoryStream<Path> inner =
          folder.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
        for (Path entry : inner) {
          delete(inner, entry.getFileName());
        }
      }
      folder.deleteDirectory(name);
    } catch (NoSuchFileException e) {
      // Already deleted by another process.
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
  }

  private static boolean isDirectory(SecureDirectoryStream<Path> folder, Path name)
      throws IOException {
    BasicFileAttributes attributes =
        folder
            .getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
            .readAttributes();
    return attributes.isDirectory();
  }

  /** Deletes where there are no such handles. */
  static void byPath(Path path) throws IOException {
    Files.walkFileTree(
        path,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes)
              throws IOException {
            if (isEntered(attributes)) {
              return FileVisitResult.CONTINUE;
            }
            Files.deleteIfExists(folder);
            return FileVisitResult.SKIP_SUBTREE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.deleteIfExists(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** Windows' junctions, which lead elsewhere, are folders that are something else too. */
  static boolean isEntered(BasicFileAttributes attributes) {
    return attributes.isDirectory() && !attributes.isOther();
  }
}
