package io.adapt4j.eval.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** chrF agrees with sacrebleu 2.6.0. */
class ChrfTest {
  private static final Offset<Double> EQUAL = within(1e-6);

  static Stream<String> variants() throws IOException {
    List<String> names = new ArrayList<>();
    Golden.read("sacrebleu.json").get("chrf").fieldNames().forEachRemaining(names::add);
    return names.stream();
  }

  @ParameterizedTest
  @MethodSource("variants")
  void corpusAndSentencesScoreAsInSacrebleu(String name) throws IOException {
    JsonNode golden = Golden.read("sacrebleu.json");
    JsonNode expected = golden.get("chrf").get(name);
    List<String> said = Golden.texts(golden.get("hypotheses"));
    List<String> first = Golden.texts(golden.get("references").get(0));
    List<String> second = Golden.texts(golden.get("references").get(1));
    double[] sentences = Golden.numbers(expected.get("sentences"));
    ChrfOptions options = options(expected.get("args"));
    Chrf chrf = new Chrf(options);
    Chrf two = new Chrf(options);
    for (int i = 0; i < said.size(); i++) {
      chrf.add(said.get(i), first.get(i));
      two.add(said.get(i), List.of(first.get(i), second.get(i)));
      assertThat(Chrf.sentence(options, said.get(i), List.of(first.get(i))))
          .as("row %d", i)
          .isCloseTo(sentences[i], EQUAL);
    }
    assertThat(chrf.score()).isCloseTo(expected.get("corpus").asDouble(), EQUAL);
    assertThat(two.score()).isCloseTo(expected.get("corpus_two_references").asDouble(), EQUAL);
  }

  @Test
  void theSignatureNamesWhatChangesTheScore() {
    Chrf chrf = new Chrf(ChrfOptions.CHRF_PLUS_PLUS);
    chrf.add("a", "b");
    assertThat(chrf.signature())
        .isEqualTo("nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|version:2.6.0");
  }

  @Test
  void partsCountedApartMergeToTheWhole() {
    Chrf whole = new Chrf();
    Chrf left = new Chrf();
    Chrf right = new Chrf();
    for (int i = 0; i < 10; i++) {
      String said = "some words " + i * i;
      String wanted = "other words " + i;
      whole.add(said, wanted);
      (i < 3 ? left : right).add(said, wanted);
    }
    left.merge(right);
    assertThat(left.score()).isEqualTo(whole.score());
  }

  @Test
  void equalTextsScoreAHundredAndTheBestReferenceCounts() {
    assertThat(Chrf.sentence(ChrfOptions.CHRF, "equal texts", List.of("other", "equal texts")))
        .isCloseTo(100, EQUAL);
  }

  @Test
  void badRowsAreNamed() {
    Chrf chrf = new Chrf();
    assertThatThrownBy(() -> chrf.add("a", List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Row 1: there is no reference");
    assertThatThrownBy(chrf::score).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> new ChrfOptions(0, 0, 2, false, false, false))
        .hasMessageContaining("characterOrder from 1");
  }

  private static ChrfOptions options(JsonNode args) {
    return new ChrfOptions(
        args.path("char_order").asInt(6),
        args.path("word_order").asInt(0),
        args.path("beta").asDouble(2),
        args.path("lowercase").asBoolean(),
        args.path("whitespace").asBoolean(),
        args.path("eps_smoothing").asBoolean());
  }
}
