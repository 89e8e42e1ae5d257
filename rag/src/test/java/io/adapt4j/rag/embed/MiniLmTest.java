package io.adapt4j.rag.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.model.ModelSource;
import io.adapt4j.rag.RealModel;
import io.adapt4j.rag.internal.embed.ModelIdentity;
import io.adapt4j.rag.internal.embed.Vectors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The default model, out of its Maven artifact. */
class MiniLmTest {

  @Test
  void aQuestionIsNearestToThePassageThatAnswersIt() throws IOException {
    try (LocalEmbeddings embeddings = RealModel.load()) {
      List<float[]> passages =
          embeddings.passages(
              List.of(
                  "Goods can be sent back within 30 days.",
                  "The office is closed on Sundays.",
                  "Our coffee comes from Peru."));
      float[] question = embeddings.query("How long may I return an item?");
      assertThat(embeddings.dimension()).isEqualTo(384);
      assertThat(embeddings.maxTokens()).hasValue(256);
      assertThat(Vectors.product(question, question)).isCloseTo(1, within(1e-5));
      double nearest = Vectors.product(question, passages.get(0));
      assertThat(nearest).isGreaterThan(0.4);
      assertThat(Vectors.product(question, passages.get(1))).isLessThan(nearest - 0.2);
      assertThat(Vectors.product(question, passages.get(2))).isLessThan(nearest - 0.2);
    }
  }

  @Test
  void theFolderIsWrittenOnceAndNothingElseStaysBeside(@TempDir Path cache) throws IOException {
    Path first = MiniLm.folder(cache);
    FileTime written = Files.getLastModifiedTime(first.resolve("model.safetensors"));
    assertThat(MiniLm.folder(cache)).isEqualTo(first);
    assertThat(Files.getLastModifiedTime(first.resolve("model.safetensors"))).isEqualTo(written);
    try (Stream<Path> files = Files.list(cache)) {
      assertThat(files).containsExactly(first);
    }
  }

  @Test
  void theIdentityIsThatOfTheFilesWhereverTheyLie(@TempDir Path other) throws IOException {
    Path folder = RealModel.folder();
    Path copy = other.resolve(folder.getFileName().toString());
    link(folder, copy);
    String identity = ModelIdentity.of(folder, "");
    assertThat(identity).startsWith("all-MiniLM-L6-v2");
    assertThat(ModelIdentity.of(copy, "")).isEqualTo(identity);
    assertThat(ModelIdentity.of(copy, "query: ")).isNotEqualTo(identity);
    Files.writeString(copy.resolve("special_tokens_map.json"), "{}");
    assertThat(ModelIdentity.of(copy, "")).isNotEqualTo(identity);
  }

  @Test
  void promptsOfTheFolderAreUsedUnlessOthersAreGiven(@TempDir Path other) throws IOException {
    Path copy = other.resolve("model");
    link(RealModel.folder(), copy);
    Files.writeString(
        copy.resolve("config_sentence_transformers.json"),
        """
        {"prompts": {"query": "query: ", "document": "passage: "}}
        """);
    try (LocalEmbeddings plain = RealModel.load();
        LocalEmbeddings stored = LocalEmbeddings.load(ModelSource.path(copy));
        LocalEmbeddings given =
            LocalEmbeddings.builder(ModelSource.path(copy)).prompts(Prompts.none()).build();
        LocalEmbeddings e5 =
            LocalEmbeddings.builder(ModelSource.path(RealModel.folder()))
                .prompts(Prompts.e5())
                .build()) {
      String text = "red shoes";
      assertThat(stored.query(text)).isEqualTo(plain.query("query: " + text));
      assertThat(stored.passages(List.of(text)).get(0)).isEqualTo(plain.query("passage: " + text));
      assertThat(given.query(text)).isEqualTo(plain.query(text));
      assertThat(stored.identity()).isNotEqualTo(given.identity());
      assertThat(e5.query("shoes")).isEqualTo(plain.query("query: shoes"));
      assertThat(e5.passages(List.of("shoes")).get(0)).isEqualTo(plain.query("passage: shoes"));
    }
  }

  private static void link(Path folder, Path copy) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.toList()) {
        Path target = copy.resolve(folder.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    }
  }
}
