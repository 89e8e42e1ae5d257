package io.adapt4j.rag.document;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Iterator over the files below a folder in order of name. Memory holds only the names in the
 * folders being walked.
 */
final class FolderFiles implements Iterator<RawFile> {

  private static final String LINK_REMEDY =
      "Use followLinks() to read what symbolic links point to";

  private final Path root;
  private final FolderOptions options;
  private final ReportBuilder report;
  private final Deque<Level> open = new ArrayDeque<>();
  private @Nullable RawFile next;

  private record Level(Path folder, Path real, Iterator<String> names) {}

  FolderFiles(Path root, FolderOptions options, ReportBuilder report) {
    this.root = root;
    this.options = options;
    this.report = report;
    try {
      open.push(level(root));
    } catch (IOException e) {
      throw new UncheckedIOException(
          root + ": this folder cannot be read. Check that it exists and is a folder.", e);
    }
  }

  @Override
  public boolean hasNext() {
    while (next == null && !open.isEmpty()) {
      Level level = open.peek();
      if (level.names().hasNext()) {
        visit(level.folder().resolve(level.names().next()));
      } else {
        open.pop();
      }
    }
    return next != null;
  }

  @Override
  public RawFile next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    RawFile file = Objects.requireNonNull(next);
    next = null;
    return file;
  }

  private void visit(Path path) {
    String id = id(path);
    try {
      if (!options.hidden() && isHidden(path)) {
        return;
      }
      BasicFileAttributes attributes = attributes(path);
      if (attributes.isSymbolicLink() && !options.links()) {
        if (options.takes(id)) {
          throw Unreadable.skipped("is a symbolic link", LINK_REMEDY);
        }
      } else if (attributes.isDirectory()) {
        enter(path);
      } else if (options.takes(id)) {
        take(id, path, attributes);
      }
    } catch (Unreadable e) {
      report.add(id, e);
    } catch (IOException e) {
      report.add(id, unreadable(e));
    }
  }

  private BasicFileAttributes attributes(Path path) throws IOException {
    return options.links()
        ? Files.readAttributes(path, BasicFileAttributes.class)
        : Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
  }

  private void enter(Path folder) throws IOException, Unreadable {
    Level level = level(folder);
    if (open.stream().anyMatch(outer -> outer.real().equals(level.real()))) {
      throw Unreadable.skipped(
          "is a link to a folder that it is in", "Remove the link if it is not wanted");
    }
    open.push(level);
  }

  private void take(String id, Path path, BasicFileAttributes attributes) throws Unreadable {
    if (!attributes.isRegularFile()) {
      throw Unreadable.skipped("is no regular file", "Remove it, or leave it out by except()");
    }
    // The file may have become a link since it was checked.
    OpenOption[] how =
        options.links() ? new OpenOption[0] : new OpenOption[] {LinkOption.NOFOLLOW_LINKS};
    next =
        new RawFile(
            id, Optional.of(attributes.lastModifiedTime()), () -> Files.newInputStream(path, how));
  }

  static Unreadable unreadable(IOException e) {
    return Unreadable.failed(
        "cannot be opened (" + e + ")", "Check that it exists and may be read by this user");
  }

  private String id(Path path) {
    return root.relativize(path).toString().replace(path.getFileSystem().getSeparator(), "/");
  }

  private static boolean isHidden(Path path) throws IOException {
    return path.getFileName().toString().startsWith(".") || Files.isHidden(path);
  }

  private static Level level(Path folder) throws IOException {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      entries.forEach(entry -> names.add(entry.getFileName().toString()));
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    Collections.sort(names);
    return new Level(folder, folder.toRealPath(), names.iterator());
  }
}
