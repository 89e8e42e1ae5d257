package io.adapt4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.finetune.RewardModel;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.reinforce.Completion;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Results that do not depend, to the bit, on what else a call reads. */
class BatchInvarianceTest {

  private static final List<String> WORDS = List.of("cat", "dog", "sat", "ran", "mat", "fast");

  private final int threads = Torch.threads();

  /** Work that is divided is divided by the size of the batch. */
  @BeforeEach
  void severalThreads() {
    Torch.threads(Math.max(2, threads));
  }

  @AfterEach
  void threadsOfBefore() {
    Torch.threads(threads);
  }

  @ParameterizedTest
  @ValueSource(ints = {24, 64})
  void vectorsAreTheSameInEveryBatch(int width, @TempDir Path folder) throws IOException {
    Path model = SmallEncoder.write(folder, "BertModel", wide(width));
    try (TextEmbedder embedder = TextEmbedder.load(ModelSource.path(model))) {
      List<float[]> before = embedder.embedAll(texts());
      embedder.batchInvariant(true);

      List<float[]> together = embedder.embedAll(texts());

      assertSame(together, texts(), embedder::embedAll);
      assertThat(together.get(3)).containsExactly(before.get(3), within());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {24, 64})
  void scoresOfClassesAreTheSameInEveryBatch(int width, @TempDir Path folder) throws IOException {
    Path model = classifier(folder, "\"id2label\": {\"0\": \"a\", \"1\": \"b\"}" + wide(width));
    try (TextClassifier classifier = TextClassifier.load(ModelSource.path(model))) {
      classifier.batchInvariant(true);
      List<String> seconds = new ArrayList<>(texts()).subList(1, texts().size());
      List<String> firsts = texts().subList(0, seconds.size());

      assertThat(texts().stream().map(classifier::classify).toList())
          .isEqualTo(classifier.classifyAll(texts()));
      List<Classification> pairs = classifier.classifyPairs(firsts, seconds);
      for (int i = 0; i < pairs.size(); i++) {
        assertThat(pairs.get(i)).isEqualTo(classifier.classifyPair(firsts.get(i), seconds.get(i)));
      }
    }
  }

  @Test
  void rewardsAreTheSameInEveryBatch(@TempDir Path folder) throws IOException {
    Path model = classifier(folder, "\"id2label\": {\"0\": \"reward\"}");
    try (RewardModel rewards = RewardModel.load(ModelSource.path(model))) {
      rewards.batchInvariant(true);

      double[] together =
          rewards.scoreAll(texts().stream().map(text -> Completion.of("cat ", text)).toList());

      double[] alone = texts().stream().mapToDouble(text -> rewards.score("cat ", text)).toArray();
      assertThat(together).containsExactly(alone);
    }
  }

  @Test
  void pairsNeedAsManySecondAsFirstTexts(@TempDir Path folder) throws IOException {
    Path model = classifier(folder, "\"id2label\": {\"0\": \"a\", \"1\": \"b\"}");
    try (TextClassifier classifier = TextClassifier.load(ModelSource.path(model))) {
      assertThatThrownBy(() -> classifier.classifyPairs(List.of("cat"), List.of("dog", "mat")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("seconds: expected as many as there are first texts, 1, found 2");
    }
  }

  /** A model whose vectors do, or do not, begin at aligned addresses. */
  private static String wide(int width) {
    return ", \"hidden_size\": " + width;
  }

  private static Path classifier(Path folder, String labels) throws IOException {
    return SmallEncoder.write(folder, "BertForSequenceClassification", ", " + labels);
  }

  private static Offset<Float> within() {
    return Offset.offset(1e-5f);
  }

  private static void assertSame(
      List<float[]> expected, List<String> texts, Function<List<String>, List<float[]>> embed) {
    for (int i = 0; i < texts.size(); i++) {
      assertThat(embed.apply(texts.subList(i, i + 1)).get(0)).containsExactly(expected.get(i));
    }
  }

  private static List<String> texts() {
    Random random = new Random(3);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      StringBuilder text = new StringBuilder("a");
      for (int words = random.nextInt(20); words > 0; words--) {
        text.append(' ').append(WORDS.get(random.nextInt(WORDS.size())));
      }
      texts.add(text.toString());
    }
    return texts;
  }
}
