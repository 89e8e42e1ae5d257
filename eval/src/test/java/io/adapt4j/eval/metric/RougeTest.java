package io.adapt4j.eval.metric;

import static io.adapt4j.core.Refusals.refuses;
import static io.adapt4j.core.Words.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.eval.internal.metric.text.PorterStemmer;
import io.adapt4j.eval.internal.metric.text.RougeType;
import java.io.IOException;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** ROUGE agrees with rouge_score, with and without NLTK's stemmer. */
class RougeTest {
  private static final Offset<Double> EQUAL = within(1e-9);
  private static final Map<String, RougeType> TYPES =
      Map.of(
          "rouge1", RougeType.ROUGE_1,
          "rouge2", RougeType.ROUGE_2,
          "rouge3", RougeType.ROUGE_3,
          "rougeL", RougeType.ROUGE_L,
          "rougeLsum", RougeType.ROUGE_LSUM);

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void textsScoreAsInRougeScore(boolean stemmed) throws IOException {
    for (JsonNode row : Golden.read("rouge.json").get("cases")) {
      String target = row.get("target").asText();
      Map<RougeType, F1Score> given =
          new Rouge(stemmed).add(row.get("prediction").asText(), target);
      JsonNode expected = row.get(stemmed ? "stemmed" : "plain");
      assertThat(expected.size()).isEqualTo(TYPES.size());
      TYPES.forEach(
          (name, type) -> {
            JsonNode wanted = expected.get(name);
            F1Score score = given.get(type);
            String as = name + " of " + target;
            assertThat(score.precision())
                .as(as)
                .isCloseTo(wanted.get("precision").asDouble(), EQUAL);
            assertThat(score.recall()).as(as).isCloseTo(wanted.get("recall").asDouble(), EQUAL);
            assertThat(score.f1()).as(as).isCloseTo(wanted.get("fmeasure").asDouble(), EQUAL);
          });
    }
  }

  /** The examples of Porter's paper, and words that NLTK treats otherwise. */
  static Stream<Arguments> stems() {
    return Stream.of(
            words(
                "caresses,caress ponies,poni ties,tie cats,cat feed,feed agreed,agre",
                "plastered,plaster bled,bled motoring,motor sing,sing conflated,conflat",
                "troubled,troubl sized,size hopping,hop tanned,tan falling,fall hissing,hiss",
                "fizzed,fizz failing,fail filing,file happy,happi enjoy,enjoy relational,relat",
                "conditional,condit rational,ration valenci,valenc hesitanci,hesit digitizer,digit",
                "radicalli,radic differentli,differ vileli,vile analogousli,analog",
                "vietnamization,vietnam predication,predic operator,oper feudalism,feudal",
                "decisiveness,decis hopefulness,hope callousness,callous formaliti,formal",
                "sensitiviti,sensit sensibiliti,sensibl triplicate,triplic formative,form",
                "formalize,formal electriciti,electr electrical,electr hopeful,hope goodness,good",
                "revival,reviv allowance,allow inference,infer airliner,airlin gyroscopic,gyroscop",
                "adjustable,adjust defensible,defens irritant,irrit replacement,replac",
                "adjustment,adjust dependent,depend adoption,adopt homologou,homolog communism,commun",
                "activate,activ angulariti,angular homologous,homolog effective,effect",
                "bowdlerize,bowdler probate,probat rate,rate cease,ceas controll,control roll,roll",
                "dying,die skies,sky died,die spied,spi cries,cri say,say geologi,geolog"))
        .map(pair -> Arguments.of((Object[]) pair.split(",")));
  }

  @ParameterizedTest
  @MethodSource("stems")
  void wordsHaveTheStemsOfPortersPaper(String word, String stem) {
    assertThat(PorterStemmer.stem(word)).isEqualTo(stem);
  }

  @Test
  void swappingTheTextsSwapsPrecisionAndRecall() {
    String some = "the cat sat on the mat\nand slept";
    String other = "a cat slept on a mat";
    Map<RougeType, F1Score> map = new Rouge().add(some, other);
    Map<RougeType, F1Score> back = new Rouge().add(other, some);
    for (RougeType type : new RougeType[] {RougeType.ROUGE_1, RougeType.ROUGE_L}) {
      assertThat(map.get(type).precision()).isEqualTo(back.get(type).recall());
      assertThat(map.get(type).f1()).isEqualTo(back.get(type).f1());
    }
  }

  @Test
  void aCorpusHasTheMeanOfItsRowsHoweverItIsParted() {
    Rouge left = new Rouge();
    left.add("a b c", "a b c");
    Rouge right = new Rouge();
    right.add("x", "y");
    left.merge(right);
    assertThat(left.score(RougeType.ROUGE_L)).isEqualTo(new F1Score(0.5, 0.5, 0.5));
  }

  @Test
  void badRowsAreNamed() {
    assertThatThrownBy(() -> new Rouge().add(null, "a"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Row 1: the prediction is null");
    refuses(IllegalStateException.class, () -> new Rouge().score(RougeType.ROUGE_1));
    assertThatThrownBy(() -> new Rouge().merge(new Rouge(true)))
        .hasMessageContaining("different settings");
  }
}
