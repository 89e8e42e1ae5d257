package io.adapt4j.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks of a command's input and output paths before its work starts: nothing is replaced unless
 * an option allows it, and no work is lost to an unwritable path.
 */
final class Destination {

  private static final String OVERWRITE = "--overwrite";
  private static final int NAMED = 3;

  private Destination() {}

  static Path file(String option, Path file, boolean overwrite) {
    if (Files.isDirectory(file)) {
      throw wrong(option, "a file to write", "the folder " + described(file), "Name a file in it");
    }
    requireFolderAbove(option, file);
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return file;
    }
    if (!Files.exists(file)) {
      throw wrong(
          option,
          "a file to write",
          described(file) + ", which is not there",
          "Remove the link, or name another file");
    }
    if (!Files.isRegularFile(file)) {
      throw wrong(
          option, "a file to write", described(file) + ", which is a device", "Name another");
    }
    if (!overwrite) {
      throw wrong(
          option,
          "a file that is not there yet",
          described(file) + ", which is",
          "Name another, or give " + OVERWRITE + " to replace it");
    }
    return real(file);
  }

  /** Checks a file to write that must differ from the one read. */
  static Path file(String option, Path file, boolean overwrite, String read, Path source) {
    if (isSame(file, source)) {
      throw wrong(option, "another file than " + read, file.toString(), "Name another");
    }
    return file(option, file, overwrite);
  }

  /** Checks a folder to write into, which may exist. */
  static Path folder(String option, Path folder) {
    if (Files.isDirectory(folder)) {
      if (!Files.isWritable(folder)) {
        throw wrong(
            option,
            "a folder to write into",
            described(folder) + ", which this user may not write",
            "Change its permissions, or name another");
      }
      requireFiles(option, folder);
      return folder;
    }
    if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      String what = Files.exists(folder) ? "the file " : "";
      String gone = Files.exists(folder) ? "" : ", which is not there";
      throw wrong(option, "a folder", what + described(folder) + gone, "Name a folder");
    }
    requireFolderAbove(option, folder);
    return folder;
  }

  /** Checks a folder to write, which must be empty or absent. */
  static Path newFolder(String option, Path folder) {
    folder(option, folder);
    List<String> names = new ArrayList<>(names(folder));
    // A killed command has left these, which the next one to write here removes after a day.
    names.removeIf(name -> name.matches("\\.(.+\\.[0-9a-f-]{36}|adapt4j-\\d+)\\.tmp"));
    if (!names.isEmpty()) {
      throw wrong(
          option,
          "an empty folder, or one that is not there",
          described(folder) + ", which holds " + some(names),
          "Name another");
    }
    return folder;
  }

  /** Checks a folder to write certain files into. */
  static Path folder(String option, Path folder, boolean overwrite, List<String> names) {
    folder(option, folder);
    for (String name : names) {
      Path file = folder.resolve(name);
      if (Files.isDirectory(file)) {
        throw wrong(option, "a folder without a folder " + name, file.toString(), "Name another");
      }
    }
    List<String> there =
        names.stream()
            .filter(name -> Files.exists(folder.resolve(name), LinkOption.NOFOLLOW_LINKS))
            .toList();
    if (!overwrite && !there.isEmpty()) {
      throw wrong(
          option,
          "a folder without " + some(there),
          folder + ", which has " + (there.size() == 1 ? "it" : "them"),
          "Name another, or give " + OVERWRITE + " to replace what is there");
    }
    return folder;
  }

  /** Checks a folder to read or change, so that a mistyped path is no empty one. */
  static Path existing(String option, String what, Path folder) {
    if (!Files.isDirectory(folder)) {
      String wrong = Files.exists(folder) ? ", which is a file" : ", which is not there";
      throw wrong(option, what, described(folder) + wrong, "Correct the path");
    }
    return folder;
  }

  /** Checks rows to read, a file or a folder of them. */
  static Path rows(String option, Path rows) {
    if (!Files.exists(rows)) {
      throw wrong(
          option, "a file of rows", described(rows) + ", which is not there", "Correct the path");
    }
    return rows;
  }

  /** Returns the names in a folder, sorted; none if there is no folder. */
  static List<String> names(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      entries.forEach(entry -> names.add(String.valueOf(entry.getFileName())));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    names.sort(null);
    return names;
  }

  /** Returns the first names, and the number of the remaining ones. */
  static String some(List<String> names) {
    int more = names.size() - NAMED;
    return more > 0
        ? String.join(", ", names.subList(0, NAMED)) + " and " + more + " more"
        : String.join(", ", names);
  }

  /** Returns a path, for a link with its target. */
  static String described(Path path) {
    if (!Files.isSymbolicLink(path)) {
      boolean named = !String.valueOf(path.normalize().getFileName()).isEmpty();
      return named ? path.toString() : path.toAbsolutePath().normalize().toString();
    }
    try {
      return path + ", a link to " + Files.readSymbolicLink(path);
    } catch (IOException e) {
      return path + ", a link";
    }
  }

  private static void requireFolderAbove(String option, Path path) {
    Path above = path.toAbsolutePath().normalize().getParent();
    while (above != null && !Files.exists(above, LinkOption.NOFOLLOW_LINKS)) {
      above = above.getParent();
    }
    if (above == null) {
      return;
    }
    if (!Files.isDirectory(above)) {
      throw wrong(
          option,
          "a path below a folder",
          path + ", where " + described(above) + " is no folder",
          "Name another");
    }
    if (!Files.isWritable(above)) {
      throw wrong(
          option,
          "a path that can be written",
          path + ", but this user may not write in " + above,
          "Change its permissions, or name another");
    }
    requireFiles(option, above);
  }

  /** Permissions do not tell that a file system takes no files, such as one for processes. */
  private static void requireFiles(String option, Path folder) {
    try {
      Files.delete(Files.createTempFile(folder, ".adapt4j-", ".tmp"));
    } catch (IOException e) {
      throw wrong(
          option,
          "a folder that takes files",
          "%s, where none can be created (%s)".formatted(folder, e.getClass().getSimpleName()),
          "Name another");
    }
  }

  private static boolean isSame(Path file, Path other) {
    try {
      return Files.exists(file) && Files.exists(other) && Files.isSameFile(file, other);
    } catch (IOException e) {
      return false;
    }
  }

  private static Path real(Path file) {
    try {
      return Files.isSymbolicLink(file) ? file.toRealPath() : file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static IllegalArgumentException wrong(
      String option, String expected, String found, String remedy) {
    return new IllegalArgumentException(
        "%s: expected %s, found %s. %s.".formatted(option, expected, found, remedy));
  }
}
