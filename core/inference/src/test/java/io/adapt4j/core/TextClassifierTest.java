package io.adapt4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.Classification.LabelScore;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Classes of texts with a small BERT, against the logits of its network. */
class TextClassifierTest {

  private static final String CLASSIFIER = "BertForSequenceClassification";
  private static final String THREE =
      ", \"id2label\": {\"0\": \"neg\", \"1\": \"neu\", \"2\": \"pos\"}";
  private static final String ONE = ", \"id2label\": {\"0\": \"LABEL_0\"}";

  @TempDir private Path folder;

  @Test
  void probabilitiesAreTheSoftmaxOfTheLogits() throws IOException {
    try (TextClassifier classifier = load(THREE)) {
      Classification found = classifier.classify("the cat sat");
      double[] exponentials = logits("the", "cat", "sat").map(Math::exp).toArray();
      double sum = DoubleStream.of(exponentials).sum();
      assertThat(classifier.labels()).containsExactly("neg", "neu", "pos");
      assertThat(found.scores()).extracting(LabelScore::label).containsExactly("neg", "neu", "pos");
      for (int i = 0; i < 3; i++) {
        assertThat(found.scores().get(i).score()).isCloseTo(exponentials[i] / sum, within(1e-5));
      }
      assertThat(found.score())
          .isEqualTo(found.score(found.label()))
          .isEqualTo(found.scores().stream().mapToDouble(LabelScore::score).max().orElseThrow());
      assertThatIllegalArgumentException()
          .isThrownBy(() -> found.score("good"))
          .withMessageContaining("expected one of [neg, neu, pos], found 'good'");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {THREE + ", \"problem_type\": \"multi_label_classification\"", ONE})
  void severalLabelsAndASingleOneHaveProbabilitiesOfTheirOwn(String fields) throws IOException {
    try (TextClassifier classifier = load(fields)) {
      assertScores(
          classifier.classify("the cat sat"),
          logits("the", "cat", "sat").map(x -> 1 / (1 + Math.exp(-x))));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ", \"problem_type\": \"regression\"",
        ", \"sentence_transformers\": {\"activation_fn\": \"torch.nn.modules.linear.Identity\"}",
        ", \"sbert_ce_default_activation_function\": \"torch.nn.modules.linear.Identity\""
      })
  void aRegressionAndACrossEncoderWithoutActivationGiveTheirRawScore(String fields)
      throws IOException {
    try (TextClassifier classifier = load(ONE + fields)) {
      assertScores(classifier.classify("the cat sat"), logits("the", "cat", "sat"));
    }
  }

  @Test
  void thePartsOfAPairAreToldApartByTheirTypes() throws IOException {
    try (TextClassifier classifier = load(ONE + ", \"problem_type\": \"regression\"")) {
      long[] ids = SmallEncoder.ids("the", "cat", "[SEP]", "dog", "ran");
      double expected = output(ids, new long[] {0, 0, 0, 0, 1, 1, 1})[0];
      assertThat(classifier.classifyPair("the cat", "dog ran").score())
          .isCloseTo(expected, within(1e-5));
      List<Classification> ranked =
          classifier.classifyPairs("the cat", List.of("a mat on a mat", "dog ran", "red"));
      assertThat(ranked).hasSize(3);
      assertThat(ranked.get(1).score()).isCloseTo(expected, within(1e-5));
    }
  }

  @Test
  void aBatchGivesWhatEachTextGivesAlone() throws IOException {
    try (TextClassifier classifier = load(THREE)) {
      List<String> texts = List.of("cat", "the dog ran on the red mat", "", "slowly the cat ran");
      List<Classification> batch = classifier.classifyAll(texts);
      for (int i = 0; i < texts.size(); i++) {
        Classification alone = classifier.classify(texts.get(i));
        assertScores(batch.get(i), alone.scores().stream().mapToDouble(LabelScore::score));
      }
    }
  }

  @Test
  void classesWithoutNamesAreNumbered() throws IOException {
    try (TextClassifier classifier = load(", \"num_labels\": 4")) {
      assertThat(classifier.labels()).containsExactly("LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3");
    }
  }

  @Test
  void aModelWithoutAClassificationHeadIsRefused() throws IOException {
    SmallEncoder.write(folder);
    assertThatThrownBy(() -> TextClassifier.load(ModelSource.path(folder)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining("architectures")
        .hasMessageContaining("TextEmbedder");
  }

  @Test
  void anUnknownProblemTypeIsRefused() throws IOException {
    assertThatThrownBy(() -> load(THREE + ", \"problem_type\": \"ranking\""))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("problem_type")
        .hasMessageContaining("ranking");
  }

  @Test
  void memoryDoesNotGrowWithCalls() throws IOException {
    long before = Tensor.live();
    try (TextClassifier classifier = load(THREE)) {
      classifier.classify("cat");
      long loaded = Tensor.live();
      for (int i = 0; i < 20; i++) {
        classifier.classifyPairs("the cat", List.of("dog", "the red mat"));
      }
      assertThat(Tensor.live()).isEqualTo(loaded);
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private TextClassifier load(String fields) throws IOException {
    SmallEncoder.write(folder, CLASSIFIER, fields);
    return TextClassifier.load(ModelSource.path(folder), Precision.FP32);
  }

  private DoubleStream logits(String... words) {
    long[] ids = SmallEncoder.ids(words);
    return DoubleStream.of(output(ids, new long[ids.length]));
  }

  private double[] output(long[] ids, long[] types) {
    long[] mask = new long[ids.length];
    Arrays.fill(mask, 1);
    float[] values =
        SmallEncoder.run(
            folder,
            ids,
            types,
            (encoder, hidden) -> encoder.classLogits(Ops.inference(), hidden, mask));
    double[] logits = new double[values.length];
    Arrays.setAll(logits, i -> values[i]);
    return logits;
  }

  private static void assertScores(Classification found, DoubleStream expected) {
    double[] values = expected.toArray();
    assertThat(found.scores()).hasSize(values.length);
    for (int i = 0; i < values.length; i++) {
      assertThat(found.scores().get(i).score()).isCloseTo(values[i], within(1e-5));
    }
  }
}
