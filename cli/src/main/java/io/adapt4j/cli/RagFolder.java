package io.adapt4j.cli;

import io.adapt4j.core.model.ModelSource;
import io.adapt4j.rag.embed.LocalEmbeddings;
import io.adapt4j.rag.embed.MiniLm;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** An index and the model of its vectors. */
final class RagFolder {

  @Option(
      names = "--index",
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
}
