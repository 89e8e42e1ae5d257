package io.adapt4j.cli;

import io.adapt4j.core.model.ModelSource;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.RagBuilder;
import io.adapt4j.rag.embed.LocalEmbeddings;
import io.adapt4j.rag.embed.MiniLm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options for an index and its embedding model. */
final class RagFolder {

  private static final String INDEX = "--index";

  /** Prefix of the file that marks a folder as an index. */
  private static final String COMMIT = "segments_";

  @Option(
      names = INDEX,
      paramLabel = "FOLDER",
      required = true,
      description = "The folder of the index.")
  private Path index;

  @Option(
      names = "--embedder",
      paramLabel = "MODEL",
      description =
          "The model of the vectors: a folder, or OWNER/NAME on a hub; the same for indexing and"
              + " asking. Default: all-MiniLM-L6-v2, which comes with the command, for English.")
  private @Nullable String embedder;

  RagFolder() {}

  Path index() {
    return index;
  }

  LocalEmbeddings embeddings() throws IOException {
    return embedder == null
        ? MiniLm.load()
        : LocalEmbeddings.load(ModelSource.path(ModelArgument.folder("--embedder", embedder)));
  }

  /** Checks that there is an index to query. */
  void requireIndex() {
    requireIndex(index);
  }

  /** Checks that there is an index or one can be created. */
  void requireIndexOrRoom() {
    Destination.folder(INDEX, index);
    List<String> names = Destination.names(index);
    if (!names.isEmpty() && names.stream().noneMatch(RagFolder::isLucene)) {
      throw new IllegalArgumentException(
          "%s: expected an index, or an empty or new folder, found %s, which holds %s but no index. Name another."
              .formatted(INDEX, Destination.described(index), contents(index, names)));
    }
  }

  /** Checks that a folder holds an index. */
  static void requireIndex(Path folder) {
    String found = INDEX + ": expected the folder of an index, found ";
    String remedy = " Make one with 'adapt4j rag index', or name another.";
    if (!Files.exists(folder)) {
      throw new IllegalArgumentException(
          found + Destination.described(folder) + ", which is not there." + remedy);
    }
    if (!Files.isDirectory(folder)) {
      throw new IllegalArgumentException(
          found + "the file " + Destination.described(folder) + "." + remedy);
    }
    List<String> names = Destination.names(folder);
    if (names.stream().noneMatch(RagFolder::isLucene)) {
      String holds = names.isEmpty() ? "is empty" : "holds %s but no index";
      throw new IllegalArgumentException(
          "%s%s, which %s.%s"
              .formatted(
                  found,
                  Destination.described(folder),
                  holds.formatted(contents(folder, names)),
                  remedy));
    }
  }

  static Rag open(RagBuilder builder, String embedder) throws IOException {
    try {
      return builder.build();
    } catch (IllegalStateException e) {
      String message =
          String.valueOf(e.getMessage()).replaceFirst("^index (.*?): ", "the index $1 ");
      boolean other = message.contains("vectors of");
      throw new IllegalArgumentException(
          "%s: %s.".formatted(other ? embedder : INDEX, Wording.of(message)), e);
    }
  }

  private static String contents(Path folder, List<String> names) {
    return Files.isRegularFile(folder.resolve("config.json")) ? "a model" : Destination.some(names);
  }

  /** Returns whether a file is Lucene's; damaged indexes are reported by the library. */
  private static boolean isLucene(String name) {
    return name.startsWith(COMMIT) || name.startsWith("pending_" + COMMIT) || name.endsWith(".cfs");
  }
}
