package io.adapt4j.eval.metric;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** BLEU agrees with sacrebleu 2.6.0. */
class BleuTest {
  private static final Offset<Double> EQUAL = within(1e-6);

  private static JsonNode golden;
  private static List<String> hypotheses;
  private static List<List<String>> references;

  @BeforeAll
  static void read() throws IOException {
    golden = Golden.read("sacrebleu.json");
    hypotheses = Golden.texts(golden.get("hypotheses"));
    references = new ArrayList<>();
    golden.get("references").forEach(stream -> references.add(Golden.texts(stream)));
  }

  static Stream<String> corpora() throws IOException {
    List<String> names = new ArrayList<>();
    Golden.read("sacrebleu.json").get("bleu_corpus").fieldNames().forEachRemaining(names::add);
    return names.stream();
  }

  static Stream<String> sentences() throws IOException {
    List<String> names = new ArrayList<>();
    Golden.read("sacrebleu.json")
        .get("bleu_sentence_effective_order")
        .fieldNames()
        .forEachRemaining(names::add);
    return names.stream();
  }

  @ParameterizedTest
  @MethodSource("corpora")
  void aCorpusScoresAsInSacrebleu(String name) {
    JsonNode expected = golden.get("bleu_corpus").get(name);
    BleuOptions options = options(expected.get("args"));
    assertScore(corpus(options, 1).score(), expected.get("single_reference"));
    Bleu two = corpus(options, 2);
    assertScore(two.score(), expected.get("two_references"));
    assertThat(two.signature()).isEqualTo(expected.get("signature").asText());
  }

  @ParameterizedTest
  @MethodSource("sentences")
  void aSentenceScoresAsInSacrebleu(String name) {
    JsonNode rows = golden.get("bleu_sentence_effective_order").get(name);
    BleuOptions options = BleuOptions.DEFAULT.withSmoothing(name).withEffectiveOrder();
    for (int i = 0; i < hypotheses.size(); i++) {
      assertScore(Bleu.sentence(options, hypotheses.get(i), first(i)), rows.get(i));
    }
  }

  @Test
  void withoutEffectiveOrderShortSentencesScoreZero() {
    double[] expected = Golden.numbers(golden.get("bleu_sentence_exp_no_effective_order"));
    for (int i = 0; i < expected.length; i++) {
      double score = Bleu.sentence(BleuOptions.DEFAULT, hypotheses.get(i), first(i)).score();
      assertThat(score).as("row %d", i).isCloseTo(expected[i], EQUAL);
    }
  }

  @Test
  void textsAreCutIntoWordsAs13aDoes() {
    List<String> expected = Golden.texts(golden.get("tokenized_13a"));
    for (int i = 0; i < expected.size(); i++) {
      assertThat(BleuOptions.DEFAULT.tokenize(hypotheses.get(i))).isEqualTo(expected.get(i));
    }
  }

  @Test
  void partsCountedApartMergeToTheWhole() {
    Bleu whole = corpus(BleuOptions.DEFAULT, 2);
    Bleu merged = part(0, 10);
    merged.merge(part(10, hypotheses.size()));
    assertThat(merged.score()).isEqualTo(whole.score());
    assertThat(merged.signature()).isEqualTo(whole.signature());
  }

  @Test
  void theOrderOfRowsDoesNotMatter() {
    Bleu backwards = new Bleu();
    for (int i = hypotheses.size() - 1; i >= 0; i--) {
      backwards.add(hypotheses.get(i), references(i, 2));
    }
    assertThat(backwards.score()).isEqualTo(corpus(BleuOptions.DEFAULT, 2).score());
  }

  @Test
  void rowsWithDifferentNumbersOfReferencesShowInTheSignature() {
    Bleu bleu = new Bleu();
    bleu.add("a b", "a b");
    bleu.add("a b", List.of("a b", "b a"));
    assertThat(bleu.signature()).startsWith("nrefs:var|");
  }

  @Test
  void badRowsAreNamed() {
    Bleu bleu = new Bleu();
    bleu.add("a", "a");
    assertThatThrownBy(() -> bleu.add("a", List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Row 2: there is no reference");
    refuses(
        IllegalArgumentException.class, () -> bleu.add(null, "a"), "Row 2: the hypothesis is null");
    assertThatThrownBy(() -> bleu.add("a", Collections.singletonList(null)))
        .hasMessageContaining("Row 2: a reference is null");
    refuses(IllegalStateException.class, () -> new Bleu().score(), "no rows");
    assertThatThrownBy(() -> bleu.merge(new Bleu(BleuOptions.DEFAULT.ignoringCase())))
        .hasMessageContaining("different settings");
  }

  private static Bleu corpus(BleuOptions options, int count) {
    Bleu bleu = new Bleu(options);
    for (int i = 0; i < hypotheses.size(); i++) {
      bleu.add(hypotheses.get(i), references(i, count));
    }
    return bleu;
  }

  private static Bleu part(int from, int to) {
    Bleu bleu = new Bleu();
    for (int i = from; i < to; i++) {
      bleu.add(hypotheses.get(i), references(i, 2));
    }
    return bleu;
  }

  private static List<String> first(int row) {
    return references(row, 1);
  }

  private static List<String> references(int row, int count) {
    return references.stream().limit(count).map(stream -> stream.get(row)).toList();
  }

  private static BleuOptions options(JsonNode args) {
    String smoothing = args.path("smooth_method").asText("exp");
    BleuOptions options =
        BleuOptions.DEFAULT
            .withTokenizer(args.path("tokenize").asText("13a"))
            .withSmoothing(smoothing)
            .withMaxOrder(args.path("max_ngram_order").asInt(4));
    if (args.has("smooth_value")) {
      options = options.withSmoothing(smoothing, args.path("smooth_value").asDouble());
    }
    options = args.path("effective_order").asBoolean() ? options.withEffectiveOrder() : options;
    return args.path("lowercase").asBoolean() ? options.ignoringCase() : options;
  }

  private static void assertScore(BleuScore score, JsonNode expected) {
    assertThat(score.score()).isCloseTo(expected.get("score").asDouble(), EQUAL);
    assertThat(score.brevityPenalty()).isCloseTo(expected.get("bp").asDouble(), EQUAL);
    assertThat(score.length()).isEqualTo(expected.get("sys_len").asLong());
    assertThat(score.referenceLength()).isEqualTo(expected.get("ref_len").asLong());
    assertNumbers(score.counts(), expected.get("counts"));
    assertNumbers(score.totals(), expected.get("totals"));
    assertNumbers(score.precisions(), expected.get("precisions"));
  }

  private static void assertNumbers(List<Double> given, JsonNode expected) {
    double[] wanted = Golden.numbers(expected);
    assertThat(given).hasSize(wanted.length);
    for (int i = 0; i < wanted.length; i++) {
      assertThat(given.get(i))
          .as("%s of %s", i, Arrays.toString(wanted))
          .isCloseTo(wanted[i], EQUAL);
    }
  }
}
