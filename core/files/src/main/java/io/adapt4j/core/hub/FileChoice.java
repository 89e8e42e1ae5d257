package io.adapt4j.core.hub;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Selection of a repository's files. They are downloaded in two steps: weights last, so that a
 * snapshot with weights is complete, and because the index must be read to know its shards.
 */
interface FileChoice {

  /** Returns the selected files that are known from the listing alone. */
  List<String> first(Set<String> listed);

  /** Returns the remaining selected files, once the first ones are in the snapshot. */
  default List<String> then(Set<String> listed, Path snapshot) {
    return List.of();
  }

  /** Returns the files missing from a snapshot, as far as known without a listing. */
  List<String> missing(Path snapshot);

  /** Returns whether a snapshot is known to be complete without a listing. */
  boolean surelyComplete(Path snapshot);

  /** Returns the selected files of a listing that are missing from a snapshot. */
  default List<String> missing(Set<String> listed, Path snapshot) {
    List<String> missing = absent(first(listed), snapshot);
    return missing.isEmpty() ? absent(then(listed, snapshot), snapshot) : missing;
  }

  private static List<String> absent(List<String> files, Path snapshot) {
    return files.stream().filter(file -> !Files.isRegularFile(snapshot.resolve(file))).toList();
  }

  /** Selects exactly these files. */
  static FileChoice named(RepositoryId repository, List<String> files) {
    List<String> names = List.copyOf(files);
    names.forEach(name -> Names.requireFile(repository, name));
    return new FileChoice() {
      @Override
      public List<String> first(Set<String> listed) {
        return names;
      }

      @Override
      public List<String> missing(Path snapshot) {
        return absent(names, snapshot);
      }

      @Override
      public boolean surelyComplete(Path snapshot) {
        return missing(snapshot).isEmpty();
      }
    };
  }

  /** Selects every file whose name matches a predicate. */
  static FileChoice matching(RepositoryId repository, Predicate<String> wanted) {
    return new FileChoice() {
      @Override
      public List<String> first(Set<String> listed) {
        List<String> files = new TreeSet<>(listed).stream().filter(wanted).toList();
        if (files.isEmpty()) {
          throw new HubException(
              repository + ": none of its " + listed.size() + " files is among those asked for");
        }
        return files;
      }

      @Override
      public List<String> missing(Path snapshot) {
        return List.of();
      }

      @Override
      public boolean surelyComplete(Path snapshot) {
        return false;
      }
    };
  }
}
