package io.adapt4j.verification.fuzz;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Span;
import io.adapt4j.rag.index.LuceneIndex;
import io.adapt4j.rag.spi.Fusion;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchQuery;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A search index of which one file is damaged: the first byte of an input says which. */
final class IndexTarget {

  private IndexTarget() {}

  static FuzzTarget create() {
    Map<String, byte[]> files = files();
    List<String> names = List.copyOf(files.keySet());
    List<byte[]> seeds = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      byte[] content = files.get(names.get(i));
      byte[] seed = new byte[content.length + 1];
      seed[0] = (byte) i;
      System.arraycopy(content, 0, seed, 1, content.length);
      seeds.add(seed);
    }
    return new FuzzTarget(
        "search-index",
        seeds,
        bytes -> {
          String damaged = bytes.length == 0 ? "" : names.get((bytes[0] & 0xff) % names.size());
          Path folder = Files.createTempDirectory("fuzz-index");
          try {
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
              if (!file.getKey().equals(damaged)) {
                Files.write(folder.resolve(file.getKey()), file.getValue());
              }
            }
            if (bytes.length > 0) {
              byte[] content = Arrays.copyOfRange(bytes, 1, bytes.length);
              Files.write(folder.resolve(damaged), content);
            }
            search(folder);
          } finally {
            MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
          }
        });
  }

  private static void search(Path folder) {
    try (LuceneIndex index = builder(folder).openForReading()) {
      index.search(
          new SearchQuery(
              "text", Optional.of(new float[] {1, 0}), 5, Optional.empty(), Fusion.standard()));
      index.document("a");
    }
  }

  private static LuceneIndex.Builder builder(Path folder) {
    return LuceneIndex.builder(folder).embeddings("e", 2);
  }

  private static Map<String, byte[]> files() {
    try {
      Path folder = Files.createTempDirectory("fuzz-index-seed");
      try (LuceneIndex index = builder(folder).open()) {
        Document document = Document.of("a", "A text to find.");
        Span span = new Span(0, 15);
        index.putAll(
            List.of(
                new SearchIndex.Entry(
                    document,
                    List.of(new Chunk("a", 0, span, span, "", document.text())),
                    List.of(new float[] {1, 0}))));
        index.commit();
      }
      Map<String, byte[]> files = new TreeMap<>();
      try (Stream<Path> paths = Files.list(folder)) {
        for (Path path : paths.filter(Files::isRegularFile).toList()) {
          files.put(path.getFileName().toString(), Files.readAllBytes(path));
        }
      }
      MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
      return files;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
