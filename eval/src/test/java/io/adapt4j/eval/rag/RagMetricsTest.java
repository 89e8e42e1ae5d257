package io.adapt4j.eval.rag;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.GeneratorException;
import io.adapt4j.core.text.TextGenerator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Answers from passages, judged by scripted judges and embeddings of letters. */
class RagMetricsTest {
  private static final Offset<Double> EQUAL = within(1e-6);
  private static final List<String> PASSAGES =
      List.of("Einstein was born in Ulm.", "He won the Nobel Prize.");

  /** Lists two statements, and supports what stands in the text. */
  private static final TextGenerator JUDGE =
      TextGenerator.of(
          "judge",
          prompt -> {
            if (prompt.contains("List every statement")) {
              return """
              <think>Let me see.
              No.</think>
              1. Einstein was born in Ulm.

              - Einstein lived in Rome.
              """;
            }
            String statement =
                prompt.substring(prompt.indexOf("Statement:") + 11).lines().toList().get(0);
            return prompt.substring(0, prompt.indexOf("Statement:")).contains(statement)
                ? "**Yes**, it does."
                : "No.";
          });

  @Test
  void faithfulnessIsTheShareOfSupportedStatements() {
    Faithfulness faithfulness = new Faithfulness(JUDGE);
    List<Faithfulness.Verdict> verdicts =
        faithfulness.add("Where?", "Born in Ulm, lived in Rome.", PASSAGES);
    assertThat(verdicts)
        .containsExactly(
            new Faithfulness.Verdict("Einstein was born in Ulm.", Optional.of(true)),
            new Faithfulness.Verdict("Einstein lived in Rome.", Optional.of(false)));
    assertThat(faithfulness.score()).hasValue(0.5);
  }

  @Test
  void answersThatStateNothingAreLeftOutAndCounted() {
    Faithfulness faithfulness = new Faithfulness(JUDGE);
    assertThat(faithfulness.add("Where?", " ", PASSAGES)).isEmpty();
    assertThat(faithfulness.score()).isEmpty();
    assertThat(faithfulness.silent()).isEqualTo(1);
  }

  @Test
  void aJudgeWhoSaysNeitherYesNorNoSupportsNothingAndIsCounted() {
    Faithfulness faithfulness =
        new Faithfulness(TextGenerator.of("vague", prompt -> "Notably, it depends."));
    faithfulness.add("Where?", "Ulm.", PASSAGES);
    assertThat(faithfulness.score()).hasValue(0);
    assertThat(faithfulness.unclear()).isEqualTo(1);
  }

  @Test
  void partsCountedApartMergeToTheWhole() {
    Faithfulness left = new Faithfulness(JUDGE);
    Faithfulness right = new Faithfulness(JUDGE);
    left.add("Where?", "Ulm and Rome.", PASSAGES);
    right.add(
        "Where?", "Ulm and Rome.", List.of("Einstein lived in Rome. Einstein was born in Ulm."));
    left.merge(right);
    assertThat(left.score()).hasValue(0.75);
  }

  @Test
  void relevanceIsTheMeanCosineOfTheQuestionsWrittenForTheAnswer() {
    List<Long> seeds = new ArrayList<>();
    TextGenerator judge =
        (messages, options) -> {
          seeds.add(options.seed());
          return GeneratedText.of(options.seed() == 5 ? "aab" : "cc");
        };
    GenerationOptions options = GenerationOptions.defaults().toBuilder().seed(5).build();
    AnswerRelevance relevance = new AnswerRelevance(judge, options, RagMetricsTest::letters, 2);
    assertThat(relevance.add("aab", "an answer")).isCloseTo(0.5, EQUAL);
    assertThat(seeds).containsExactly(5L, 6L);
    assertThat(relevance.add("aab", "")).isZero();
    assertThat(relevance.score()).isCloseTo(0.25, EQUAL);
  }

  @Test
  void groundingLooksForTheNearestSentenceOfThePassages() {
    EmbeddingGrounding grounding = new EmbeddingGrounding(RagMetricsTest::letters);
    assertThat(grounding.add("Ab. Cc.", List.of("Xyz. Ba.", "Ccc."))).isCloseTo(1, EQUAL);
    assertThat(grounding.add("Ab.", List.of("Cd."))).isZero();
    assertThat(grounding.score()).isCloseTo(0.5, EQUAL);
  }

  @Test
  void aRowWhoseJudgeFailsIsNotCounted() {
    AnswerRelevance relevance =
        new AnswerRelevance(
            (messages, options) -> {
              throw new GeneratorException("gone");
            },
            RagMetricsTest::letters);
    assertThatThrownBy(() -> relevance.add("a", "b")).isInstanceOf(GeneratorException.class);
    assertThatThrownBy(relevance::score).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void badRowsAreNamed() {
    assertThatThrownBy(() -> new Faithfulness(JUDGE).add("q", "a", List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Row 1: there is no passage");
    assertThatThrownBy(() -> new AnswerRelevance(JUDGE, RagMetricsTest::letters).add(" ", "a"))
        .hasMessageContaining("Row 1: the question is blank");
    EmbeddingGrounding grounding = new EmbeddingGrounding(RagMetricsTest::letters);
    assertThatThrownBy(() -> grounding.add("", PASSAGES)).hasMessageContaining("Row 1");
    assertThatThrownBy(
            () ->
                new EmbeddingGrounding(t -> List.of(new float[1], new float[1])).add("a", PASSAGES))
        .hasMessageContaining("check the embedder");
  }

  /** How often each letter stands in a text. */
  private static List<float[]> letters(List<String> texts) {
    List<float[]> vectors = new ArrayList<>();
    for (String text : texts) {
      float[] vector = new float[26];
      text.toLowerCase(Locale.ROOT)
          .chars()
          .filter(Character::isLetter)
          .forEach(c -> vector[c - 'a']++);
      vectors.add(vector);
    }
    return vectors;
  }
}
