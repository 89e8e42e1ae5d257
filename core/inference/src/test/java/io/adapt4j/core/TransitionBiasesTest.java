package io.adapt4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.adapt4j.core.TokenClassifier.TransitionBiases;
import io.adapt4j.core.exception.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files of operating points in the format of OpenAI's privacy filter. */
class TransitionBiasesTest {

  private static final String FILE =
      """
      {"operating_points": {"default": {"biases": {
         "transition_bias_background_stay": 0.0, "transition_bias_background_to_start": 0,
         "transition_bias_inside_to_continue": 0.0, "transition_bias_inside_to_end": 0.0,
         "transition_bias_end_to_background": 0.0, "transition_bias_end_to_start": 0.0}},
       "recall": {"biases": {
         "transition_bias_background_stay": -1.5, "transition_bias_background_to_start": 2,
         "transition_bias_inside_to_continue": 0.25, "transition_bias_inside_to_end": 0.5,
         "transition_bias_end_to_background": 3.0, "transition_bias_end_to_start": 4.0}}}}
      """;

  @TempDir private Path folder;

  private TransitionBiases read(String json, String point) throws IOException {
    Path file = Files.writeString(folder.resolve("viterbi_calibration.json"), json);
    return TransitionBiases.read(file, point);
  }

  @Test
  void anOperatingPointIsReadByItsName() throws Exception {
    assertThat(read(FILE, "default")).isEqualTo(TransitionBiases.NONE);
    assertThat(read(FILE, "recall")).isEqualTo(new TransitionBiases(-1.5, 2, 0.25, 0.5, 3, 4));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "recall"                    | "default2"   | recall
          "transition_bias_end_to_start": 4.0 | "x": 1 | x
          , "transition_bias_end_to_start": 4.0 | '' | transition_bias_end_to_start
          -1.5                        | "low"        | transition_bias_background_stay
          "operating_points"          | "points"     | points
          """)
  void whatTheFileLacksOrThisBuildDoesNotKnowIsNamed(String from, String to, String named) {
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> read(FILE.replace(from, to), "recall"))
        .withMessageContaining("viterbi_calibration.json")
        .withMessageContaining(named);
  }

  @Test
  void biasesAreFinite() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TransitionBiases(0, Double.NaN, 0, 0, 0, 0));
  }
}
