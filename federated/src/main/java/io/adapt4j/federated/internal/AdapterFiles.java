package io.adapt4j.federated.internal;

import io.adapt4j.core.internal.Disk;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The files of an adapter folder in memory: what travels between the coordinator and the sites.
 *
 * @param files content by name
 */
public record AdapterFiles(Map<String, byte[]> files) implements Serializable {

  /** Files of a checkpoint that tell of its run, not of its values. */
  private static final List<String> OF_RUN = List.of("provenance.json", "optimizer", "state");

  /**
   * Reads a folder.
   *
   * @param folder an adapter's, without sub-folders
   * @return its files, without those that tell of a run
   */
  public static AdapterFiles read(Path folder) {
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> all = Files.list(folder)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        String name = file.getFileName().toString();
        if (OF_RUN.stream().noneMatch(name::contains) && !name.startsWith(".")) {
          files.put(name, Files.readAllBytes(file));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new AdapterFiles(files);
  }

  /**
   * Writes the files.
   *
   * @param folder created if absent
   */
  public void write(Path folder) {
    try {
      Disk.createFolders(folder);
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        Files.write(folder.resolve(file.getKey()), file.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Writes what is neither configuration nor values, such as the chat template.
   *
   * @param folder created if absent
   */
  public void writeOthers(Path folder) {
    Map<String, byte[]> others = new TreeMap<>(files);
    others.remove(StoredAdapter.CONFIG);
    others.remove(StoredAdapter.WEIGHTS);
    new AdapterFiles(others).write(folder);
  }

  /** {@return the content of the file of values; empty where there is none} */
  byte[] weights() {
    return files.getOrDefault(StoredAdapter.WEIGHTS, new byte[0]);
  }

  /** {@return the sum of the sizes} */
  public long bytes() {
    return files.values().stream().mapToLong(content -> content.length).sum();
  }
}
