package io.adapt4j.core;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.encode.ChoicePrompt;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.score.TokenScores;
import io.adapt4j.core.score.TokenSpan;
import io.adapt4j.core.tokenize.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rerankers: classifiers of pairs, and language models that are asked for yes or no. */
class TextRerankerTest {

  private static final List<String> DOCUMENTS = List.of("the cat sat", "a dog ran on the mat", "");

  @TempDir private Path folder;

  private static TextReranker load(Path folder) {
    return TextReranker.load(ModelSource.path(folder), Precision.FP32);
  }

  @Test
  void aCrossEncoderScoresThePair() throws IOException {
    Path model = SmallEncoder.write(folder, "BertForSequenceClassification", ", \"num_labels\": 1");
    try (TextReranker reranker = load(model);
        TextClassifier classifier = TextClassifier.load(ModelSource.path(model), Precision.FP32)) {
      double[] scores = reranker.scores("the cat", DOCUMENTS);
      for (int i = 0; i < scores.length; i++) {
        assertThat(scores[i])
            .isCloseTo(classifier.classifyPair("the cat", DOCUMENTS.get(i)).score(), within(1e-6));
      }
    }
  }

  private Path languageModel() throws IOException {
    return SmallReranker.write(folder);
  }

  @Test
  void aLanguageModelsScoreIsTheProbabilityOfYesAgainstNo() throws IOException {
    Path model = languageModel();
    long before = Tensor.live();
    try (TextReranker reranker = load(model);
        LanguageModel language = LanguageModel.load(ModelSource.path(model), Precision.FP32);
        Tokenizer tokenizer = Tokenizer.load(model)) {
      double[] scores = reranker.scores("the cat", DOCUMENTS);
      ChoicePrompt prompt = new ChoicePrompt(tokenizer, 512);
      for (int i = 0; i < scores.length; i++) {
        int[] ids = prompt.of(ChoicePrompt.INSTRUCTION, "the cat", DOCUMENTS.get(i));
        double yes = score(language, ids, tokenizer.id("yes").orElseThrow());
        double no = score(language, ids, tokenizer.id("no").orElseThrow());
        assertThat(scores[i]).isCloseTo(1 / (1 + Math.exp(no - yes)), within(1e-5));
      }
      assertThat(scores).doesNotHaveDuplicates();
      assertThat(reranker.scores("the cat", DOCUMENTS, "red ran"))
          .isNotEqualTo(reranker.scores("the cat", DOCUMENTS));
      assertThat(reranker.scores("the cat", List.of())).isEmpty();
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static double score(LanguageModel model, int[] prompt, int token) {
    TokenScores scores = model.scoreIds(List.of(new TokenSpan(prompt, new int[] {token}))).get(0);
    return scores.sum();
  }

  @Test
  void aLongDocumentLosesItsEnd() throws IOException {
    try (Tokenizer tokenizer = Tokenizer.load(languageModel())) {
      int[] whole = new ChoicePrompt(tokenizer, 512).of("red", "cat", "dog ".repeat(20));
      int[] cut =
          new ChoicePrompt(tokenizer, whole.length - 15).of("red", "cat", "dog ".repeat(20));
      assertThat(cut).hasSize(whole.length - 15);
      assertThat(cut[cut.length - 1]).isEqualTo(whole[whole.length - 1]);
    }
  }

  @Test
  void aLanguageModelWithoutYesAndNoIsRefused() throws IOException {
    Path model = SmallModel.write(folder.resolve("small"));
    refuses(
        IllegalArgumentException.class, () -> load(model), "expected a tokenizer with the token");
  }
}
