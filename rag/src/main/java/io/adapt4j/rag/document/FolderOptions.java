package io.adapt4j.rag.document;

import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;

/** Selection of files in a folder. */
record FolderOptions(
    List<PathMatcher> files, List<PathMatcher> except, boolean hidden, boolean links) {

  static FolderOptions standard() {
    return new FolderOptions(List.of(), List.of(), false, false);
  }

  boolean takes(String id) {
    Path path = Path.of(id);
    return (files.isEmpty() || matchesOne(files, path)) && !matchesOne(except, path);
  }

  FolderOptions withFiles(String... globs) {
    return new FolderOptions(joined(files, globs), except, hidden, links);
  }

  FolderOptions withExcept(String... globs) {
    return new FolderOptions(files, joined(except, globs), hidden, links);
  }

  FolderOptions withHidden() {
    return new FolderOptions(files, except, true, links);
  }

  FolderOptions withLinks() {
    return new FolderOptions(files, except, hidden, true);
  }

  private static boolean matchesOne(List<PathMatcher> matchers, Path path) {
    return matchers.stream().anyMatch(matcher -> matcher.matches(path));
  }

  private static List<PathMatcher> joined(List<PathMatcher> matchers, String... globs) {
    List<PathMatcher> joined = new ArrayList<>(matchers);
    for (String glob : globs) {
      joined.add(FileSystems.getDefault().getPathMatcher("glob:" + glob));
    }
    return List.copyOf(joined);
  }
}
