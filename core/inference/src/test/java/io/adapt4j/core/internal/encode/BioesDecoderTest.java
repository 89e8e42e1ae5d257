package io.adapt4j.core.internal.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The best path is the best of all valid ones, tried one by one. */
class BioesDecoderTest {

  /** In no particular order. */
  private static final List<String> LABELS =
      List.of("I-who", "O", "E-who", "B-when", "S-who", "B-who", "E-when", "S-when", "I-when");

  private static BioesDecoder decoder(BioesBiases biases) {
    return BioesDecoder.of(LABELS, biases).orElseThrow();
  }

  @Test
  void theBestPathIsTheBestOfAllValidPaths() {
    SplittableRandom random = new SplittableRandom(7);
    for (int round = 0; round < 60; round++) {
      double size = round % 3 == 0 ? 0 : 2;
      double[] biases = random.doubles(6, -1, 1).map(bias -> bias * size).toArray();
      BioesDecoder decoder =
          decoder(
              new BioesBiases(biases[0], biases[1], biases[2], biases[3], biases[4], biases[5]));
      List<double[]> tokens = tokens(random, 1 + round % 5);
      double best =
          valid(tokens.size()).stream()
              .mapToDouble(path -> score(path, tokens, biases))
              .max()
              .orElseThrow();
      int[] found = decoder.decode(tokens);
      List<String> named = Arrays.stream(found).mapToObj(LABELS::get).toList();
      assertThat(isValid(named)).as("%s", named).isTrue();
      assertThat(score(named, tokens, biases)).isCloseTo(best, within(1e-9));
    }
  }

  private static List<double[]> tokens(SplittableRandom random, int count) {
    List<double[]> tokens = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      double[] weights = random.doubles(LABELS.size(), -4, 4).map(Math::exp).toArray();
      double sum = Arrays.stream(weights).sum();
      tokens.add(Arrays.stream(weights).map(weight -> weight / sum).toArray());
    }
    return tokens;
  }

  /** All valid paths of a length, by filtering all paths. */
  private static List<List<String>> valid(int length) {
    List<List<String>> paths = List.of(List.of());
    for (int i = 0; i < length; i++) {
      List<List<String>> longer = new ArrayList<>();
      for (List<String> path : paths) {
        for (String label : LABELS) {
          List<String> next = new ArrayList<>(path);
          next.add(label);
          longer.add(next);
        }
      }
      paths = longer;
    }
    return paths.stream().filter(BioesDecoderTest::isValid).toList();
  }

  /** Whether a path is spelled by the grammar of spans: (O | S-x | B-x (I-x)* E-x)*. */
  private static boolean isValid(List<String> path) {
    return String.join(" ", path)
        .concat(" ")
        .matches("((O|S-\\w+|B-who( I-who)* E-who|B-when( I-when)* E-when) )*");
  }

  private static double score(List<String> path, List<double[]> tokens, double... biases) {
    double sum = 0;
    for (int i = 0; i < path.size(); i++) {
      sum += Math.log(tokens.get(i)[LABELS.indexOf(path.get(i))]);
      sum += i == 0 ? 0 : bias(path.get(i - 1).charAt(0), path.get(i).charAt(0), biases);
    }
    return sum;
  }

  private static double bias(char from, char to, double... biases) {
    return switch ("" + from + to) {
      case "OO" -> biases[0];
      case "OB", "OS" -> biases[1];
      case "BI", "II" -> biases[2];
      case "BE", "IE" -> biases[3];
      case "EO", "SO" -> biases[4];
      default -> biases[5];
    };
  }

  @Test
  void aTagThatNeedsAnotherIsNotFoundAlone() {
    // The last token is most probably the end of a span, which no token begins.
    List<double[]> tokens =
        List.of(probabilities("O", 0.9, "B-who", 0.01), probabilities("E-who", 0.7, "O", 0.2));
    assertThat(decoder(BioesBiases.NONE).decode(tokens))
        .containsExactly(LABELS.indexOf("O"), LABELS.indexOf("O"));
    BioesBiases eager = new BioesBiases(0, 0, 0, 5, 0, 0);
    assertThat(decoder(eager).decode(tokens))
        .containsExactly(LABELS.indexOf("B-who"), LABELS.indexOf("E-who"));
  }

  private static double[] probabilities(String first, double one, String second, double two) {
    double[] all = new double[LABELS.size()];
    Arrays.fill(all, (1 - one - two) / (LABELS.size() - 2));
    all[LABELS.indexOf(first)] = one;
    all[LABELS.indexOf(second)] = two;
    return all;
  }

  @Test
  void aPathConsistsOfSpans() {
    int[] path =
        IntStream.of(5, 0, 2, 7, 1, 3, 6).toArray(); // B-who I-who E-who S-when O B-when E-when
    assertThat(decoder(BioesBiases.NONE).spans(path))
        .containsExactly(
            new BioesDecoder.Span("who", 0, 3),
            new BioesDecoder.Span("when", 3, 4),
            new BioesDecoder.Span("when", 5, 7));
  }

  @Test
  void aTextWithoutTokensHasNoPath() {
    assertThat(decoder(BioesBiases.NONE).decode(List.of())).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "O", "O B-a I-a", "O B-a I-a E-a", "B-a I-a E-a S-a", "O O B-a I-a E-a S-a"})
  void otherLabelsAreNotDecoded(String labels) {
    assertThat(BioesDecoder.of(List.of(labels.split(" ")), BioesBiases.NONE)).isEmpty();
  }
}
