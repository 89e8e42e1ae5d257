package io.adapt4j.verification.fuzz;

import com.google.common.base.Suppliers;
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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** A search index of which one file is damaged: the first byte of an input says which. */
final class IndexTarget {

  private IndexTarget() {}

  static FuzzTarget create() {
    Supplier<Parts> index = Suppliers.memoize(() -> new Parts(files()));
    return new FuzzTarget(
        "search-index",
        () -> index.get().seeds(),
        bytes -> {
          Path folder = Files.createTempDirectory("fuzz-index");
          try {
            for (Map.Entry<String, byte[]> file : index.get().with(bytes).entrySet()) {
              Files.write(folder.resolve(file.getKey()), file.getValue());
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
