package io.adapt4j.rag.embed;

import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.ProcessLock;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.core.text.GeneratorException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Cache of vectors by key in two files, a young and an old one. When the young one reaches half of
 * the size limit, it replaces the old one; vectors found in the old one are written to the young
 * one again.
 */
final class VectorCache implements AutoCloseable {

  private static final String YOUNG = ".young";
  private static final String OLD = ".old";
  private static final Pattern FILE = Pattern.compile("([0-9a-f]+)\\.(?:young|old)");

  private final Path folder;
  private final String name;
  private final int dimension;
  private final int mostRecords;
  private final ProcessLock lock;
  private VectorFile young;
  private VectorFile old;

  private VectorCache(Path folder, String name, int dimension, int mostRecords, ProcessLock lock)
      throws IOException {
    this.folder = folder;
    this.name = name;
    this.dimension = dimension;
    this.mostRecords = mostRecords;
    this.lock = lock;
    this.young = VectorFile.open(folder.resolve(name + YOUNG), dimension);
    this.old = VectorFile.open(folder.resolve(name + OLD), dimension);
  }

  static VectorCache open(Path folder, String name, int dimension, long maxBytes)
      throws IOException {
    long most = maxBytes / 2 / VectorFile.recordBytes(dimension);
    if (most < 1) {
      throw new IllegalArgumentException(
          "maxBytes: expected room for two vectors of %s entries, at least %s, found %s"
              .formatted(dimension, 2 * VectorFile.recordBytes(dimension), maxBytes));
    }
    Files.createDirectories(folder);
    ProcessLock lock = lock(folder.resolve(name + ".lock"));
    try {
      return new VectorCache(
          folder, name, dimension, (int) Math.min(most, Integer.MAX_VALUE), lock);
    } catch (IOException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  private static ProcessLock lock(Path file) throws IOException {
    return ProcessLock.tryTake(file)
        .orElseThrow(
            () ->
                new IOException(
                    file
                        + ": these vectors are in use already. Close the other user, or name another"
                        + " folder"));
  }

  synchronized Optional<float[]> find(VectorKey key) {
    try {
      Optional<float[]> found = young.find(key);
      if (found.isPresent()) {
        return found;
      }
      Optional<float[]> kept = old.find(key);
      if (kept.isPresent()) {
        add(List.of(key), List.of(kept.get()));
      }
      return kept;
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  synchronized void store(List<VectorKey> keys, List<float[]> vectors) {
    try {
      add(keys, vectors);
      young.force();
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  private void add(List<VectorKey> keys, List<float[]> vectors) throws IOException {
    List<VectorKey> newKeys = new ArrayList<>();
    List<float[]> newVectors = new ArrayList<>();
    for (int i = 0; i < keys.size(); i++) {
      if (!young.has(keys.get(i))) {
        newKeys.add(keys.get(i));
        newVectors.add(vectors.get(i));
      }
    }
    for (int from = 0; from < newKeys.size(); ) {
      if (young.size() >= mostRecords) {
        age();
      }
      int to = Math.min(newKeys.size(), from + mostRecords - young.size());
      young.append(newKeys.subList(from, to), newVectors.subList(from, to));
      from = to;
    }
  }

  /**
   * Replaces the old file by the young one; a crash in between only leaves the young file to be
   * created.
   */
  private void age() throws IOException {
    young.close();
    old.close();
    Path youngFile = folder.resolve(name + YOUNG);
    Path oldFile = folder.resolve(name + OLD);
    AtomicFiles.publish(youngFile, oldFile);
    old = VectorFile.open(oldFile, dimension);
    young = VectorFile.open(youngFile, dimension);
  }

  /** Removes vectors from the files that have some of them; returns the removed keys by file. */
  synchronized SortedMap<Path, Set<VectorKey>> remove(Set<VectorKey> keys) {
    try {
      SortedMap<Path, Set<VectorKey>> removed = new TreeMap<>();
      young.close();
      old.close();
      for (String kind : List.of(YOUNG, OLD)) {
        Path file = folder.resolve(name + kind);
        add(file, VectorFile.remove(file, keys, dimension), removed);
      }
      old = VectorFile.open(folder.resolve(name + OLD), dimension);
      young = VectorFile.open(folder.resolve(name + YOUNG), dimension);
      return removed;
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  private static void add(Path file, Set<VectorKey> keys, SortedMap<Path, Set<VectorKey>> removed) {
    if (!keys.isEmpty()) {
      removed.put(file, keys);
    }
  }

  /**
   * Removes vectors of all models from a folder that nobody uses; returns the removed keys by file.
   */
  static SortedMap<Path, Set<VectorKey>> remove(Path folder, Set<VectorKey> keys)
      throws IOException {
    SortedMap<Path, Set<VectorKey>> removed = new TreeMap<>();
    try (Stream<Path> files = Files.exists(folder) ? Files.list(folder) : Stream.empty()) {
      for (Path file : files.sorted().toList()) {
        Matcher matcher = FILE.matcher(file.getFileName().toString());
        if (matcher.matches()) {
          try (ProcessLock held = lock(folder.resolve(matcher.group(1) + ".lock"))) {
            add(file, VectorFile.remove(file, keys, 0), removed);
          }
        }
      }
    }
    if (Files.exists(folder)) {
      Temporaries.sweep(folder);
    }
    return removed;
  }

  synchronized int size() {
    return (int) old.keys().stream().filter(key -> !young.has(key)).count() + young.keys().size();
  }

  private GeneratorException unusable(IOException cause) {
    return new GeneratorException(
        "the folder of kept vectors %s cannot be used: %s, or name another one"
            .formatted(folder, WriteFailure.explain(folder, cause)),
        cause);
  }

  @Override
  public synchronized void close() {
    try (ProcessLock held = lock;
        VectorFile first = young;
        VectorFile second = old) {
      // Closed by leaving.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
