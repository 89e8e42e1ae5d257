package io.adapt4j.federated.internal;

import io.adapt4j.core.internal.Disk;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Files of an adapter folder in memory, sent between the coordinator and the sites. Only files with
 * known names are read, sent and written: other files of a training stay at its site, and names
 * cannot escape the folder.
 */
public record AdapterFiles(Map<String, byte[]> files) implements Serializable {

  /** Files of an adapter besides its weights and configuration. */
  private static final Set<String> COMPANIONS =
      Set.of(
          "chat_template.jinja",
          "chat_template.json",
          "generation_config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.json",
          "merges.txt",
          "tokenizer.model");

  private static boolean isKnown(String name) {
    return name.equals(StoredAdapter.CONFIG)
        || name.equals(StoredAdapter.WEIGHTS)
        || COMPANIONS.contains(name);
  }

  public static AdapterFiles read(Path folder) {
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> all = Files.list(folder)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        String name = file.getFileName().toString();
        if (isKnown(name)) {
          files.put(name, Files.readAllBytes(file));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new AdapterFiles(files);
  }

  /** Checks untrusted files. */
  public Optional<String> problem(long maxBytes) {
    if (files == null) {
      return Optional.of("no files");
    }
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      String name = String.valueOf(file.getKey());
      if (!isKnown(name)) {
        return Optional.of("a file that no adapter has: '" + printable(name) + "'");
      }
      if (file.getValue() == null) {
        return Optional.of("no content of " + name);
      }
    }
    for (String name : List.of(StoredAdapter.CONFIG, StoredAdapter.WEIGHTS)) {
      if (!files.containsKey(name)) {
        return Optional.of("no " + name);
      }
    }
    return bytes() <= maxBytes
        ? Optional.empty()
        : Optional.of("an adapter of %d bytes, more than %d".formatted(bytes(), maxBytes));
  }

  private static String printable(String name) {
    String shown = name.replaceAll("\\p{Cntrl}", "?");
    return shown.length() <= 100 ? shown : shown.substring(0, 100) + "...";
  }

  public void write(Path folder) {
    files
        .keySet()
        .forEach(
            name -> {
              if (!isKnown(name)) {
                throw new IllegalArgumentException(
                    "expected files of an adapter, found '" + printable(name) + "'");
              }
            });
    try {
      Disk.createFolders(folder);
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        Files.write(folder.resolve(file.getKey()), file.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes the files other than configuration and weights, such as the chat template. */
  public void writeOthers(Path folder) {
    Map<String, byte[]> others = new TreeMap<>(files);
    others.remove(StoredAdapter.CONFIG);
    others.remove(StoredAdapter.WEIGHTS);
    new AdapterFiles(others).write(folder);
  }

  /**
   * Writes trained weights with the configuration that was sent to the site: scales and ranks are
   * the coordinator's.
   */
  public void writeTrained(Path start, Path folder) {
    Map<String, byte[]> trained = new TreeMap<>();
    trained.put(StoredAdapter.WEIGHTS, weights());
    try {
      trained.put(StoredAdapter.CONFIG, Files.readAllBytes(start.resolve(StoredAdapter.CONFIG)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    new AdapterFiles(trained).write(folder);
  }

  /** {@return the content of the weights file; empty if there is none} */
  public byte[] weights() {
    return files.getOrDefault(StoredAdapter.WEIGHTS, new byte[0]);
  }

  /** {@return the sum of the sizes} */
  public long bytes() {
    return files.values().stream().mapToLong(content -> content.length).sum();
  }
}
