package io.adapt4j.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.Resources;
import io.adapt4j.gguf.format.TensorType;
import io.adapt4j.gguf.internal.write.TypeMix;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which matrices of a file have which type, as in files of llama.cpp's quantizer. */
class TypeMixturesTest {

  private static final Pattern RUN = Pattern.compile("(\\d+)x(\\w+)");

  static Stream<String> files() {
    return Resources.text(TypeMixturesTest.class, "type-mixtures.txt")
        .lines()
        .filter(line -> !line.startsWith("#"));
  }

  /** A line: layers, heads by key-value heads, experts, file type, and types of kinds of matrix. */
  @ParameterizedTest
  @MethodSource("files")
  void matricesHaveTheTypesOfTheOfficialQuantizer(String line) {
    List<String> words = List.of(line.split(" ", -1));
    boolean falcon = words.get(0).equals("falcon");
    int layers = Integer.parseInt(words.get(1));
    GgufQuantization type = GgufQuantization.valueOf(words.get(4));
    for (String kind : words.subList(5, words.size())) {
      List<String> parts = List.of(kind.split("[:=]", -1));
      TypeMix mix =
          new TypeMix(
              new TypeMix.Model(
                  type.base(),
                  type.mixture(),
                  layers,
                  layers,
                  Integer.parseInt(words.get(2)),
                  falcon,
                  false,
                  false,
                  Long.parseLong(words.get(3)),
                  falcon));
      List<TensorType> expected = new ArrayList<>();
      for (MatchResult run : RUN.matcher(parts.get(2)).results().toList()) {
        for (int i = 0; i < Integer.parseInt(run.group(1)); i++) {
          expected.add(TensorType.valueOf(run.group(2)));
        }
      }
      List<TensorType> found = new ArrayList<>();
      for (int layer = 0; layer < expected.size(); layer++) {
        String name = expected.size() == 1 ? parts.get(0) : "blk." + layer + "." + parts.get(0);
        found.add(mix.next(name + ".weight", List.of(Long.valueOf(parts.get(1)), 256L)));
      }
      assertThat(found).as(kind).isEqualTo(expected);
    }
  }
}
